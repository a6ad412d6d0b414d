import type { DeadLetter, DeadLetterQuery } from "../inbox/inbox.ts";
import type { Delivery } from "../verify/delivery.ts";
import type { Answer } from "../verify/error.ts";
import type { RawRequest } from "../verify/request.ts";
import type { WebhookError } from "../verify/webhook-error.ts";

/** What became of one request. */
export type Outcome =
  | "handled"
  | "duplicate"
  | "stored" // `deferred`: durable, a worker handles it
  | "ignored" // no handler for its type
  | "handshake"
  | "dead" // parked for a person; the sender is told to stop
  | "refused"
  | "failed"; // the sender is to try again

export interface Handled {
  readonly outcome: Outcome;
  readonly answer: Answer;
  readonly error: WebhookError | null;
  /** Null where the request was refused before an id was known. */
  readonly id: string | null;
}

/** What the adapter knows of the connection. */
export interface RequestInfo {
  /** The peer's address, or what a trusted proxy says it is. Needed where an address list is set. */
  readonly remoteAddress?: string | undefined;
  /**
   * Why the adapter has no body to give (longer than `bodyBytesMax`, eaten by a parser). The receiver checks nothing then:
   * the error goes to its hooks and `toAnswer()` to the sender, so that no refusal goes unseen.
   */
  readonly refusal?: WebhookError | undefined;
}

/** What a handler may answer; kept, and given again to duplicates. */
export interface HandlerResult {
  readonly status?: number;
  readonly body?: string;
  readonly contentType?: string;
}

interface ContextBase {
  /** Aborted when the handler's time is over; what it does after that does not count. */
  readonly signal: AbortSignal;
  /** From 1; counts failed attempts of this receiver, not of the sender. */
  readonly attempt: number;
}

/** `tx` is the inbox's own transaction: what is written through it is there exactly if the event counts as handled. */
export type HandlerContext<Tx> = [Tx] extends [never]
  ? ContextBase
  : ContextBase & { readonly tx: Tx };

export type Handler<E, Tx> = (
  delivery: Delivery<E>,
  context: HandlerContext<Tx>,
) => HandlerResult | void | Promise<HandlerResult | void>;

/** `invoice.*` matches any type that begins with `invoice.`; `*` matches all. The most specific handler gets the event. */
export type Pattern = `${string}.*` | "*";

export interface Receiver<Events, Fallback, Tx> {
  /** Throws `CONFIG_INVALID` for a type or pattern that has a handler already. */
  on<K extends keyof Events & string>(
    type: K | readonly K[],
    handler: Handler<Events[K], Tx>,
  ): Receiver<Events, Fallback, Tx>;
  on(
    type: Pattern | (string & {}) | readonly (Pattern | (string & {}))[],
    handler: Handler<Fallback, Tx>,
  ): Receiver<Events, Fallback, Tx>;
  /** How much of a body an adapter has to read before it may stop: one byte more than this is too large. */
  readonly bodyBytesMax: number;
  /** Never rejects. */
  handle(request: RawRequest, info?: RequestInfo): Promise<Handled>;
  /** For every runtime with Fetch; never rejects. */
  fetch(request: Request, info?: RequestInfo): Promise<Response>;
  /** `deferred` mode only; throws `CONFIG_INVALID` otherwise. */
  worker(options?: WorkerOptions): Worker;
  readonly deadLetters: DeadLetters;
}

export interface WorkerOptions {
  /** How many events at once; default 4. */
  readonly concurrency?: number;
  /** How long an idle worker waits before it looks again; default 1,000. */
  readonly pollMs?: number;
}

export interface Worker {
  start(): void;
  /** Takes nothing new and waits for the handlers under way. */
  stop(): Promise<void>;
  /** Handles what is due now, once; resolves with how many. For tests and for cron-like hosts. */
  runOnce(): Promise<number>;
}

/** Needs a transactional inbox; throws `CONFIG_INVALID` otherwise. */
export interface DeadLetters {
  list(query?: Partial<Omit<DeadLetterQuery, "endpoint">>): Promise<DeadLetter[]>;
  redrive(id: string): Promise<boolean>;
  discard(id: string, why: string): Promise<boolean>;
}
