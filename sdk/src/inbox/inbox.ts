import type { Answer } from "../verify/error.ts";

/** The one row of an event at one receiver. `endpoint` is the receiver's own name for its route. */
export interface InboxKey {
  readonly endpoint: string;
  readonly id: string;
}

/** An event as it arrives. */
export interface InboxEntry extends InboxKey {
  readonly type: string;
  /** Lower-case hex SHA-256 of the body; null where retries may change it, and equal ids are then equal events. */
  readonly bodySha256: string | null;
  readonly nowMs: number;
  readonly sequence: { readonly stream: string; readonly number: number } | null;
}

/** What `deferred` mode keeps beside it until the event is handled. */
export interface StoredEntry extends InboxEntry {
  readonly orderingKey: string | null;
  readonly body: Uint8Array;
  /** The whole request, so that a worker can rebuild the delivery after a restart. */
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly headers: readonly (readonly [string, string])[];
  };
}

export type Claim =
  /** This caller handles it; `attempt` counts from 1, failed ones included. */
  | { readonly kind: "claimed"; readonly attempt: number }
  /** Handled before; the answer that was given then, if one was kept. */
  | { readonly kind: "done"; readonly answer: Answer | null }
  /** Stored and waiting for its worker (`deferred` mode). */
  | { readonly kind: "pending" }
  /** Given up: in the dead letters, for a person. */
  | { readonly kind: "dead" }
  /** The id is known with other bytes. */
  | { readonly kind: "conflict" }
  /** Another caller is at it and did not end within the inbox's lock limit. */
  | { readonly kind: "busy"; readonly retryAfterMs: number };

/** How a claimed event ended well. `answer` is kept for duplicates: at most 4 KiB of body, no header but content-type. */
export interface Finished {
  readonly status: "done" | "ignored";
  readonly answer: Answer | null;
  readonly nowMs: number;
}

export interface Failure {
  /** The error's text, cut to 2,000 characters. Never the payload. */
  readonly error: string;
  readonly nowMs: number;
  /** When a worker tries again; null where the sender's retry does, or nobody. */
  readonly dueAtMs: number | null;
  /** Into the dead letters: it is not claimed again before somebody redrives it. */
  readonly isDead: boolean;
}

export interface LeaseRequest {
  readonly endpoint: string;
  readonly limit: number;
  readonly nowMs: number;
  readonly leaseMs: number;
  /** Unique to this worker's turn: whoever lost the lease is recognised by it. */
  readonly token: string;
}

export interface LeasedEntry extends StoredEntry {
  readonly attempt: number;
  readonly token: string;
}

export interface DeadLetter extends InboxKey {
  readonly type: string;
  readonly attempts: number;
  readonly error: string;
  readonly receivedAtMs: number;
  readonly diedAtMs: number;
  /** Null where the body is not kept (`inline` mode: the sender has it). */
  readonly body: Uint8Array | null;
}

export interface DeadLetterQuery {
  readonly endpoint: string;
  readonly limit: number;
  /** The id of the last one of the page before. */
  readonly after: string | null;
}

/**
 * What an application's database must do so that an event has its effects once. Each store passes the same conformance suite
 * (`sdk/test/support/inbox-conformance.ts`).
 *
 * `transactional`: the claim, the handler's own writes and the end are one transaction on the application's handle. A crash
 * anywhere undoes all of it, and the sender's retry starts clean; there is no lease to lose.
 */
export interface TransactionalInbox<Tx> {
  readonly guarantee: "transactional";
  /** The statements that make the table, safe to run again. */
  readonly ddl: readonly string[];
  /** Runs them. */
  migrate(): Promise<void>;
  /**
   * Commits what `work` did, or undoes it where `work` rejects, and passes the rejection on. Undone as well, with `work`'s
   * answer passed on, where a claim in it was busy. Rejects with `WebhookError` `BUSY` where the database cannot even begin
   * within the lock limit (SQLite: one writer at a time).
   */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Makes the row or takes up a failed one, holding its lock until the transaction ends. */
  claim(tx: Tx, entry: InboxEntry): Promise<Claim>;
  finish(tx: Tx, key: InboxKey, end: Finished): Promise<void>;
  /** In a transaction of its own, after the claim's was undone: notes the failed attempt. The row stays claimable unless dead. */
  fail(entry: InboxEntry, failure: Failure): Promise<void>;

  /** `deferred` mode: keeps the event durably, for a worker. Answers `claimed` for a new one, or what it is already. */
  store(entry: StoredEntry): Promise<Claim>;
  /**
   * Takes up to `limit` due events for `leaseMs`: those that have been due the longest, in the order of their coming, at most one
   * of each ordering key, and none whose key has an earlier event that is neither done nor dead. Leases that ran out are taken
   * anew. A lease counts as an attempt, so that an event that ends its process is not tried forever.
   */
  lease(request: LeaseRequest): Promise<LeasedEntry[]>;
  /** In the handler's transaction, before the handler: locks the leased row. False where the lease went to somebody else. */
  take(tx: Tx, key: InboxKey, token: string): Promise<boolean>;
  /** The leased event failed: `dueAtMs` says when it is due again. Does nothing where the lease went to somebody else. */
  release(key: InboxKey, token: string, failure: Failure): Promise<void>;

  deadLetters(query: DeadLetterQuery): Promise<DeadLetter[]>;
  /** Due again at once, attempts counted from 0. False where no such dead letter is. */
  redrive(key: InboxKey, nowMs: number): Promise<boolean>;
  /** Ends it for good, as handled. False where no such dead letter is. */
  discard(key: InboxKey, why: string, nowMs: number): Promise<boolean>;
  /** Which of these ids are known, and how far: for reconciliation. */
  statusOf(endpoint: string, ids: readonly string[]): Promise<ReadonlyMap<string, InboxStatus>>;
  /** Forgets what was done, ignored or discarded before; returns how many. Dead and waiting ones stay. */
  prune(beforeMs: number): Promise<number>;
}

export type InboxStatus = "pending" | "failed" | "done" | "ignored" | "dead";

/**
 * `suppression`: no transaction can span this store and the application's. Duplicates are suppressed while the store remembers
 * them; a crash between a handler's effect and `finish` repeats the effect. Handlers get no `tx`, and the types say so.
 */
export interface SuppressionInbox {
  readonly guarantee: "suppression";
  /** Takes the id for `leaseMs`, which must be longer than a handler may take. */
  claim(
    entry: InboxEntry,
    lease: { readonly token: string; readonly leaseMs: number },
  ): Promise<Claim>;
  /** Nothing happens where the lease went to somebody else. */
  finish(key: InboxKey, token: string, end: Finished): Promise<void>;
  /** Free for the sender's retry at once, or kept as dead. */
  fail(entry: InboxEntry, token: string, failure: Failure): Promise<void>;
  statusOf(endpoint: string, ids: readonly string[]): Promise<ReadonlyMap<string, InboxStatus>>;
}

export type Inbox<Tx> = TransactionalInbox<Tx> | SuppressionInbox;
