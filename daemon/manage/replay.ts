import { Buffer } from "node:buffer";
import type { Directory } from "../domain/directory.ts";
import { routeOf } from "../domain/directory.ts";
import type { Endpoint } from "../domain/endpoint.ts";
import { AppError, expected } from "../domain/errors.ts";
import type { Event, EventBody } from "../domain/event.ts";
import { TEST_EVENT_TYPE } from "../domain/event.ts";
import type { IdMaker } from "../domain/id.ts";
import type { Clock, Dispatcher, Timers } from "../domain/ports.ts";
import type { OfficeStore } from "../domain/stores.ts";
import { createRoutes } from "../domain/routes.ts";
import { giveWay } from "./give-way.ts";
import { endpointOf } from "./lookup.ts";
import { holdAt } from "./motion-rules.ts";

/**
 * Events looked at between two turns for everybody else, and delivered in one commit. Small, since their bodies come along.
 */
const CHUNK = 50;

interface ReplayInput {
  /** Events accepted from then on, and before `toMs`. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Only this event type; undefined for all that the endpoint asks for. */
  readonly type?: string | undefined;
  /** Only counts what would become of them. */
  readonly isRehearsal?: boolean | undefined;
}

/** What became of the events that match. */
interface Replayed {
  /** Never sent to this endpoint before. */
  readonly created: number;
  /** Sent before, and now once more. */
  readonly resent: number;
  /** On their way anyway, and left alone. */
  readonly waiting: number;
}

export interface ReplayNeeds {
  readonly store: Pick<OfficeStore, "eventsForReplay" | "deliverAgain" | "rehearseAgain">;
  readonly directory: Directory;
  readonly dispatcher: Pick<Dispatcher, "wake" | "isInFlight">;
  readonly ids: IdMaker;
  readonly clock: Pick<Clock, "nowMs">;
  readonly timers: Pick<Timers, "soon">;
}

export type Replay = (
  applicationSeq: number,
  endpointId: string,
  input: ReplayInput,
) => Promise<Replayed>;

/**
 * Sends past events to one endpoint, oldest first: those that it would get if they came now, by its
 * patterns, tenant and filter. Their webhook ids are the same as ever, so a receiver can drop what
 * it has. Ends early when the endpoint is deleted.
 */
export function createReplay(needs: ReplayNeeds): Replay {
  return async (applicationSeq, endpointId, input) => {
    const { seq } = endpointOf(needs.directory, applicationSeq, endpointId);
    if (input.fromMs >= input.toMs) {
      const message = expected("from", "before to", new Date(input.fromMs).toISOString());
      throw new AppError("invalid_request", message, { problems: [{ path: "/from", message }] });
    }
    return replay(needs, seq, applicationSeq, input);
  };
}

type StoredEvent = Event & { readonly body: EventBody };

async function replay(
  needs: ReplayNeeds,
  endpointSeq: number,
  applicationSeq: number,
  { fromMs, toMs, type, isRehearsal = false }: ReplayInput,
): Promise<Replayed> {
  const counts = { created: 0, resent: 0, waiting: 0 };
  let afterSeq = 0;
  for (;;) {
    const query = { applicationSeq, fromMs, toMs, afterSeq, limit: CHUNK };
    const events = await needs.store.eventsForReplay(query);
    const endpoint = needs.directory.endpoint(endpointSeq);
    const last = events.at(-1);
    if (endpoint === undefined || last === undefined) return counts;
    const wanted = events.filter(matcher(endpoint, type));
    const answers = isRehearsal
      ? await rehearse(needs, endpoint, wanted)
      : await deliver(needs, endpoint, wanted);
    for (const answer of answers) {
      // Forgotten or deleted between two looks.
      if (answer !== "gone") counts[answer] += 1;
    }
    afterSeq = last.seq;
    await giveWay(needs.timers);
  }
}

/**
 * The same index that routes new events, with one endpoint in it: an answer of its own could drift
 * from theirs.
 */
function matcher(endpoint: Endpoint, type: string | undefined): (event: StoredEvent) => boolean {
  const routes = createRoutes<true>();
  routes.put(endpoint.seq, routeOf(endpoint), true);
  return (event) =>
    (type === undefined || event.type === type) &&
    event.type !== TEST_EVENT_TYPE &&
    routes.match(event.type, event.tenant, () => dataOf(event)).length > 0;
}

function dataOf({ contentType, body }: StoredEvent): unknown {
  if (contentType !== null) return undefined;
  const { bytes, dataStart } = body;
  const data = bytes.subarray(dataStart, bytes.length - 1);
  return JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.length).toString());
}

function rehearse(
  { store, dispatcher }: ReplayNeeds,
  { seq }: Endpoint,
  events: readonly StoredEvent[],
): ReturnType<OfficeStore["rehearseAgain"]> {
  const eventSeqs = events.map((event) => event.seq);
  return store.rehearseAgain(seq, eventSeqs, dispatcher.isInFlight);
}

async function deliver(
  { store, dispatcher, ids, clock }: ReplayNeeds,
  endpoint: Endpoint,
  events: readonly StoredEvent[],
): ReturnType<OfficeStore["deliverAgain"]> {
  // A commit costs a wait for the disk, also where nothing is in it.
  if (events.length === 0) return [];
  const hold = holdAt(endpoint);
  const entries = events.map(({ seq, orderingKey }) => {
    const id = ids.next("dlv");
    const delivery = { id, endpointSeq: endpoint.seq, hold, orderingKey, isTest: false };
    return { eventSeq: seq, delivery };
  });
  try {
    return await store.deliverAgain(entries, clock.nowMs(), dispatcher.isInFlight);
  } finally {
    // Also where the answer got lost: what was committed is due, and nobody else knows of it.
    dispatcher.wake(endpoint.seq);
  }
}
