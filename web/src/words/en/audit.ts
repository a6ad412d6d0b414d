export const audit = {
  "nav.audit": "Audit",
} as const;
