import type { endpoints as english } from "../en/endpoints.ts";

export const endpoints: Readonly<Record<keyof typeof english, string>> = {
  "nav.endpoints": "Empfänger",
};
