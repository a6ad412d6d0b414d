import type { reference as english } from "../en/reference.ts";

export const reference: Readonly<Record<keyof typeof english, string>> = {
  "nav.reference": "API-Referenz",
};
