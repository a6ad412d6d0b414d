import { createHash } from "node:crypto";

import type { IncomingEvent } from "../domain/ports.ts";

/**
 * SHA-256 over everything that makes an event what it is, so that the same key with another request is found out. The exact
 * bytes of `data` count: a producer that repeats a request repeats its bytes.
 */
export function fingerprint(event: IncomingEvent): Buffer {
  const { type, tenant, id, occurredAtMs, orderingKey, contentType } = event;
  const head = JSON.stringify([type, tenant, id, occurredAtMs, orderingKey, contentType]);
  return createHash("sha256").update(head).update("\n").update(event.data).digest();
}
