import type { SigningKey } from "../../sdk/src/wire/secret.ts";
import type { Outcome, Sender } from "../domain/attempt.ts";
import type { Directory } from "../domain/directory.ts";
import type { Endpoint, EndpointAuth } from "../domain/endpoint.ts";
import type { IdMaker } from "../domain/id.ts";
import type { Chance, Clock, Feed, Log, Timers } from "../domain/ports.ts";
import type { AttemptRecord, DeliveryStore, SideStore } from "../domain/stores.ts";

interface EngineLimits {
  readonly concurrencyMax: number;
  readonly windowBytesMax: number;
}

export interface EngineNeeds {
  readonly store: DeliveryStore;
  /** Null: all is read and recorded through `store`. */
  readonly side: SideStore | null;
  readonly sender: Sender;
  readonly directory: Directory;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly timers: Timers;
  readonly ids: IdMaker;
  readonly feed: Feed;
  readonly log: Log;
  readonly limits: EngineLimits;
  readonly userAgent: string;
  readonly keysOf: (endpoint: Endpoint, wallMs: number) => readonly SigningKey[];
  readonly authOf: (endpoint: Endpoint) => EndpointAuth | null;
  /** The extra headers with their values; in the endpoint's settings these are sealed. */
  readonly headersOf: (endpoint: Endpoint) => Readonly<Record<string, string>>;
  /** A batch of ended attempts, told after their commit: for statistics. */
  readonly onAttemptsRecorded: (attempts: readonly AttemptRecord[]) => void;
  /** Told of each ended attempt, for metrics. */
  readonly onAttempt: (outcome: Outcome) => void;
  /** An answer, or days of failures, disabled the endpoint; told after the commit. */
  readonly onEndpointDisabled: (endpoint: Endpoint) => void;
  /** Told after the commit, for metrics. */
  readonly onDeliveryEnded: (state: "delivered" | "exhausted") => void;
}
