export const events = {
  "nav.events": "Events",
} as const;
