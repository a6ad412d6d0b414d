export const overview = {
  "nav.overview": "Overview",
} as const;
