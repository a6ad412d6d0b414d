import type { recover as english } from "../en/recover.ts";

export const recover: Readonly<Record<keyof typeof english, string>> = {
  "nav.recover": "Nachholen",
};
