export const keys = {
  "nav.keys": "Keys",
} as const;
