import type { deliveries as english } from "../en/deliveries.ts";

export const deliveries: Readonly<Record<keyof typeof english, string>> = {
  "nav.deliveries": "Zustellungen",
};
