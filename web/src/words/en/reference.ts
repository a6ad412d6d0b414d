export const reference = {
  "nav.reference": "API reference",
  "reference.download": "OpenAPI document",
  "reference.search": "An operation, a path, or a word",
  "reference.parameters": "Parameters",
  "reference.name": "Name",
  "reference.in": "In",
  "reference.type": "Type and meaning",
  "reference.required": "required",
  "reference.body": "Body",
  "reference.members": "Members",
  "reference.answers": "Answers",
  "reference.example": "Example",
} as const;
