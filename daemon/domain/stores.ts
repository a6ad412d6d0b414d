/** What work rooms ask of the store: batch-shaped and asynchronous, so that another database can stand behind them one day. */
import type { ApiKey, Application, EventType } from "./application.ts";
import type { Outcome } from "./attempt.ts";
import type { MotionStore } from "./motion-store.ts";
import type { Delivery, Settlement } from "./delivery.ts";
import type {
  DisabledReason,
  Endpoint,
  EndpointHealth,
  EndpointSecret,
  EndpointSettings,
  EndpointState,
  ProfileKind,
  Transition,
} from "./endpoint.ts";
import type { Event, EventBody } from "./event.ts";

export interface NewDelivery {
  readonly id: string;
  readonly endpointSeq: number;
  /** `held` where the endpoint is not active; the store may hold a `pending` one back for order's sake. */
  readonly hold: "paused" | "disabled" | null;
  readonly orderingKey: string | null;
  readonly isTest: boolean;
}

export interface NewEvent {
  readonly event: Omit<Event, "seq">;
  readonly body: EventBody;
  /** Bodies for matching endpoints whose profile has another envelope than `standard`. */
  readonly variants: readonly { readonly shape: ProfileKind; readonly bytes: Uint8Array }[];
  readonly deliveries: readonly NewDelivery[];
  /** Null only where the daemon made the event's id: such an id is not looked for, and there twice it fails the whole batch. */
  readonly idempotency: IdempotencyClaim | null;
}

/** The same key with the same fingerprint is answered with the first answer; with another fingerprint it is a conflict. */
export interface IdempotencyClaim {
  readonly key: string;
  /** SHA-256 over everything that makes the request what it is. */
  readonly fingerprint: Uint8Array;
}

export interface AcceptedDelivery {
  readonly seq: number;
  readonly id: string;
  readonly endpointSeq: number;
  readonly isPending: boolean;
  readonly orderingKey: string | null;
  readonly isTest: boolean;
}

export type Accepted =
  | {
      readonly kind: "accepted";
      readonly eventSeq: number;
      readonly eventId: string;
      readonly deliveries: readonly AcceptedDelivery[];
    }
  /** The same request came before: this is what it was answered with. */
  | { readonly kind: "repeated"; readonly eventId: string; readonly deliveryCount: number }
  | { readonly kind: "conflict"; readonly message: string };

/** Why the store can't commit now. Nothing of the batch was written. */
export type StoreTrouble = "disk_full" | "read_only" | "io_error";

/** Thrown by every writing method when nothing could be committed. Retrying later is right; nothing was written. */
export class StoreUnavailable extends Error {
  readonly trouble: StoreTrouble;
  constructor(trouble: StoreTrouble, cause: unknown) {
    super(`expected the database to take a write, got ${trouble}`, { cause });
    this.name = "StoreUnavailable";
    this.trouble = trouble;
  }
}

export interface EventStore {
  /** All of the batch in one durable commit, answered one by one in order. Rejects with `StoreUnavailable` when none was written. */
  acceptEvents(batch: readonly NewEvent[]): Promise<Accepted[]>;
}

/** A delivery that may be attempted, with all that its request is made of. */
export interface DueDelivery {
  readonly seq: number;
  readonly id: string;
  readonly endpointSeq: number;
  readonly eventSeq: number;
  readonly attemptCount: number;
  readonly tableStart: number;
  readonly orderingKey: string | null;
  readonly isTest: boolean;
  readonly event: DueEvent;
}

/** What a request needs of its event; shared by the event's deliveries while they are in memory. */
export interface DueEvent {
  readonly id: string;
  readonly type: string;
  readonly occurredAtMs: number;
  readonly contentType: string | null;
  /** Where `shape` is not the one asked for, that body was never made (the profile is newer than the event) and this is the event's own. */
  readonly body: Uint8Array;
  readonly dataStart: number;
  readonly shape: ProfileKind | "raw";
}

export interface AttemptRecord {
  readonly deliverySeq: number;
  readonly deliveryId: string;
  readonly endpointSeq: number;
  readonly attemptId: string;
  readonly number: number;
  readonly startedAtMs: number;
  readonly outcome: Outcome;
  /** Header lines as sent, `name: value` each, credentials masked. */
  readonly requestHeaders: string;
  /** The body, where it was made for this attempt and has to be kept with the event; null where it is kept already. */
  readonly variant: {
    readonly eventSeq: number;
    readonly shape: ProfileKind;
    readonly bytes: Uint8Array;
  } | null;
  readonly settlement: Settlement;
  readonly orderingKey: string | null;
}

/** An endpoint's health (and verdict) after the attempts of one batch; absent where nothing changed. */
export interface HealthRecord {
  readonly endpointSeq: number;
  readonly health: EndpointHealth;
  readonly disables: DisabledReason | null;
}

/** Deliveries that may go now because the one before them, in their ordering key, has ended. */
export interface Released {
  readonly endpointSeq: number;
  readonly dueAtMs: number;
}

/** Which due deliveries of an endpoint are to be read. */
export interface DueQuery {
  readonly endpointSeq: number;
  readonly shape: ProfileKind;
  readonly nowMs: number;
  readonly limit: number;
  readonly bytesMax: number;
  /** Rows in memory already; they are left out. */
  readonly except: ReadonlySet<number>;
}

export interface DeliveryStore {
  /** Endpoints with pending deliveries and when the earliest of each is due. Read once, at start. */
  pendingLanes(): Promise<{ endpointSeq: number; dueAtMs: number; count: number }[]>;
  /** The earliest due first, by (due_at_ms, seq). `limit` rows or `bytesMax` of bodies, whichever is reached first (at least one row). */
  dueDeliveries(query: DueQuery): Promise<DueDelivery[]>;
  /** When the endpoint's earliest pending delivery is due that is not in `except`; null for none. */
  nextDueAtMs(endpointSeq: number, except: ReadonlySet<number>): Promise<number | null>;
  /** All in one durable commit. A delivery that an operator cancelled meanwhile keeps that state, unless it was delivered. */
  recordAttempts(
    attempts: readonly AttemptRecord[],
    health: readonly HealthRecord[],
    nowMs: number,
  ): Promise<Released[]>;
  /**
   * Nothing may be due later than `latestMs`: what is, becomes due then. For the start after a calendar that was wrong and
   * set back, when a retry of seconds would otherwise wait for the hours between.
   */
  pullForward(endpointSeq: number, latestMs: number): Promise<void>;
  /** One chunk of an endpoint's transition; when `isDone` the stored transition is cleared in the same commit. */
  moveHeld(query: MoveQuery): Promise<{ moved: number; isDone: boolean }>;
}

/**
 * What of the deliveries' store is done beside the daemon's own thread, where there is much of it: reading what is due, and recording
 * plain successes, which are nearly all there are then. It does one thing after the other, in the order in which it was asked.
 */
export interface SideStore {
  /** Fewer deliveries than this at once are better read or recorded through the other store: handing them over takes as long. */
  readonly batchMin: number;
  /** Whether it takes this one now: nothing but the attempt, its delivery's state and the counts is to be written for it. */
  takes(record: AttemptRecord): boolean;
  /** As `recordAttempts`, of such records alone, and without an endpoint's health. One batch at a time. */
  recordSuccesses(successes: readonly AttemptRecord[], nowMs: number): Promise<void>;
  /**
   * As the other store's; null where it can't be asked now. What it answers was so at some moment since it was asked: whoever
   * changes one of these rows meanwhile has to leave it out of the answer.
   */
  dueDeliveries(query: DueQuery): Promise<DueDelivery[]> | null;
  /** Ends what it runs in, after the last batch. */
  stop(): Promise<void>;
}

export interface MoveQuery {
  readonly endpointSeq: number;
  readonly transition: Transition;
  /** What deliveries are held for, where the transition is `hold`. */
  readonly hold: "paused" | "disabled";
  readonly limit: number;
  /** When released deliveries are due. */
  readonly nowMs: number;
}

export interface Page<Row> {
  /** Fewer than the limit, even none, where filters let little through: then `next` goes on looking. */
  readonly rows: readonly Row[];
  /** Where the next page starts, to be handed back as `after`; null at the end. */
  readonly next: string | null;
}

export interface PageQuery {
  readonly limit: number;
  /** From a previous page's `next`; null for the newest. A cursor that can't be read rejects with AppError `invalid_cursor`. */
  readonly after: string | null;
}

export interface EventQuery extends PageQuery {
  readonly applicationSeq: number;
  readonly type?: string;
  readonly tenant?: string;
  /** When it was accepted: from this instant, and before that one. */
  readonly fromMs?: number;
  readonly toMs?: number;
  /** A piece of text in its id, type, tenant, ordering key or body; A to Z stand for a to z as well. */
  readonly text?: string;
}

/**
 * Newest first, with two exceptions: one event's deliveries go by their endpoints, and `pending` ones by when they are due, the next
 * one first.
 */
export interface DeliveryQuery extends PageQuery {
  readonly applicationSeq: number;
  readonly eventSeq?: number;
  readonly endpointSeq?: number;
  readonly state?: Delivery["state"];
  readonly type?: string;
  readonly tenant?: string;
  /** When it was made, or (without event, endpoint or a state to look for) when its event was accepted. `toMs` is past the end. */
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly lastError?: string;
  /** What the last attempt was answered with; `none` where one was made and none came. */
  readonly lastStatus?: StatusSpan | "none";
  readonly isTest?: boolean;
  /** A piece of text in what its list shows (ids, type, tenant, ordering key, last error) or in its event's body. */
  readonly text?: string;
}

/** Both ends included. */
interface StatusSpan {
  readonly from: number;
  readonly to: number;
}

/** A delivery with what lists show of its event. */
export interface DeliveryRow extends Delivery {
  readonly eventId: string;
  readonly eventType: string;
  readonly tenant: string | null;
}

export interface AttemptRow {
  readonly id: string;
  readonly number: number;
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly status: number | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly requestHeaders: string;
  readonly responseHeaders: string | null;
  readonly responseExcerpt: Uint8Array | null;
  readonly isResponseCut: boolean;
}

/** Counts since the endpoint was made; kept with each commit, never counted over history. */
export interface EndpointCounts {
  readonly pending: number;
  readonly held: number;
  readonly delivered: number;
  readonly exhausted: number;
  readonly cancelled: number;
  readonly attempts: number;
  readonly failedAttempts: number;
}

/** Lets everybody else have a turn where it is time for that. */
export type Rest = () => Promise<void>;

/** `rest` is called between two steps of a long look; without it the loop stands still to the end. */
export interface ReadStore {
  events(query: EventQuery, rest?: Rest): Promise<Page<Event & { deliveryCount: number }>>;
  event(
    applicationSeq: number,
    id: string,
  ): Promise<(Event & { body: EventBody; deliveryCount: number }) | null>;
  /** The event's body in a shape that was made beside its own; null where none was. */
  variant(eventSeq: number, shape: ProfileKind): Promise<Uint8Array | null>;
  deliveries(query: DeliveryQuery, rest?: Rest): Promise<Page<DeliveryRow>>;
  delivery(applicationSeq: number, id: string): Promise<DeliveryRow | null>;
  attempts(deliverySeq: number): Promise<AttemptRow[]>;
  counts(endpointSeq: number): Promise<EndpointCounts>;
  totals(): Promise<EndpointCounts & { events: number }>;
  /** How many deliveries are pending or held, by the number of their application; one of which none waits may be missing. */
  waitingByApplication(): Promise<ReadonlyMap<number, number>>;
  /** Sizes for the operator: the file, its log beside it, and each table's rows where that is cheap to know. */
  size(): Promise<{ databaseBytes: number; walBytes: number; freeBytes: number }>;
}

export interface OfficeStore extends MotionStore {
  applications(): Promise<Application[]>;
  createApplication(application: Omit<Application, "seq">): Promise<Application>;

  keys(applicationSeq: number | null | "all"): Promise<ApiKey[]>;
  createKey(key: Omit<ApiKey, "seq">): Promise<ApiKey>;
  revokeKey(id: string, atMs: number): Promise<ApiKey | null>;
  /** Batched: when keys were last used. */
  touchKeys(used: readonly { seq: number; atMs: number }[]): Promise<void>;

  eventTypes(applicationSeq: number | "all"): Promise<EventType[]>;
  putEventType(type: EventType): Promise<void>;
  deleteEventType(applicationSeq: number, name: string): Promise<boolean>;

  endpoints(): Promise<Endpoint[]>;
  /** Those whose deletion was begun and not ended; costs nothing where there are none. */
  endpointsToDelete(): Promise<Endpoint[]>;
  createEndpoint(endpoint: Omit<Endpoint, "seq">): Promise<Endpoint>;
  updateEndpoint(seq: number, change: EndpointChange): Promise<Endpoint>;
  /** The endpoint goes; its deliveries that are not final are cancelled in chunks before that. */
  deleteEndpoint(seq: number): Promise<void>;

  /** One chunk of events for `replay`: those of the application in the time span, with matching data read by the caller. */
  eventsForReplay(query: {
    applicationSeq: number;
    fromMs: number;
    toMs: number;
    afterSeq: number;
    limit: number;
  }): Promise<(Event & { body: EventBody })[]>;
  /**
   * Deliveries for events that were accepted earlier, in one durable commit, answered one by one in order: made where the pair has
   * none, resent where it is final. `gone`: event or endpoint are. One under way is waiting, whatever its row says: its record may
   * have been written beside the loop, which does not know it yet.
   */
  deliverAgain(
    entries: readonly { readonly eventSeq: number; readonly delivery: NewDelivery }[],
    nowMs: number,
    isUnderWay?: (deliverySeq: number) => boolean,
  ): Promise<("created" | "resent" | "waiting" | "gone")[]>;
  /** What `deliverAgain` would answer for these events, and nothing is written. */
  rehearseAgain(
    endpointSeq: number,
    eventSeqs: readonly number[],
    isUnderWay?: (deliverySeq: number) => boolean,
  ): Promise<("created" | "resent" | "waiting")[]>;
}

export interface EndpointChange {
  readonly settings?: EndpointSettings;
  readonly state?: EndpointState;
  readonly disabledReason?: DisabledReason | null;
  readonly transition?: Transition | null;
  readonly health?: EndpointHealth;
  readonly secrets?: readonly EndpointSecret[];
  readonly sealedAuth?: Uint8Array | null;
  readonly atMs: number;
}

export interface UpkeepStore {
  /** Forget events accepted before `beforeMs` whose deliveries are all final, with all that hangs on them: looks at `limit` events after `afterSeq`. */
  forgetEvents(query: {
    beforeMs: number;
    afterSeq: number;
    limit: number;
  }): Promise<{ forgotten: number; next: number | null }>;
  /** By age, except those that stand for a producer's own event id: they are forgotten with the event. */
  forgetIdempotencyKeys(beforeMs: number, limit: number): Promise<number>;
  /** Give pages back to the file system, at most `pagesMax`. Returns how many. */
  vacuum(pagesMax: number): Promise<number>;
  /** A consistent copy while the daemon runs. */
  backup(path: string): Promise<void>;
  /** A write that changes nothing that matters: tells whether commits work. Resolves with null, or the trouble. */
  probe(): Promise<StoreTrouble | null>;
}
