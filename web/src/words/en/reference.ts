export const reference = {
  "nav.reference": "API reference",
} as const;
