import type { keys as english } from "../en/keys.ts";

export const keys: Readonly<Record<keyof typeof english, string>> = {
  "nav.keys": "Schlüssel",
};
