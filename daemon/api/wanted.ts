/**
 * What a schema wants, in words: "a number from 1 to 10000". The words come from the same JSON Schema that the OpenAPI
 * document shows, so a limit that changes changes its message; only a pattern needs words of its own.
 */
import { z } from "zod";

/** The part of JSON Schema (2020-12) that zod makes of our schemas. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  /** Ours: words that stand for the whole schema. Never in the OpenAPI document. */
  readonly wanted?: string;
}

const words = z.registry<{ wanted: string }>();

/** Gives a schema words for what it wants, to be read after "expected /x to be". */
export function inWords<S extends z.ZodType>(wanted: string, schema: S): S {
  words.add(schema, { wanted });
  return schema;
}

const cache = new WeakMap<z.ZodType, JsonSchema>();

/** The JSON Schema of what a caller may send, with the words that were given to its parts. */
export function schemaWithWords(schema: z.ZodType): JsonSchema {
  const known = cache.get(schema);
  if (known !== undefined) return known;
  const made: JsonSchema = z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      const own = words.get(zodSchema);
      if (own !== undefined) Object.assign(jsonSchema, own);
    },
  }) as JsonSchema;
  cache.set(schema, made);
  return made;
}

/** The schemas that a value at the path may have: several where a union stands on the way. */
export function schemasAt(root: JsonSchema, path: readonly PropertyKey[]): readonly JsonSchema[] {
  let at = [root];
  for (const step of path)
    at = at.flatMap((schema) => options(schema)).flatMap((schema) => below(schema, step));
  return at;
}

function options(schema: JsonSchema): readonly JsonSchema[] {
  const inner = schema.anyOf ?? schema.oneOf;
  return inner === undefined ? [schema] : inner.flatMap(options);
}

function below(schema: JsonSchema, step: PropertyKey): JsonSchema[] {
  if (typeof step === "number") return schema.items === undefined ? [] : [schema.items];
  const name = String(step);
  const member = Object.hasOwn(schema.properties ?? {}, name)
    ? schema.properties?.[name]
    : undefined;
  if (member !== undefined) return [member];
  return typeof schema.additionalProperties === "object" ? [schema.additionalProperties] : [];
}

/** Names of the members that objects at this place may have. */
export function memberNames(schemas: readonly JsonSchema[]): readonly string[] {
  return schemas.flatMap(options).flatMap((schema) => Object.keys(schema.properties ?? {}));
}

/** What these schemas want, read after "expected /x to be". */
export function wantedText(schemas: readonly JsonSchema[]): string {
  const texts = [...new Set(schemas.flatMap((schema) => textsOf(schema)))];
  if (texts.length === 0) return "valid";
  const last = texts.at(-1) ?? "";
  return texts.length === 1 ? last : `${texts.slice(0, -1).join(", ")} or ${last}`;
}

function textsOf(schema: JsonSchema): readonly string[] {
  if (schema.wanted !== undefined) return [schema.wanted];
  const inner = schema.anyOf ?? schema.oneOf;
  if (inner !== undefined) return inner.flatMap((each) => textsOf(each));
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value));
  if (schema.const !== undefined) return [JSON.stringify(schema.const)];
  if (typeof schema.type === "object")
    return schema.type.map((type) => textOf({ ...schema, type }));
  return [textOf(schema)];
}

function textOf(schema: JsonSchema): string {
  switch (schema.type) {
    case "string":
      return `a string${range(schema.minLength, schema.maxLength, " of", "characters")}`;
    case "integer":
      return `an integer${range(schema.minimum, schema.maximum, "", "")}`;
    case "number":
      return `a number${range(schema.minimum, schema.maximum, "", "")}`;
    case "boolean":
      return "true or false";
    case "array":
      return `an array${range(schema.minItems, schema.maxItems, " of", "items")}`;
    case "object":
      return "an object";
    case "null":
      return "null";
    case undefined:
    default:
      return "any JSON value";
  }
}

function range(
  min: number | undefined,
  max: number | undefined,
  word: string,
  unit: string,
): string {
  const tail = unit === "" ? "" : ` ${unit}`;
  const top = max === Number.MAX_SAFE_INTEGER ? undefined : max;
  const bottom = min === Number.MIN_SAFE_INTEGER ? undefined : min;
  if (bottom === undefined && top === undefined) return "";
  if (bottom === undefined) return `${word} at most ${top}${tail}`;
  if (top === undefined) return `${word} at least ${bottom}${tail}`;
  return word === "" ? ` from ${bottom} to ${top}${tail}` : `${word} ${bottom} to ${top}${tail}`;
}
