/** What work rooms ask of the machine, and of each other. What they ask of the store is in stores.ts. */
import type { EventType, Scope } from "./application.ts";
import type { Delivery } from "./delivery.ts";
import type { Problem } from "./errors.ts";
import type { AcceptedDelivery, DueEvent } from "./stores.ts";

/** Two clocks in one, because a wall clock may be set back. */
export interface Clock {
  /** Milliseconds since 1970 that never go backwards while the process lives: for everything that is due or ordered. */
  nowMs(): number;
  /** What the calendar says now: for signatures, which a receiver compares with its own calendar. */
  wallMs(): number;
}

export interface Chance {
  /** In [0, 1). */
  fraction(): number;
  bytes(count: number): Uint8Array;
}

export interface Timers {
  /** After the input and output that is ready now: `setImmediate`. */
  soon(run: () => void): void;
  /** Once, not before `delayMs`. Returns how to call it off. */
  after(delayMs: number, run: () => void): () => void;
}

export interface Log {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Encrypts what must be readable again: endpoint secrets and credentials. `owner` is bound in, so a box fits one row only. */
export interface Vault {
  seal(owner: string, text: string): Uint8Array;
  open(owner: string, sealed: Uint8Array): string;
}

/** Slow on purpose, so that a stolen file costs years of guessing. Off the loop; one at a time, since each takes 19 MiB. */
export interface Passwords {
  hash(password: string): Promise<string>;
  /** False for any hash that is not ours, too. */
  isRight(password: string, hash: string): Promise<boolean>;
}

/** What changed, told after the commit and never before. Watchers are few and must be quick. */
export interface Change {
  /** `changed`: an operator's doing, or a transition's. */
  readonly kind: "accepted" | "attempted" | "changed";
  readonly deliveryId: string;
  readonly endpointSeq: number;
  readonly state: Delivery["state"];
  readonly eventId: string;
  readonly eventType: string;
  readonly attemptCount: number;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly dueAtMs: number | null;
  /** The attempt whose ending it is; null for other kinds. */
  readonly attempt: { readonly atMs: number; readonly durationMs: number } | null;
}

/** Who is asking, as the api room found out. */
export interface Caller {
  readonly kind: "key" | "local" | "session";
  readonly applicationSeq: number | null;
  readonly scopes: readonly Scope[];
  readonly keySeq: number | null;
  /** The session of somebody at the page; null for keys and the local socket. */
  readonly session: SessionCaller | null;
}

/** Somebody at the page. `isFresh`: gave the password within the last ten minutes. */
export interface SessionCaller {
  readonly id: string;
  readonly accountId: string;
  readonly accountName: string;
  readonly isFresh: boolean;
}

/** The delivery engine, as the rooms see it that bring it work or change its endpoints. */
export interface Dispatcher {
  /** Deliveries that were just committed: sent at once where there is room, read again from the store where there is none. */
  admit(admissions: readonly Admission[]): void;
  /** Something of this endpoint may be due now, or earlier than was known. */
  wake(endpointSeq: number): void;
  /**
   * The endpoint's settings, secrets or state changed, a transition was begun, it was removed, or some of its deliveries were
   * cancelled: what is ready in memory is read anew. Call it after the directory knows.
   */
  endpointChanged(endpointSeq: number): void;
  /** From the beginning of an attempt until its record is committed. */
  isInFlight(deliverySeq: number): boolean;
  /** Attempts under way and deliveries ready in memory, of one endpoint or of all (null). */
  load(endpointSeq: number | null): { inFlight: number; ready: number };
}

/** A delivery with its body in the shape that its endpoint wants, so that it need not be read back. */
export interface Admission {
  readonly delivery: AcceptedDelivery;
  readonly eventSeq: number;
  readonly event: DueEvent;
}

/** An event on its way in, checked for form by the api room. */
export interface IncomingEvent {
  readonly applicationSeq: number;
  readonly type: string;
  readonly tenant: string | null;
  /** The producer's own id, or null to be given one. */
  readonly id: string | null;
  /** Null: when it is accepted. */
  readonly occurredAtMs: number | null;
  readonly orderingKey: string | null;
  readonly idempotencyKey: string | null;
  /** Null for JSON; else the bytes of `data` go out as they are under this Content-Type. */
  readonly contentType: string | null;
  /** The exact bytes: the JSON text of `data`, or the raw body. */
  readonly data: Uint8Array;
  /** `data` parsed; undefined for raw bodies. */
  readonly value: unknown;
}

export type IngestAnswer =
  | {
      readonly kind: "accepted" | "repeated";
      readonly eventId: string;
      readonly deliveryCount: number;
    }
  | { readonly kind: "conflict"; readonly message: string };

export interface Ingest {
  /**
   * Resolves after the commit, answers in order. Rejects with AppError: `backlog_full`, `unavailable` (nothing was written), or
   * `schema_violation` and `invalid_request` with one problem per fault, before anything was written.
   */
  accept(events: readonly IncomingEvent[]): Promise<IngestAnswer[]>;
  /** One event for one endpoint only, whatever it subscribes to; a test is sent even while the endpoint is paused, and not retried. */
  acceptTest(endpointSeq: number): Promise<{ eventId: string; deliveryId: string }>;
  /** An event of the daemon's own, routed like any other; only patterns that begin with `posthorn.` match it. */
  acceptNotice(applicationSeq: number, type: string, value: object): Promise<void>;
  /** The backlog was counted anew: what was accepted before is part of it now. */
  backlogCounted(): void;
}

/**
 * JSON Schema (draft 2020-12) behind deadlines. A schema is a program that somebody else wrote: it may take exponential time
 * or all memory there is, and must cost nobody but its own event type. Both reject with AppError `backlog_full` where too
 * much waits, and `unavailable` where nothing can be checked now.
 */
export interface SchemaChecker {
  /** Why the schema can't be used, in one sentence; null where it can. */
  problemOf(applicationSeq: number, schema: unknown): Promise<string | null>;
  /**
   * What is wrong with the data by the type's schema; empty for nothing. Each event has 250 ms. A schema that did not decide
   * in them is a problem of its own: events of its type are refused at once then, for a minute or until the type is put anew.
   */
  problemsWith(type: EventType, data: Uint8Array): Promise<readonly Problem[]>;
}

/** Who wants to know of changes after their commit. Returns how to stop. */
export interface Feed {
  /** False when nobody watches: the changes need not even be written down. */
  isWatched(): boolean;
  publish(changes: readonly Change[]): void;
  subscribe(watch: (changes: readonly Change[]) => void): () => void;
}
