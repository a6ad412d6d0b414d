/** A verified delivery as a row keeps it, and back: what `deferred` mode hands from the request to the worker. */
import type { StoredEntry } from "../inbox/inbox.ts";
import type { Delivery } from "../verify/delivery.ts";

/**
 * What the verifier found out, beside the headers under a name that no header can have. Verifying the stored request again
 * would need no such record, and would refuse it as soon as its secret has been rotated, or its nonce is known.
 */
const RECORD = ":delivery";

type DeliveryRecord = Pick<
  Delivery,
  "provider" | "idSource" | "occurredAtMs" | "signedAtMs" | "attempt" | "isBodyStable"
> & {
  /** Only where it is not what the body says as JSON. */
  readonly event?: unknown;
};

/** Proof of who asks, which nobody needs any more and no table should hold. */
const SECRET_HEADERS = new Set(["authorization", "proxy-authorization", "cookie"]);

export function requestOf(
  { method, url }: { readonly method: string; readonly url: string },
  delivery: Delivery,
): StoredEntry["request"] {
  const { provider, idSource, occurredAtMs, signedAtMs, attempt, isBodyStable } = delivery;
  const known = { provider, idSource, occurredAtMs, signedAtMs, attempt, isBodyStable };
  const record: DeliveryRecord = { ...known, ...ownEvent(delivery) };
  const headers = [...delivery.headers].filter(([name]) => !SECRET_HEADERS.has(name));
  return { method, url, headers: [...headers, [RECORD, JSON.stringify(record)]] };
}

/** Throws for a row that no receiver wrote. */
export function deliveryOf(entry: StoredEntry): Delivery {
  const record = recordOf(entry);
  const pairs = entry.request.headers.filter(([name]) => name !== RECORD);
  let headers: Headers | undefined;
  const text = (): string => new TextDecoder().decode(entry.body);
  return {
    ...record,
    id: entry.id,
    type: entry.type,
    event: "event" in record ? record.event : jsonOf(text()),
    orderingKey: entry.orderingKey,
    sequence: entry.sequence,
    raw: entry.body,
    get headers() {
      headers ??= new Headers(pairs.map(([name, value]): [string, string] => [name, value]));
      return headers;
    },
    text,
  };
}

function recordOf({ request }: StoredEntry): DeliveryRecord {
  const text = request.headers.find(([name]) => name === RECORD)?.[1];
  if (text === undefined)
    throw new Error("expected a stored delivery to have its record, got none");
  return JSON.parse(text) as DeliveryRecord;
}

function ownEvent({ event, text }: Delivery): { readonly event?: unknown } {
  const isTheBody = JSON.stringify(event) === JSON.stringify(jsonOf(text()));
  return isTheBody ? {} : { event };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
