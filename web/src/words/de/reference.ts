import type { reference as english } from "../en/reference.ts";

export const reference: Readonly<Record<keyof typeof english, string>> = {
  "nav.reference": "API-Referenz",
  "reference.download": "OpenAPI-Dokument",
  "reference.search": "Ein Vorgang, ein Pfad oder ein Wort",
  "reference.parameters": "Parameter",
  "reference.name": "Name",
  "reference.in": "Ort",
  "reference.type": "Typ und Bedeutung",
  "reference.required": "nötig",
  "reference.body": "Inhalt",
  "reference.members": "Felder",
  "reference.answers": "Antworten",
  "reference.example": "Beispiel",
};
