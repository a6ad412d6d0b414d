export const endpoints = {
  "nav.endpoints": "Endpoints",
} as const;
