export const deliveries = {
  "nav.deliveries": "Deliveries",
} as const;
