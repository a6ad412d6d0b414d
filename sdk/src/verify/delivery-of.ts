import { sha256Hex } from "#crypto";
import type { Part } from "./crypto.ts";
import type { Delivery } from "./delivery.ts";
import type { ReadRequest } from "./read-request.ts";
import { readFirst, readersOf } from "./sources.ts";
import type { Accepted, ProviderSpec } from "./spec.ts";
import { timeMs } from "./times.ts";

/** Makes the delivery of a request that a scheme has accepted. */
export function deliveryMaker<E>(
  spec: ProviderSpec<E>,
): (request: ReadRequest, event: E, accepted: Accepted) => Promise<Delivery<E>> {
  const ids = readersOf(spec.id);
  const types = readersOf(spec.type);
  const times = readersOf(spec.occurredAt?.from);
  const attempts = readersOf(spec.attempt);
  const keys = readersOf(spec.orderingKey);
  const unit = spec.occurredAt?.unit ?? "iso";

  return async (request, event, { signedAtMs, id: ownId }) => {
    const read = (readers: typeof ids): string | null =>
      readers.length === 0 ? null : (readFirst(readers, request, () => event)?.text ?? null);
    const id = ownId
      ? { text: ownId, from: "header" as const }
      : readFirst(ids, request, () => event);
    const time = read(times);
    const attempt = Number(read(attempts) ?? 0);
    return {
      provider: spec.name,
      id:
        id?.text ?? (await digestId(spec.name, spec.digestOf?.(request, event) ?? [request.body])),
      idSource: id?.from ?? "digest",
      type: read(types) ?? "",
      event,
      occurredAtMs: time === null ? null : timeMs(time, unit),
      signedAtMs,
      attempt: Number.isSafeInteger(attempt) && attempt > 0 ? attempt : null,
      orderingKey: read(keys),
      sequence: spec.sequence?.(request, event) ?? null,
      isBodyStable: spec.isBodyStable ?? true,
      raw: request.body,
      get headers() {
        return request.headers;
      },
      text: request.text,
    };
  };
}

/** The provider's name is in it: two senders on one route never have the same event. */
async function digestId(name: string, parts: readonly Part[]): Promise<string> {
  return `sha256:${await sha256Hex([name, "\n", ...parts])}`;
}
