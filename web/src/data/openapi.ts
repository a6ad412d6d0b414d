/** What the page reads of the served OpenAPI document; the rest of it is for other programs. */
export interface OpenApi {
  readonly info: { readonly version: string; readonly description?: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationDoc>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, SchemaDoc>> };
}

interface OperationDoc {
  readonly operationId: string;
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly description?: string;
  readonly security?: readonly unknown[];
  readonly parameters?: readonly ParameterDoc[];
  readonly requestBody?: { readonly content: Readonly<Record<string, ContentDoc>> };
  readonly responses?: Readonly<Record<string, ResponseDoc>>;
}

export interface ParameterDoc {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: SchemaDoc;
}

export interface ContentDoc {
  readonly schema?: SchemaDoc;
  readonly example?: unknown;
}

export interface ResponseDoc {
  readonly description: string;
  readonly content?: Readonly<Record<string, ContentDoc>>;
}

export interface SchemaDoc {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, SchemaDoc>>;
  readonly required?: readonly string[];
  readonly items?: SchemaDoc;
  readonly anyOf?: readonly SchemaDoc[];
  readonly oneOf?: readonly SchemaDoc[];
  readonly additionalProperties?: SchemaDoc | boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
}

/** One operation, with where it is. */
export interface Operation extends OperationDoc {
  readonly method: string;
  readonly path: string;
  readonly tag: string;
}

/** Every operation of the document, in its order. */
export function operationsOf({ paths }: OpenApi): readonly Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...operation,
      method: method.toUpperCase(),
      path,
      tag: operation.tags?.[0] ?? "",
    })),
  );
}

/** The schema that a reference stands for; itself where it is none. */
export function resolved(document: OpenApi, schema: SchemaDoc): SchemaDoc {
  const name = /^#\/components\/schemas\/(.+)$/.exec(schema.$ref ?? "")?.[1];
  if (name === undefined) return schema;
  const target = document.components?.schemas?.[name];
  return target === undefined ? schema : { ...target, ...described(schema) };
}

function described({ description }: SchemaDoc): Pick<SchemaDoc, "description"> {
  return description === undefined ? {} : { description };
}

/** A schema's type in a few words: `string · date-time`, `array of Delivery`, `"all" | "transient"`. */
export function typeWords(document: OpenApi, given: SchemaDoc): string {
  const schema = resolved(document, given);
  if (schema.enum !== undefined) return schema.enum.map((each) => JSON.stringify(each)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) {
    return [...new Set(choices.map((each) => typeWords(document, each)))].join(" | ");
  }
  const type = typeof schema.type === "string" ? schema.type : (schema.type ?? []).join(" | ");
  if (type === "array" && schema.items !== undefined)
    return `${typeWords(document, schema.items)}[]`;
  return [type || "any", schema.format].filter(Boolean).join(" · ");
}

/** A schema's members, through lists and choices down to the first that has any. */
export function membersOf(document: OpenApi, given: SchemaDoc): SchemaDoc | null {
  const schema = resolved(document, given);
  if (schema.properties !== undefined) return schema;
  if (schema.items !== undefined) return membersOf(document, schema.items);
  for (const choice of schema.anyOf ?? schema.oneOf ?? []) {
    const members = membersOf(document, choice);
    if (members !== null) return members;
  }
  return null;
}

/** The bounds and the default of a value, for people. */
export function boundsOf(schema: SchemaDoc): readonly string[] {
  const { minimum, maximum, minLength, maxLength, maxItems } = schema;
  return [
    ...(minimum === undefined ? [] : [`≥ ${minimum}`]),
    ...(maximum === undefined ? [] : [`≤ ${maximum}`]),
    ...(minLength === undefined || minLength < 1 ? [] : [`length ≥ ${minLength}`]),
    ...(maxLength === undefined ? [] : [`length ≤ ${maxLength}`]),
    ...(maxItems === undefined ? [] : [`items ≤ ${maxItems}`]),
    ...(schema.default === undefined ? [] : [`default ${JSON.stringify(schema.default)}`]),
  ];
}
