import { sha256Hex } from "#crypto";
import { after } from "./crypto.ts";
import type { Awaitable } from "./crypto.ts";
import type { Delivery } from "./delivery.ts";
import type { ReadRequest } from "./read-request.ts";
import { readFirst, readersOf } from "./sources.ts";
import type { Reader } from "./sources.ts";
import type { Accepted, ProviderSpec } from "./spec.ts";
import { timeMs } from "./times.ts";

/** A provider's declaration of what a delivery holds, made ready. */
interface Fields<E> {
  readonly spec: Omit<ProviderSpec<E>, "schemes">;
  readonly type: readonly Reader[];
  readonly occurredAt: readonly Reader[];
  readonly attempt: readonly Reader[];
  readonly orderingKey: readonly Reader[];
}

/** Makes the delivery of a request that a scheme has accepted. */
export function deliveryMaker<E>(
  spec: Omit<ProviderSpec<E>, "schemes">,
): (request: ReadRequest, event: () => unknown, accepted: Accepted) => Awaitable<Delivery<E>> {
  const fields: Fields<E> = {
    spec,
    type: readersOf(spec.type),
    occurredAt: readersOf(spec.occurredAt?.from),
    attempt: readersOf(spec.attempt),
    orderingKey: readersOf(spec.orderingKey),
  };
  const ids = readersOf(spec.id);
  return (request, event, { id: text, signedAtMs }) => {
    const made = (id: string, from: Delivery["idSource"]): Delivery<E> =>
      new LazyDelivery(fields, request, event, id, from, signedAtMs);
    if (text) return made(text, "header");
    const found = readFirst(ids, request, event);
    if (found !== null) return made(found.text, found.from);
    // The provider's name is in it: two senders on one route never have the same event.
    const parts = spec.digestOf?.(request, event() as E) ?? [request.body];
    const digest = sha256Hex([spec.name, "\n", ...parts]);
    return after(digest, (hex) => made(`sha256:${hex}`, "digest"));
  };
}

/**
 * A class, against the habit of the house: an accessor in an object literal costs a microsecond for each object. What the
 * event says is read when it is asked for, so that whoever only verifies pays for no JSON where none is needed.
 */
class LazyDelivery<E> implements Delivery<E> {
  declare readonly provider: string;
  declare readonly id: string;
  declare readonly idSource: Delivery["idSource"];
  declare readonly signedAtMs: number | null;
  declare readonly isBodyStable: boolean;
  declare readonly raw: Uint8Array;
  declare readonly text: () => string;
  readonly #fields: Fields<E>;
  readonly #request: ReadRequest;
  readonly #event: () => unknown;

  constructor(
    fields: Fields<E>,
    request: ReadRequest,
    event: () => unknown,
    id: string,
    idSource: Delivery["idSource"],
    signedAtMs: number | null,
  ) {
    this.provider = fields.spec.name;
    this.id = id;
    this.idSource = idSource;
    this.signedAtMs = signedAtMs;
    this.isBodyStable = fields.spec.isBodyStable ?? true;
    this.raw = request.body;
    this.text = request.text;
    this.#fields = fields;
    this.#request = request;
    this.#event = event;
  }

  get headers(): Headers {
    return this.#request.headers;
  }

  get event(): E {
    return this.#event() as E;
  }

  get type(): string {
    return this.#read("type") ?? "";
  }

  get occurredAtMs(): number | null {
    const time = this.#read("occurredAt");
    return time === null ? null : timeMs(time, this.#fields.spec.occurredAt?.unit ?? "iso");
  }

  get attempt(): number | null {
    const attempt = Number(this.#read("attempt"));
    return Number.isSafeInteger(attempt) && attempt > 0 ? attempt : null;
  }

  get orderingKey(): string | null {
    return this.#read("orderingKey");
  }

  get sequence(): Delivery["sequence"] {
    return this.#fields.spec.sequence?.(this.#request, this.event) ?? null;
  }

  #read(field: Exclude<keyof Fields<E>, "spec">): string | null {
    return readFirst(this.#fields[field], this.#request, this.#event)?.text ?? null;
  }
}
