import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { decodeSecret, makeSecret } from "../../sdk/src/secret.ts";
import type { Engine } from "../../daemon/delivery/engine.ts";
import { createEngine } from "../../daemon/delivery/engine.ts";
import type { Directory } from "../../daemon/domain/directory.ts";
import { createDirectory } from "../../daemon/domain/directory.ts";
import type { Endpoint, EndpointSettings } from "../../daemon/domain/endpoint.ts";
import { ENDPOINT_DEFAULTS, UNTRIED } from "../../daemon/domain/endpoint.ts";
import { createIdMaker } from "../../daemon/domain/id.ts";
import type { IncomingEvent } from "../../daemon/domain/ports.ts";
import { createSystemResolver } from "../../daemon/egress/resolver.ts";
import { createSender } from "../../daemon/egress/post.ts";
import { prepare } from "../../daemon/ingest/prepare.ts";
import type { Store } from "../../daemon/storage/store.ts";
import { storeOn } from "../../daemon/storage/store.ts";
import { ensureDefaultApplication } from "../../daemon/storage/applications.ts";
import type { Connection } from "../../daemon/storage/open.ts";
import { openDatabase } from "../../daemon/storage/open.ts";
import { openChance } from "../../daemon/system/chance.ts";
import { openClock } from "../../daemon/system/clock.ts";
import { openTimers } from "../../daemon/system/timers.ts";

/** The daemon's engine and store without its API, on a real file: what the delivery benchmarks measure. */
export interface BenchOffice {
  readonly store: Store;
  readonly connection: Connection;
  readonly directory: Directory;
  readonly engine: Engine;
  readonly applicationSeq: number;
  readonly endpoints: readonly Endpoint[];
  /** Attempts that ended since the start. */
  ended(): number;
  /** Adds `count` events of about 1 KB in commits of 500, one delivery at each endpoint in turn. */
  prefill(count: number): Promise<void>;
  close(): Promise<void>;
}

export const EVENT_DATA = Buffer.from(
  JSON.stringify({ invoice: "in_1Mq", amount: 4_200, lines: "x".repeat(880) }),
);
const COMMIT = 500;

export async function openOffice(
  settings: readonly (Partial<EndpointSettings> & { url: string })[],
  limits: { concurrencyMax: number },
): Promise<BenchOffice> {
  const folder = mkdtempSync(join(tmpdir(), "posthorn-bench-"));
  const clock = openClock();
  const chance = openChance();
  const timers = openTimers();
  const ids = createIdMaker(clock.nowMs, chance.bytes);
  const path = join(folder, "posthorn.db");
  const connection = openDatabase({ path, beforeMigration: () => undefined });
  ensureDefaultApplication(connection, { newId: () => ids.next("app"), nowMs: clock.nowMs });
  const store = storeOn(connection);
  const directory = createDirectory();
  for (const application of await store.office.applications())
    directory.putApplication(application);
  const applicationSeq = directory.application("default")?.seq ?? 0;
  const endpoints: Endpoint[] = [];
  for (const each of settings) {
    const endpoint = await store.office.createEndpoint(
      newEndpoint(each, applicationSeq, ids.next("ep")),
    );
    directory.putEndpoint(endpoint);
    endpoints.push(endpoint);
  }
  const sender = createSender({
    instanceGrants: ["127.0.0.0/8"],
    resolve: createSystemResolver(),
    timers,
    nowMs: () => performance.now(),
    proxy: null,
  });
  const decoded = decodeSecret("standard", makeSecret(chance.bytes(32)));
  if (decoded.kind === "problem") throw new Error(decoded.message);
  const keys = [decoded.key];
  let ended = 0;
  const engine = createEngine({
    store: store.deliveries,
    sender,
    directory,
    clock,
    chance,
    timers,
    ids,
    feed: { isWatched: () => false, publish: () => undefined, subscribe: () => () => undefined },
    log: { info: () => undefined, warn: console.warn, error: console.error },
    limits: { ...limits, windowBytesMax: 64 * 1_048_576 },
    userAgent: "Posthorn/bench",
    keysOf: () => keys,
    authOf: () => null,
    onAttempt: () => (ended += 1),
    onDeliveryEnded: () => undefined,
  });

  async function prefill(count: number): Promise<void> {
    for (let done = 0; done < count; done += COMMIT) {
      const batch = Array.from({ length: Math.min(COMMIT, count - done) }, (_, i) => {
        const endpoint = endpoints[(done + i) % endpoints.length] as Endpoint;
        return prepare(incoming(applicationSeq), [endpoint], clock.nowMs(), ids, false).entry;
      });
      await store.events.acceptEvents(batch);
    }
  }

  return {
    store,
    connection,
    directory,
    engine,
    applicationSeq,
    endpoints,
    ended: () => ended,
    prefill,
    async close() {
      await engine.stop(1_000);
      await sender.close();
      store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function incoming(applicationSeq: number): IncomingEvent {
  return {
    applicationSeq,
    type: "invoice.paid",
    tenant: null,
    id: null,
    occurredAtMs: null,
    orderingKey: null,
    idempotencyKey: null,
    contentType: null,
    data: EVENT_DATA,
    value: undefined,
  };
}

export function newEndpoint(
  settings: Partial<EndpointSettings> & { url: string },
  applicationSeq: number,
  id: string,
): Omit<Endpoint, "seq"> {
  return {
    id,
    applicationSeq,
    settings: { ...ENDPOINT_DEFAULTS, eventTypes: ["*"], ...settings },
    state: "active",
    disabledReason: null,
    stateChangedAtMs: 0,
    transition: null,
    health: UNTRIED,
    secrets: [],
    sealedAuth: null,
    createdAtMs: 0,
    updatedAtMs: 0,
  };
}
