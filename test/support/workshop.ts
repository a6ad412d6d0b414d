/** The rooms of work on a real store in memory, with time and receivers that do what a test tells them. */
import { decodeSecret } from "../../sdk/src/wire/secret.ts";
import type { Engine } from "../../daemon/delivery/engine.ts";
import { createEngine } from "../../daemon/delivery/engine.ts";
import type { EngineNeeds } from "../../daemon/delivery/needs.ts";
import { createDirectory } from "../../daemon/domain/directory.ts";
import type { Endpoint, EndpointSettings } from "../../daemon/domain/endpoint.ts";
import { createFeed } from "../../daemon/domain/feed.ts";
import { createIdMaker } from "../../daemon/domain/id.ts";
import type { IncomingEvent } from "../../daemon/domain/ports.ts";
import type { DeliveryRow, EndpointChange } from "../../daemon/domain/stores.ts";
import type { IngestNeeds } from "../../daemon/ingest/accept.ts";
import { createIngest } from "../../daemon/ingest/accept.ts";
import { openStore } from "../../daemon/storage/store.ts";
import type { Store } from "../../daemon/storage/store.ts";
import { createCommitGate, behindGate } from "./commit-gate.ts";
import { createFakeTime, settled } from "./fake-time.ts";
import { createFakeSender } from "./fake-sender.ts";
import { createSeeded } from "./seeded.ts";
import { newEndpoint } from "./store-desk.ts";

export interface WorkshopOptions {
  readonly concurrencyMax?: number;
  readonly windowBytesMax?: number;
  readonly engine?: Partial<EngineNeeds>;
  readonly ingest?: Partial<IngestNeeds>;
}

export type Workshop = Awaited<ReturnType<typeof openWorkshop>>;

/** Jitter 0.5 leaves each step of a table as it is. */
const CHANCE = { ...createSeeded(1), fraction: () => 0.5 };

function keysOf({ settings }: Endpoint) {
  const decoded = decodeSecret(
    settings.profile.kind,
    `whsec_${Buffer.alloc(32, 7).toString("base64")}`,
  );
  if (decoded.kind === "problem") throw new Error(decoded.message);
  return [decoded.key];
}

/** A daemon's heart that is started; closed by `using`. */
export async function openWorkshop(options: WorkshopOptions = {}) {
  const time = createFakeTime();
  const ids = createIdMaker(time.clock.nowMs, CHANCE.bytes);
  const store = openStore({
    path: ":memory:",
    nowMs: time.clock.nowMs,
    newId: (prefix) => ids.next(prefix),
    beforeMigration: () => undefined,
  });
  const [application] = await store.office.applications();
  const applicationSeq = application?.seq ?? 0;
  const gate = createCommitGate();
  const sender = createFakeSender(time);
  const log: string[] = [];
  const disabled: Endpoint[] = [];
  let life = await startLife();

  async function turn(): Promise<void> {
    await settled();
    await time.advance(0);
  }

  async function startLife() {
    const directory = await loadDirectory(store);
    const say = (message: string) => void log.push(message);
    const feed = createFeed((error) => say(String(error)));
    const common = {
      directory,
      feed,
      ids,
      clock: time.clock,
      timers: time.timers,
      log: { info: say, warn: say, error: say },
    };
    const guarded = behindGate(store, gate);
    const engine = createEngine({
      ...common,
      chance: CHANCE,
      store: guarded.deliveries,
      side: null,
      sender,
      limits: {
        concurrencyMax: options.concurrencyMax ?? 100,
        windowBytesMax: options.windowBytesMax ?? 1e6,
      },
      userAgent: "Posthorn/test",
      keysOf,
      authOf: () => null,
      headersOf: ({ settings }) => settings.headers,
      onAttempt: () => undefined,
      onEndpointDisabled: (endpoint) => void disabled.push(endpoint),
      onAttemptsRecorded: () => undefined,
      onDeliveryEnded: () => undefined,
      ...options.engine,
    });
    const ingest = createIngest({
      ...common,
      store: guarded.events,
      dispatcher: engine,
      pace: { allowance: () => Infinity, accepted: () => undefined },
      schemaProblems: () => null,
      backlog: () => 0,
      backlogMax: 1e9,
      hasDiskSpace: () => true,
      onAccepted: () => undefined,
      ...options.ingest,
    });
    await engine.start();
    return { directory, engine, ingest, feed };
  }

  return {
    time,
    store,
    applicationSeq,
    gate,
    sender,
    log,
    disabled,
    get engine(): Engine {
      return life.engine;
    },
    get ingest() {
      return life.ingest;
    },
    get directory() {
      return life.directory;
    },
    get feed() {
      return life.feed;
    },
    /** Lets everything happen that can happen without time. */
    turn,
    /** Lets seconds pass, with the engine's look at what is due at the end of each. */
    async tick(seconds = 1) {
      await turn();
      for (let i = 0; i < seconds; i++) {
        await time.advance(1_000);
        life.engine.tick();
        await time.advance(0);
      }
    },
    /** The process is killed and started again on what it left. */
    async restart() {
      time.forgetAll();
      life = await startLife();
    },
    ...officeOf(store, applicationSeq, () => life),
    [Symbol.dispose]: () => store.close(),
  };
}

/** What a test does as an operator and as a producer would. */
function officeOf(store: Store, applicationSeq: number, life: () => Life) {
  let count = 0;
  const event = (more: Partial<IncomingEvent> = {}) => incoming(applicationSeq, more);
  return {
    event,
    async endpoint(settings: Partial<EndpointSettings> = {}): Promise<Endpoint> {
      count += 1;
      const url = `http://receiver-${count}.test/hook`;
      const fresh = newEndpoint(`ep_${count}`, applicationSeq, { url, ...settings });
      const made = await store.office.createEndpoint(fresh);
      life().directory.putEndpoint(made);
      return made;
    },
    /** Committed, then told: store, directory, engine. */
    async change(endpoint: Endpoint, change: Omit<EndpointChange, "atMs">): Promise<Endpoint> {
      const changed = await store.office.updateEndpoint(endpoint.seq, { ...change, atMs: 1 });
      life().directory.putEndpoint(changed);
      life().engine.endpointChanged(endpoint.seq);
      return changed;
    },
    /** Hands events over; they are accepted once time moves. */
    send(copies: number, more: Partial<IncomingEvent> = {}): void {
      for (let i = 0; i < copies; i++) void life().ingest.accept([event(more)]);
    },
    /** All deliveries, oldest first. */
    async deliveries(endpoint?: Endpoint): Promise<readonly DeliveryRow[]> {
      const which = endpoint === undefined ? {} : { endpointSeq: endpoint.seq };
      const page = { applicationSeq, limit: 10_000, after: null };
      const { rows } = await store.reads.deliveries({ ...page, ...which });
      return rows.toSorted((a, b) => a.seq - b.seq);
    },
  };
}

type Life = Pick<Workshop, "engine" | "ingest" | "directory" | "feed">;

async function loadDirectory(store: Store) {
  const directory = createDirectory();
  for (const application of await store.office.applications()) {
    directory.putApplication(application);
  }
  for (const endpoint of await store.office.endpoints()) directory.putEndpoint(endpoint);
  return directory;
}

export function incoming(applicationSeq: number, more: Partial<IncomingEvent> = {}): IncomingEvent {
  const value = more.value ?? { n: 1 };
  return {
    applicationSeq,
    type: "invoice.paid",
    tenant: null,
    id: null,
    occurredAtMs: null,
    orderingKey: null,
    idempotencyKey: null,
    contentType: null,
    data: Buffer.from(JSON.stringify(value)),
    value,
    ...more,
  };
}
