export const recover = {
  "nav.recover": "Recover",
} as const;
