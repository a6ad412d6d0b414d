import type { settings as english } from "../en/settings.ts";

export const settings: Readonly<Record<keyof typeof english, string>> = {
  "nav.settings": "Einstellungen",
};
