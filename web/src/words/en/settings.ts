export const settings = {
  "nav.settings": "Settings",
} as const;
