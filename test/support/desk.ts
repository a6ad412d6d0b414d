import { randomBytes } from "node:crypto";
import { createDirectory } from "../../daemon/domain/directory.ts";
import type { Endpoint } from "../../daemon/domain/endpoint.ts";
import { AppError } from "../../daemon/domain/errors.ts";
import { createIdMaker } from "../../daemon/domain/id.ts";
import type { Change, Clock } from "../../daemon/domain/ports.ts";
import type { Parsed } from "../../daemon/domain/parsed.ts";
import type { MoveQuery } from "../../daemon/domain/stores.ts";
import { createApplications } from "../../daemon/manage/applications.ts";
import { createDeletion } from "../../daemon/manage/deletion.ts";
import type { NewEndpointInput } from "../../daemon/manage/endpoints.ts";
import { createEndpoints } from "../../daemon/manage/endpoints.ts";
import { createEventTypes } from "../../daemon/manage/event-types.ts";
import { openKeys } from "../../daemon/manage/keys.ts";
import { createMotion } from "../../daemon/manage/motion.ts";
import { createReplay } from "../../daemon/manage/replay.ts";
import { createKeyring } from "../../daemon/manage/secrets.ts";
import { fillDirectory } from "../../daemon/manage/start.ts";
import { createTurns } from "../../daemon/manage/turns.ts";
import type { Store } from "../../daemon/storage/store.ts";
import { openStore } from "../../daemon/storage/store.ts";
import { createVault } from "../../daemon/system/vault.ts";

export const START_MS = Date.UTC(2026, 0, 1, 12);
export const URL = "https://example.com/hook";

/** A clock that a test sets. */
export interface SetClock extends Clock {
  pass(durationMs: number): void;
}

export function createSetClock(): SetClock {
  let nowMs = START_MS;
  return {
    nowMs: () => nowMs,
    wallMs: () => nowMs,
    pass: (durationMs) => void (nowMs += durationMs),
  };
}

/** The engine's ear: what it was told, and which deliveries it says are under way. */
export function createEar() {
  const told: string[] = [];
  const inFlight = new Set<number>();
  return {
    told,
    inFlight,
    wake: (seq: number) => void told.push(`wake ${seq}`),
    endpointChanged: (seq: number) => void told.push(`changed ${seq}`),
    isInFlight: (seq: number) => inFlight.has(seq),
  };
}

export const CHANCE = { fraction: () => 0.5, bytes: (count: number) => randomBytes(count) };

export function openMemoryStore(clock: Clock): Store {
  const ids = createIdMaker(clock.nowMs, CHANCE.bytes);
  const beforeMigration = () => undefined;
  return openStore({ path: ":memory:", beforeMigration, newId: ids.next, nowMs: clock.nowMs });
}

export interface DeskOptions {
  readonly clock?: SetClock;
  readonly store?: Store;
  readonly vaultKey?: Uint8Array;
}

export type Desk = Awaited<ReturnType<typeof openDesk>>;

/** The manage room on a real database in memory, a real vault and a real directory. */
export async function openDesk(options: DeskOptions = {}) {
  const clock = options.clock ?? createSetClock();
  const store = options.store ?? openMemoryStore(clock);
  const vault = createVault(options.vaultKey ?? randomBytes(32), CHANCE);
  const directory = createDirectory();
  await fillDirectory(store.office, directory);
  const ear = createEar();
  const changes: Change[] = [];
  const needs = {
    store: { ...store.office, ...store.reads },
    directory,
    dispatcher: ear,
    vault,
    keyring: createKeyring(vault),
    ids: createIdMaker(clock.nowMs, CHANCE.bytes),
    chance: CHANCE,
    clock,
    timers: { soon: (run: () => void) => void setImmediate(run), after: () => () => undefined },
    feed: { publish: (more: readonly Change[]) => void changes.push(...more) },
    rules: {
      readUrl: (url: string): Parsed<string> =>
        url.startsWith("http")
          ? { ok: true, value: url }
          : { ok: false, problem: "expected a URL, got none" },
      checkGrant: (text: string) => (text === "bad" ? "expected a grant, got bad" : null),
      foresee: () => null,
    },
    schemas: {
      problemOf: async (_: number, schema: unknown) =>
        schema === "bad" ? "expected a schema, got bad" : null,
    },
    takeTurns: createTurns(),
  };
  const applications = createApplications(needs);
  const application = applications.resolve("default");
  return {
    ...needs,
    office: store.office,
    fullStore: store,
    ear,
    changes,
    application,
    applications,
    keys: await openKeys(needs),
    endpoints: createEndpoints(needs),
    deletion: createDeletion(needs),
    eventTypes: createEventTypes(needs),
    motion: createMotion(needs),
    replay: createReplay(needs),
  };
}

export async function addEndpoint(desk: Desk, input: Partial<NewEndpointInput> = {}) {
  const settings = { url: URL, eventTypes: ["*"], ...input.settings };
  return desk.endpoints.create(desk.application.seq, { ...input, settings });
}

/** What the engine does with an endpoint's transition, all at once. */
export async function workOff(desk: Desk, id: string): Promise<void> {
  const endpoint = desk.endpoints.read(desk.application.seq, id);
  const { transition, state } = endpoint;
  if (transition === null) return;
  const hold: MoveQuery["hold"] = state === "disabled" ? "disabled" : "paused";
  const query = { endpointSeq: endpoint.seq, transition, hold, limit: 100 };
  while (
    !(await desk.fullStore.deliveries.moveHeld({ ...query, nowMs: desk.clock.nowMs() })).isDone
  );
  desk.directory.putEndpoint({ ...endpoint, transition: null });
}

export interface SentEvent {
  readonly type?: string;
  readonly tenant?: string;
  readonly data?: unknown;
  readonly orderingKey?: string;
  readonly contentType?: string;
}

/** An event as ingest would commit it: a delivery for each endpoint that the directory names. Returns their ids. */
export async function send(desk: Desk, sent: SentEvent = {}): Promise<string[]> {
  const { application, clock, ids } = desk;
  const { type = "invoice.paid", tenant = null, data = {}, contentType = null } = sent;
  const to: readonly Endpoint[] = desk.directory.match(application.seq, type, tenant, () => data);
  const head = `{"type":"${type}","data":`;
  const bytes = Buffer.from(
    contentType === null ? `${head}${JSON.stringify(data)}}` : String(data),
  );
  const nowMs = clock.nowMs();
  const event = {
    id: ids.next("evt"),
    applicationSeq: application.seq,
    type,
    tenant,
    orderingKey: sent.orderingKey ?? null,
    occurredAtMs: nowMs,
    acceptedAtMs: nowMs,
    contentType,
    bodyBytes: bytes.length,
  };
  const deliveries = to.map((endpoint) => ({
    id: ids.next("dlv"),
    endpointSeq: endpoint.seq,
    hold: endpoint.state === "active" ? null : endpoint.state,
    orderingKey: endpoint.settings.isOrdered ? event.orderingKey : null,
    isTest: false,
  }));
  const body = { bytes, dataStart: contentType === null ? head.length : 0 };
  const batch = [{ event, body, variants: [], deliveries, idempotency: null }];
  const [accepted] = await desk.fullStore.events.acceptEvents(batch);
  if (accepted?.kind !== "accepted") throw new Error("expected the event to be accepted");
  return accepted.deliveries.map(({ id }) => id);
}

export async function deliveryOf(desk: Desk, id: string | undefined) {
  const row = await desk.fullStore.reads.delivery(desk.application.seq, id ?? "");
  if (row === null) throw new Error(`expected ${id} to be a delivery`);
  return row;
}

/** Ends a delivery as the engine would, with one attempt that was answered with this status. */
export async function attempt(desk: Desk, id: string | undefined, status: number): Promise<void> {
  const row = await deliveryOf(desk, id);
  const isGood = status < 300;
  const response = { headerLines: "", excerpt: new Uint8Array(), isCut: false };
  await desk.fullStore.deliveries.recordAttempts(
    [
      {
        deliverySeq: row.seq,
        deliveryId: row.id,
        endpointSeq: row.endpointSeq,
        attemptId: desk.ids.next("att"),
        number: row.attemptCount + 1,
        startedAtMs: desk.clock.nowMs(),
        outcome: {
          kind: "answered",
          status,
          retryAfter: null,
          control: null,
          response,
          durationMs: 1,
        },
        variant: null,
        requestHeaders: "",
        settlement: {
          state: isGood ? "delivered" : "exhausted",
          hold: null,
          dueAtMs: null,
          endReason: isGood ? "accepted" : "table_used_up",
          disables: null,
          slowsForMs: null,
        },
        orderingKey: row.orderingKey,
      },
    ],
    [],
    desk.clock.nowMs(),
  );
}

/** The AppError that the work ends with: its code, and the places of its problems. */
export async function refusal(
  work: () => unknown,
): Promise<{ code: string; message: string; paths: string[] }> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const paths = error.problems.map(({ path }) => path);
    return { code: error.code, message: error.message, paths };
  }
  throw new Error("expected a refusal, got none");
}
