import type { system as english } from "../en/system.ts";

export const system: Readonly<Record<keyof typeof english, string>> = {
  "nav.system": "System",
};
