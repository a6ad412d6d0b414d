import { SdkError } from "../../sdk/src/errors.ts";
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
  /** Deliveries that wait, pending or held; known within about a second. */
  readonly backlog: () => number;
  readonly backlogMax: number;
  /** False below the floor of free disk: what is there is needed to finish what was accepted. */
  readonly hasDiskSpace: () => boolean;
  readonly onAccepted: (events: number, deliveries: number) => void;
}

interface Request {
  readonly events: readonly IncomingEvent[];
  readonly bytes: number;
  /** Null: wherever the directory's routes lead. */
  readonly only: Endpoint | null;
  readonly resolve: (answers: Accepted[]) => void;
  readonly reject: (error: unknown) => void;
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
  let acceptedSinceCount = 0;

  function submit(events: readonly IncomingEvent[], only: Endpoint | null): Promise<Accepted[]> {
    const bytes = events.reduce((sum, event) => sum + event.data.length, 0);
    assertRoom(events.length, bytes);
    waitingEvents += events.length;
    waitingBytes += bytes;
    return new Promise((resolve, reject) => {
      waiting.push({ events, bytes, only, resolve, reject });
      schedule();
    });
  }

  function assertRoom(events: number, bytes: number): void {
    if (!needs.hasDiskSpace()) throw unavailable("the disk to have room");
    const isFull =
      waitingEvents + events > WAITING_EVENTS_MAX || waitingBytes + bytes > WAITING_BYTES_MAX;
    if (isFull) throw backlogFull("the daemon to keep up with what comes in");
    if (needs.backlog() + acceptedSinceCount >= needs.backlogMax) {
      throw backlogFull(`fewer than ${needs.backlogMax} deliveries to wait`);
    }
  }

  function schedule(): void {
    if (isFlushScheduled) return;
    isFlushScheduled = true;
    needs.timers.soon(flush);
  }

  function flush(): void {
    isFlushScheduled = false;
    const batch = takeBatch(needs.pace.allowance(clock.nowMs()));
    if (batch.length === 0) {
      // Paced: looked at again in a moment. Turning without a pause would itself keep the loop busy.
      isFlushScheduled = waiting.length > 0;
      if (isFlushScheduled) needs.timers.after(PACED_PAUSE_MS, flush);
      return;
    }
    if (waiting.length > 0) schedule();
    commit(batch).catch((error: unknown) => {
      for (const request of batch) request.reject(error);
    });
  }

  /** Whole requests only: a batch of a thousand events is one commit, too. */
  function takeBatch(allowance: number): Request[] {
    const most = Math.min(allowance, COMMIT_EVENTS_MAX);
    let taken = 0;
    let count = 0;
    while (count < waiting.length && taken < most) taken += waiting[count++]?.events.length ?? 0;
    const batch = waiting.slice(0, count);
    waiting = waiting.slice(count);
    for (const request of batch) {
      waitingEvents -= request.events.length;
      waitingBytes -= request.bytes;
    }
    return batch;
  }

  async function commit(batch: readonly Request[]): Promise<void> {
    const nowMs = clock.nowMs();
    const ready = batch.flatMap((request) => prepareRequest(request, nowMs));
    const prepared = ready.flatMap((each) => each.prepared);
    const answers = await needs.store.acceptEvents(prepared.map(({ entry }) => entry));
    let next = 0;
    for (const { request } of ready) {
      request.resolve(answers.slice(next, next + request.events.length));
      next += request.events.length;
    }
    handOver(prepared, answers);
  }

  /** A request that can't be prepared (a body that one profile can't carry) fails alone, not the batch it stands in. */
  function prepareRequest(request: Request, nowMs: number) {
    const { events, only } = request;
    try {
      return [{ request, prepared: events.map((event) => prepareFor(event, only, nowMs)) }];
    } catch (error) {
      request.reject(
        error instanceof SdkError ? new AppError("invalid_request", error.message) : error,
      );
      return [];
    }
  }

  function prepareFor(event: IncomingEvent, only: Endpoint | null, nowMs: number): Prepared {
    const { applicationSeq, type, tenant } = event;
    const endpoints =
      only === null ? directory.match(applicationSeq, type, tenant, () => event.value) : [only];
    return prepare(event, endpoints, nowMs, needs.ids, only !== null);
  }

  function handOver(prepared: readonly Prepared[], answers: readonly Accepted[]): void {
    let events = 0;
    const admitted = prepared.flatMap((each, i) => {
      const answer = answers[i];
      if (answer?.kind !== "accepted") return [];
      events += 1;
      return admissions(each, answer);
    });
    acceptedSinceCount += admitted.length;
    needs.pace.accepted(admitted.length);
    needs.onAccepted(events, admitted.length);
    needs.dispatcher.admit(admitted);
    if (needs.feed.isWatched()) {
      needs.feed.publish(
        admitted.map(({ delivery }) => ({
          kind: "accepted",
          deliveryId: delivery.id,
          endpointSeq: delivery.endpointSeq,
          state: delivery.isPending ? "pending" : "held",
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
      acceptedSinceCount = 0;
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
