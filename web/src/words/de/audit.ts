import type { audit as english } from "../en/audit.ts";

export const audit: Readonly<Record<keyof typeof english, string>> = {
  "nav.audit": "Protokoll",
};
