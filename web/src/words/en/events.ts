export const events = {
  "nav.events": "Events",
  "events.send": "Send an event",
} as const;
