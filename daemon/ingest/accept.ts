import { SdkError } from "../../sdk/src/wire/errors.ts";
import type { Directory } from "../domain/directory.ts";
import type { Endpoint } from "../domain/endpoint.ts";
import type { Problem } from "../domain/errors.ts";
import { AppError } from "../domain/errors.ts";
import { TEST_EVENT_TYPE } from "../domain/event.ts";
import type { IdMaker } from "../domain/id.ts";
import type {
  Clock,
  Dispatcher,
  Feed,
  IncomingEvent,
  Ingest,
  IngestAnswer,
  Timers,
} from "../domain/ports.ts";
import type { Accepted, EventStore } from "../domain/stores.ts";
import { StoreUnavailable } from "../domain/stores.ts";
import type { Pace } from "./pace.ts";
import type { Prepared } from "./prepare.ts";
import { admissions, prepare } from "./prepare.ts";
import type { SchemaProblems } from "./schemas.ts";

/** Events in one commit: enough to share its disk flush, few enough that the loop turns in a few milliseconds. */
const COMMIT_EVENTS_MAX = 256;
/** Deliveries in one commit, about: some fifty milliseconds of the loop. */
const COMMIT_DELIVERIES_MAX = 5_000;
/** What may stand before the commit, over all requests. */
const WAITING_EVENTS_MAX = 5_000;
const WAITING_BYTES_MAX = 64 * 1_048_576;
const RETRY_AFTER_S = 5;
const PACED_PAUSE_MS = 2;

export interface IngestNeeds {
  readonly store: EventStore;
  readonly directory: Directory;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly ids: IdMaker;
  readonly feed: Feed;
  readonly pace: Pace;
  readonly schemaProblems: SchemaProblems;
  /**
   * Deliveries of the application that wait, pending or held; known within about a second. Each has a backlog of its own: what
   * piles up at one's dead endpoint must not shut out the others.
   */
  readonly backlog: (applicationSeq: number) => number;
  readonly backlogMax: number;
  /** False below the floor of free disk: what is there is needed to finish what was accepted. */
  readonly hasDiskSpace: () => boolean;
  /** After the commit. `byApplication`: how many events of each. */
  readonly onAccepted: (
    events: number,
    deliveries: number,
    byApplication: ReadonlyMap<number, number>,
  ) => void;
}

interface Request {
  readonly events: readonly IncomingEvent[];
  readonly bytes: number;
  /** Null: wherever the directory's routes lead. */
  readonly only: Endpoint | null;
  /** So many of its events are in a commit, or were. */
  prepared: number;
  readonly answers: Accepted[];
  /** Refused: what is left of it is not looked at any more. */
  isOver: boolean;
  readonly resolve: (answers: Accepted[]) => void;
  readonly reject: (error: unknown) => void;
}

/** One event on its way into a commit, and the request that it came with. */
interface Item {
  readonly request: Request;
  readonly prepared: Prepared;
}

/**
 * The way in. Requests that arrive in one turn of the loop are committed together and answered after the commit. Routes are
 * matched right before it, in the same turn, so that no change of an endpoint can fall between.
 */
export function createIngest(needs: IngestNeeds): Ingest {
  const { clock, directory } = needs;
  let waiting: Request[] = [];
  let waitingEvents = 0;
  let waitingBytes = 0;
  let isFlushScheduled = false;
  let acceptedSinceCount = new Map<number, number>();

  function submit(events: readonly IncomingEvent[], only: Endpoint | null): Promise<Accepted[]> {
    const bytes = events.reduce((sum, event) => sum + event.data.length, 0);
    assertRoom(events, bytes);
    waitingEvents += events.length;
    waitingBytes += bytes;
    return new Promise((resolve, reject) => {
      waiting.push({
        events,
        bytes,
        only,
        prepared: 0,
        answers: [],
        isOver: false,
        resolve,
        reject,
      });
      schedule();
    });
  }

  function assertRoom(events: readonly IncomingEvent[], bytes: number): void {
    if (!needs.hasDiskSpace()) throw unavailable("the disk to have room");
    const isFull =
      waitingEvents + events.length > WAITING_EVENTS_MAX ||
      waitingBytes + bytes > WAITING_BYTES_MAX;
    if (isFull) throw backlogFull("the daemon to keep up with what comes in");
    const applicationSeq = events[0]?.applicationSeq ?? 0;
    const waits = needs.backlog(applicationSeq) + (acceptedSinceCount.get(applicationSeq) ?? 0);
    if (waits >= needs.backlogMax) {
      throw backlogFull(
        `fewer than ${needs.backlogMax} deliveries of this application to wait or be held`,
      );
    }
  }

  function schedule(): void {
    if (isFlushScheduled) return;
    isFlushScheduled = true;
    needs.timers.soon(flush);
  }

  function flush(): void {
    isFlushScheduled = false;
    const batch = nextBatch(needs.pace.allowance(clock.nowMs()));
    if (waiting.length > 0 && batch.length === 0) {
      // Paced: looked at again in a moment. Turning without a pause would itself keep the loop busy.
      isFlushScheduled = true;
      needs.timers.after(PACED_PAUSE_MS, flush);
      return;
    }
    if (waiting.length > 0) schedule();
    if (batch.length > 0) void commit(batch);
  }

  /**
   * Events for one commit: as many requests as there is room for, each whole, so that a batch is one commit, too. Only where
   * routes lead to very many endpoints is a request spread over several: ten million rows in one would stop everything.
   */
  function nextBatch(allowance: number): Item[] {
    const nowMs = clock.nowMs();
    const most = Math.min(allowance, COMMIT_EVENTS_MAX);
    const items: Item[] = [];
    let deliveries = 0;
    let done = 0;
    while (items.length < most && deliveries < COMMIT_DELIVERIES_MAX) {
      const request = waiting[done];
      if (request === undefined) break;
      const prepared = prepareSome(request, nowMs, COMMIT_DELIVERIES_MAX - deliveries);
      for (const each of prepared) {
        deliveries += each.entry.deliveries.length;
        items.push({ request, prepared: each });
      }
      if (!request.isOver && request.prepared < request.events.length) break;
      leave(request);
      done += 1;
    }
    waiting = waiting.slice(done);
    return items;
  }

  /** A request that can't be prepared (a body that one profile can't carry) fails alone, not the commit it would stand in. */
  function prepareSome(request: Request, nowMs: number, deliveriesMax: number): Prepared[] {
    const made: Prepared[] = [];
    let deliveries = 0;
    try {
      while (deliveries < deliveriesMax) {
        const event = request.events[request.prepared];
        if (event === undefined) break;
        const prepared = prepareFor(event, request.only, nowMs);
        request.prepared += 1;
        deliveries += prepared.entry.deliveries.length;
        made.push(prepared);
      }
      return made;
    } catch (error) {
      end(request, error instanceof SdkError ? invalid(error) : error);
      return [];
    }
  }

  function leave(request: Request): void {
    waitingEvents -= request.events.length;
    waitingBytes -= request.bytes;
  }

  function end(request: Request, error: unknown): void {
    request.isOver = true;
    request.reject(error);
  }

  async function commit(items: readonly Item[]): Promise<void> {
    let answers: Accepted[];
    try {
      answers = await needs.store.acceptEvents(items.map(({ prepared }) => prepared.entry));
    } catch (error) {
      for (const { request } of items) end(request, error);
      // Of a request that is spread over several commits the rest is not tried any more.
      for (const request of waiting) if (request.isOver) leave(request);
      waiting = waiting.filter((request) => !request.isOver);
      return;
    }
    for (const [i, answer] of answers.entries()) {
      const request = items[i]?.request;
      request?.answers.push(answer);
      if (request?.answers.length === request?.events.length) request?.resolve(request.answers);
    }
    handOver(
      items.map(({ prepared }) => prepared),
      answers,
    );
  }

  function prepareFor(event: IncomingEvent, only: Endpoint | null, nowMs: number): Prepared {
    const { applicationSeq, type, tenant } = event;
    const endpoints =
      only === null ? directory.match(applicationSeq, type, tenant, () => event.value) : [only];
    return prepare(event, endpoints, nowMs, needs.ids, only !== null);
  }

  function handOver(prepared: readonly Prepared[], answers: readonly Accepted[]): void {
    let events = 0;
    const byApplication = new Map<number, number>();
    const admitted = prepared.flatMap((each, i) => {
      const answer = answers[i];
      if (answer?.kind !== "accepted") return [];
      events += 1;
      const { applicationSeq } = each.entry.event;
      byApplication.set(applicationSeq, (byApplication.get(applicationSeq) ?? 0) + 1);
      return admissions(each, answer);
    });
    for (const { entry } of prepared) {
      const { applicationSeq } = entry.event;
      const before = acceptedSinceCount.get(applicationSeq) ?? 0;
      acceptedSinceCount.set(applicationSeq, before + entry.deliveries.length);
    }
    needs.pace.accepted(admitted.length);
    needs.onAccepted(events, admitted.length, byApplication);
    needs.dispatcher.admit(admitted);
    if (needs.feed.isWatched()) {
      needs.feed.publish(
        admitted.map(({ delivery, event }) => ({
          kind: "accepted",
          deliveryId: delivery.id,
          endpointSeq: delivery.endpointSeq,
          state: delivery.isPending ? "pending" : "held",
          eventId: event.id,
          eventType: event.type,
          attemptCount: 0,
          lastStatus: null,
          lastError: null,
          dueAtMs: delivery.isPending ? needs.clock.nowMs() : null,
          attempt: null,
        })),
      );
    }
  }

  /** Null where no event's type has a schema: most never have to wait for anything but their commit. */
  function schemasKept(events: readonly IncomingEvent[]): Promise<void> | null {
    let looks: Promise<readonly Problem[]>[] | null = null;
    let index = 0;
    for (const event of events) {
      const look = needs.schemaProblems(event);
      if (look !== null) {
        const base = events.length === 1 ? "" : `/events/${index}`;
        (looks ??= []).push(look.then((problems) => problems.map(placedBelow(base))));
      }
      index += 1;
    }
    return looks === null ? null : assertNoProblem(looks);
  }

  return {
    async accept(events) {
      const kept = schemasKept(events);
      if (kept !== null) await kept;
      const answers = await submit(events, null).catch(asAppError);
      return answers.map(ingestAnswer);
    },
    async acceptNotice(applicationSeq, type, value) {
      await submit([ownEvent(applicationSeq, type, null, value)], null).catch(asAppError);
    },
    async acceptTest(endpointSeq) {
      const endpoint = directory.endpoint(endpointSeq);
      if (endpoint === undefined) throw new AppError("not_found", "the endpoint was deleted");
      const [answer] = await submit([testEvent(endpoint)], endpoint).catch(asAppError);
      if (answer?.kind !== "accepted") throw new Error("a test event was not accepted");
      return { eventId: answer.eventId, deliveryId: answer.deliveries[0]?.id ?? "" };
    },
    backlogCounted() {
      acceptedSinceCount = new Map();
    },
  };
}

function placedBelow(base: string): (problem: Problem) => Problem {
  return ({ path, message }) => ({ path: `${base}${path}`, message });
}

async function assertNoProblem(looks: readonly Promise<readonly Problem[]>[]): Promise<void> {
  const problems = (await Promise.all(looks)).flat();
  const [first] = problems;
  if (first === undefined) return;
  const message = `data does not pass its type's schema: ${first.message}`;
  throw new AppError("schema_violation", message, { problems });
}

function testEvent({ id, applicationSeq, settings }: Endpoint): IncomingEvent {
  const value = { endpoint_id: id, message: "This is a test from Posthorn." };
  return ownEvent(applicationSeq, TEST_EVENT_TYPE, settings.tenant, value);
}

function ownEvent(
  applicationSeq: number,
  type: string,
  tenant: string | null,
  value: object,
): IncomingEvent {
  return {
    applicationSeq,
    type,
    tenant,
    id: null,
    occurredAtMs: null,
    orderingKey: null,
    idempotencyKey: null,
    contentType: null,
    data: Buffer.from(JSON.stringify(value)),
    value,
  };
}

function ingestAnswer(answer: Accepted): IngestAnswer {
  switch (answer.kind) {
    case "accepted":
      return {
        kind: "accepted",
        eventId: answer.eventId,
        deliveryCount: answer.deliveries.length,
      };
    case "repeated":
    case "conflict":
      return answer;
  }
}

function invalid(error: SdkError): AppError {
  return new AppError("invalid_request", error.message);
}

function backlogFull(wanted: string): AppError {
  const message = `expected ${wanted}; nothing was accepted, come back in ${RETRY_AFTER_S} s`;
  return new AppError("backlog_full", message, { retryAfterS: RETRY_AFTER_S });
}

function asAppError(error: unknown): never {
  if (!(error instanceof StoreUnavailable)) throw error;
  throw unavailable(`the database to take the event, got ${error.trouble}`);
}

function unavailable(wanted: string): AppError {
  const message = `expected ${wanted}; nothing was accepted, come back in ${RETRY_AFTER_S} s`;
  return new AppError("unavailable", message, { retryAfterS: RETRY_AFTER_S });
}
