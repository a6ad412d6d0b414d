export const system = {
  "nav.system": "System",
} as const;
