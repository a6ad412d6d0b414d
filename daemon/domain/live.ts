/** The frames of the live feed, `/v1/live`: JSON objects with `t` for their kind. Times are RFC 3339. */

/** What a watcher may ask for. */
export const LIVE_TOPICS = ["totals", "deliveries", "endpoints"] as const;
export type LiveTopic = (typeof LIVE_TOPICS)[number];

export interface LiveTotals {
  readonly pending: number;
  readonly held: number;
  readonly in_flight: number;
  readonly oldest_waiting_at: string | null;
}

export interface LiveFlow {
  readonly accepted: number;
  readonly delivered: number;
  readonly failed: number;
}

export interface LiveDelivery {
  readonly id: string;
  readonly event_id: string;
  readonly event_type: string;
  readonly endpoint_id: string;
  readonly state: string;
  readonly attempt_count: number;
  readonly last_status: number | null;
  readonly last_error: string | null;
  readonly due_at: string | null;
}

export interface LiveCell {
  readonly at: string;
  readonly outcome: "delivered" | "failed" | "exhausted" | "blocked";
  readonly duration_ms: number;
  readonly status: number | null;
  readonly delivery_id: string;
}

export interface LiveEndpoint {
  readonly id: string;
  readonly state: string;
  readonly waiting: number;
  readonly held: number;
  /** Cells that are new since the frame before. */
  readonly strip: readonly LiveCell[];
}

/** Something that was made, changed or deleted, by whoever: it has to be asked for anew where it is shown. */
export interface LiveObject {
  readonly kind: "endpoint" | "event_type";
  readonly id: string;
}

export type ServerFrame =
  | {
      readonly t: "hello";
      /** Changes with each build of the page: another one than the page's own means that it is out of date. */
      readonly build: string;
      /** Changes with each start of the daemon: numbers of one epoch mean nothing in another. */
      readonly epoch: string;
      readonly seq: number;
      readonly server_time: string;
      readonly ping_ms: number;
    }
  | {
      readonly t: "snapshot";
      readonly seq: number;
      readonly totals: LiveTotals;
      readonly last_minute: LiveFlow;
    }
  | LiveDelta
  /** What was missed can't be told any more: ask the API anew. A snapshot follows. */
  | { readonly t: "reset" }
  | { readonly t: "pong" };

export interface LiveDelta {
  readonly t: "delta";
  readonly seq: number;
  readonly at: string;
  readonly totals?: LiveTotals;
  readonly last_minute?: LiveFlow;
  /** Since the frame before. */
  readonly flow?: LiveFlow;
  /** The newest of those that changed, each once with its last state. */
  readonly deliveries?: readonly LiveDelivery[];
  /** How many more changed. */
  readonly omitted?: number;
  readonly endpoints?: readonly LiveEndpoint[];
  readonly objects?: readonly LiveObject[];
}

export type ClientFrame =
  | {
      readonly t: "subscribe";
      readonly topics: readonly LiveTopic[];
      /** An application's id; needed by callers that have none of their own. Default: `default`. */
      readonly app?: string;
      readonly epoch?: string;
      readonly since?: number;
    }
  | { readonly t: "ping" };

/** Why the daemon ended a connection; RFC 6455 leaves 4000 to 4999 to applications. */
export const LIVE_CLOSE = { badFrame: 4400, signedOut: 4401, slow: 4408, full: 4429 } as const;
