export const audit = {
  "nav.audit": "Audit",
  "audit.why":
    "Who changed what, in the page and by the API. It holds names, and no value that was sent.",
  "audit.none": "Nothing was changed yet",
  "audit.none.why": "Whatever is changed from now on is written down here, with who did it.",
  "audit.when": "When",
  "audit.actor": "Who",
  "audit.actor.hint": "Name of an account or key",
  "audit.action": "Operation",
  "audit.subject": "On what",
  "audit.changed": "What was given",
  "audit.address": "Address",
  "audit.refused": "refused",
  "audit.kind.account": "account",
  "audit.kind.key": "key",
  "audit.kind.local": "on the machine",
  "audit.kind.daemon": "daemon",
} as const;
