import type { audit as english } from "../en/audit.ts";

export const audit: Readonly<Record<keyof typeof english, string>> = {
  "nav.audit": "Protokoll",
  "audit.why":
    "Wer was geändert hat, auf der Seite und über die API. Es enthält Namen, aber keine gesendeten Werte.",
  "audit.none": "Noch wurde nichts geändert",
  "audit.none.why": "Was von nun an geändert wird, steht hier, mit dem, der es tat.",
  "audit.when": "Wann",
  "audit.actor": "Wer",
  "audit.actor.hint": "Name, auch von Schlüsseln",
  "audit.action": "Vorgang",
  "audit.subject": "Woran",
  "audit.changed": "Was angegeben wurde",
  "audit.address": "Adresse",
  "audit.refused": "abgelehnt",
  "audit.kind.account": "Konto",
  "audit.kind.key": "Schlüssel",
  "audit.kind.local": "an der Maschine",
  "audit.kind.daemon": "Dienst",
};
