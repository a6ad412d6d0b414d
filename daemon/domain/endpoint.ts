import type { BackoffPreset } from "./backoff.ts";
import { BACKOFF_PRESETS_MS } from "./backoff.ts";

/** `active` sends; `paused` (an operator's wish) and `disabled` (a verdict, with a reason) hold what arrives. */
export type EndpointState = "active" | "paused" | "disabled";

/** Why an endpoint is disabled. */
export type DisabledReason =
  | "operator" // by API, CLI or page
  | "gone" // it answered 410
  | "receiver_control" // it answered `webhook-delivery: disable`
  | "only_failures"; // nothing but failures for `autoDisableDays`

/**
 * What is being done to deliveries that an endpoint's change concerns. It is stored with the change and worked off in
 * chunks, so that pausing an endpoint with a million waiting deliveries neither blocks the daemon nor is lost in a crash.
 */
export type Transition =
  | "hold" // pending deliveries become held
  | "release_all" // held ones become pending
  | "release_latest" // of each ordering key only the newest, the others are cancelled
  | "release_none" // all held ones are cancelled
  | "delete"; // all that wait are cancelled, then the endpoint goes; it is in no directory any more

export type ProfileKind = "standard" | "timestamped" | "digest" | "topic";

/** A wire profile and what of it the endpoint has settled differently. */
export interface ProfileChoice {
  readonly kind: ProfileKind;
  /** `<Name>` in header names such as `X-<Name>-Signature`; null for the default. */
  readonly name: string | null;
  /** Header names set one by one, by the profile's own key for each. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Credentials sent with each attempt; kept encrypted at rest. */
export type EndpointAuth =
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | { readonly kind: "bearer"; readonly token: string };

/** The settings that a person makes, all of them; `Endpoint` adds identity and state. */
export interface EndpointSettings {
  readonly url: string;
  readonly description: string;
  /** Subscription patterns: `*`, exact types, `invoice.*`. */
  readonly eventTypes: readonly string[];
  /** Empty (null) takes events of every tenant. */
  readonly tenant: string | null;
  /** A body filter as given, valid by `parseFilter`; null takes every body. */
  readonly filter: unknown;
  readonly profile: ProfileChoice;
  readonly backoff: BackoffPreset | readonly number[];
  /** `transient`: 4xx other than 408, 409, 425 and 429 end the delivery at once. */
  readonly retry: "all" | "transient";
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly concurrencyMax: number;
  /** Attempts per second; null for no limit. */
  readonly ratePerSecond: number | null;
  /** Deliveries with the same ordering key go one after another, in the order of their events. */
  readonly isOrdered: boolean;
  /** Days of only failures after which the endpoint is disabled; null for never. */
  readonly autoDisableDays: number | null;
  readonly headers: Readonly<Record<string, string>>;
  /** PEM of a private certificate authority. */
  readonly ca: string | null;
  readonly verifiesCertificate: boolean;
  /** This endpoint's own egress grants. */
  readonly egressAllow: readonly string[];
}

/** How the endpoint has been doing; changes with attempts, kept in the same commit as they. */
export interface EndpointHealth {
  /** No attempt starts before this; null when it may. Set by 429, 502, 503 and 504. */
  readonly slowedUntilMs: number | null;
  /** When the present slow-down began: successes of older attempts don't end it. */
  readonly slowedSinceMs: number | null;
  /** Throttling answers in a row; decides the next slow-down, and only one probe at a time while above 0. */
  readonly slowCount: number;
  /** When the present run of failures began; null after a success. */
  readonly failingSinceMs: number | null;
  readonly failedInARow: number;
  readonly lastSuccessAtMs: number | null;
  readonly lastFailureAtMs: number | null;
}

export const UNTRIED: EndpointHealth = {
  slowedUntilMs: null,
  slowedSinceMs: null,
  slowCount: 0,
  failingSinceMs: null,
  failedInARow: 0,
  lastSuccessAtMs: null,
  lastFailureAtMs: null,
};

/** A secret as it is stored: sealed. Only the newest has no `expiresAtMs`; older ones sign along until they expire. */
export interface EndpointSecret {
  readonly id: string;
  readonly sealed: Uint8Array;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
}

export interface Endpoint {
  /** The row's number: what deliveries refer to. Never shown. */
  readonly seq: number;
  readonly id: string;
  readonly applicationSeq: number;
  readonly settings: EndpointSettings;
  readonly state: EndpointState;
  readonly disabledReason: DisabledReason | null;
  readonly stateChangedAtMs: number;
  readonly transition: Transition | null;
  readonly health: EndpointHealth;
  /** Newest first. */
  readonly secrets: readonly EndpointSecret[];
  /** Sealed `EndpointAuth` as JSON; null for none. */
  readonly sealedAuth: Uint8Array | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** The delays in milliseconds that the endpoint's choice stands for. */
export function backoffTable(backoff: EndpointSettings["backoff"]): readonly number[] {
  return typeof backoff === "string" ? BACKOFF_PRESETS_MS[backoff] : backoff;
}

/** What an endpoint gets where nothing was said. */
export const ENDPOINT_DEFAULTS = {
  description: "",
  tenant: null,
  filter: null,
  profile: { kind: "standard", name: null, headers: {} },
  backoff: "appliance",
  retry: "all",
  timeoutMs: 15_000,
  connectTimeoutMs: 5_000,
  concurrencyMax: 32,
  ratePerSecond: null,
  isOrdered: false,
  autoDisableDays: 5,
  headers: {},
  ca: null,
  verifiesCertificate: true,
  egressAllow: [],
} as const satisfies Partial<EndpointSettings>;

export const TIMEOUT_MS_MIN = 1_000;
export const TIMEOUT_MS_MAX = 60_000;
export const CONCURRENCY_MAX_MAX = 1_000;
export const RATE_PER_SECOND_MAX = 10_000;
export const AUTO_DISABLE_DAYS_MAX = 365;
export const SECRET_OVERLAP_MS_DEFAULT = 24 * 3_600_000;
export const SECRET_OVERLAP_MS_MAX = 7 * 24 * 3_600_000;
