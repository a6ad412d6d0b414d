import type { Delivery } from "../verify/delivery.ts";
import { InvalidPayloadError } from "./handler-errors.ts";
import type { OutputOf, SchemaIssue, StandardSchema } from "./standard-schema.ts";

/** One schema for each event type that has one. */
export type Schemas = Readonly<Record<string, StandardSchema>>;

/** What handlers get, by event type; names that the compiler can't know are left out, and get what the provider gives. */
export type EventsOf<S> = { [K in keyof S as string extends K ? never : K]: OutputOf<S[K]> };

const PATHS_MAX = 8;
const PATH_CHARACTERS_MAX = 100;

/** The delivery with what its schema made of the event, or itself where its type has none. Rejects with `InvalidPayloadError`. */
export async function validated(delivery: Delivery, schemas: Schemas): Promise<Delivery> {
  const schema = Object.hasOwn(schemas, delivery.type) ? schemas[delivery.type] : undefined;
  if (schema === undefined) return delivery;
  const result = await schema["~standard"].validate(delivery.event);
  if (result.issues !== undefined) throw new InvalidPayloadError(pathsOf(result.issues));
  return withEvent(delivery, result.value);
}

/** Paths and not messages: those of some schemas quote the value that they refuse. */
function pathsOf(issues: readonly SchemaIssue[]): string[] {
  const paths = issues.slice(0, PATHS_MAX).map(({ path = [] }) => {
    const keys = path.map((part) => String(typeof part === "object" ? part.key : part));
    return keys.length === 0 ? "the root" : keys.join(".").slice(0, PATH_CHARACTERS_MAX);
  });
  return [...new Set(paths)];
}

/** A copy by hand: a spread would make the `Headers`, which most handlers never ask for. */
function withEvent(delivery: Delivery, event: unknown): Delivery {
  return {
    provider: delivery.provider,
    id: delivery.id,
    idSource: delivery.idSource,
    type: delivery.type,
    event,
    occurredAtMs: delivery.occurredAtMs,
    signedAtMs: delivery.signedAtMs,
    attempt: delivery.attempt,
    orderingKey: delivery.orderingKey,
    sequence: delivery.sequence,
    isBodyStable: delivery.isBodyStable,
    raw: delivery.raw,
    get headers() {
      return delivery.headers;
    },
    text: () => delivery.text(),
  };
}
