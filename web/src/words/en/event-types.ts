export const eventTypes = {
  "nav.event-types": "Event types",
} as const;
