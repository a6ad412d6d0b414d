import type { eventTypes as english } from "../en/event-types.ts";

export const eventTypes: Readonly<Record<keyof typeof english, string>> = {
  "nav.event-types": "Ereignistypen",
};
