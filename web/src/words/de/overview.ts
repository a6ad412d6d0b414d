import type { overview as english } from "../en/overview.ts";

export const overview: Readonly<Record<keyof typeof english, string>> = {
  "nav.overview": "Übersicht",
};
