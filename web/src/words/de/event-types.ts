import type { eventTypes as english } from "../en/event-types.ts";

export const eventTypes: Readonly<Record<keyof typeof english, string>> = {
  "nav.event-types": "Ereignistypen",
  "types.why":
    "Auch Ereignisse unbekannter Typen werden angenommen. Mit einem Schema prüft der Dienst die Daten.",
  "types.none": "Noch kein Ereignistyp ist beschrieben",
  "types.none.why":
    "Sie werden angenommen, wie sie kommen. Beschreibe einen, um ihn zu erklären oder seine Daten prüfen zu lassen.",
  "types.name": "Name",
  "types.description": "Beschreibung",
  "types.schema": "Schema",
  "types.schema.none": "keines",
  "types.schema.none.why": "Es gibt keines: Beliebige Daten werden angenommen.",
  "types.schema.checked": "Geprüft",
  "types.schema.label": "JSON-Schema (Entwurf 2020-12)",
  "types.schema.hint":
    "Was Daten neuer Ereignisse erfüllen müssen; alles andere wird abgelehnt, mit allen Fehlern. Leer für keines.",
  "types.schema.example": "Mit einem Beispiel beginnen",
  "types.made": "Erstellt",
  "types.updated": "Geändert",
  "types.make": "Typ beschreiben",
  "types.make.do": "Anlegen",
  "types.saved": "Gespeichert.",
  "types.forget": "Vergessen",
  "types.forget.title": "{name} vergessen?",
  "types.forget.why":
    "Seine Ereignisse werden weiter angenommen, ohne Schema. Was gesendet wurde, bleibt, wie es ist.",
  "types.forgotten": "{name} ist vergessen.",
};
