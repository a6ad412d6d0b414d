export const eventTypes = {
  "nav.event-types": "Event types",
  "types.why": "Events of unknown types are accepted, too. A schema makes the daemon check data.",
  "types.none": "No event type is written down",
  "types.none.why":
    "They are accepted as they come. Write one down to describe it, or to have its data checked.",
  "types.name": "Name",
  "types.description": "Description",
  "types.schema": "Schema",
  "types.schema.none": "none",
  "types.schema.none.why": "There is none: any data is accepted.",
  "types.schema.checked": "Checked",
  "types.schema.label": "JSON Schema (draft 2020-12)",
  "types.schema.hint":
    "What data of new events must satisfy; what does not is refused with every fault. Empty for none.",
  "types.schema.example": "Begin with an example",
  "types.made": "Made",
  "types.updated": "Changed",
  "types.make": "Write down a type",
  "types.make.do": "Write down",
  "types.saved": "Saved.",
  "types.forget": "Forget",
  "types.forget.title": "Forget {name}?",
  "types.forget.why":
    "Its events are accepted as before, without a schema. What was sent stays as it is.",
  "types.forgotten": "{name} is forgotten.",
} as const;
