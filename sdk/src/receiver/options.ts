import type { Inbox, SuppressionInbox, TransactionalInbox } from "../inbox/inbox.ts";
import { systemClock } from "../verify/clock.ts";
import type { Provider } from "../verify/provider.ts";
import { BODY_BYTES_MAX } from "../verify/verify.ts";
import type { Timers } from "../verify/timers.ts";
import { systemTimers } from "../verify/timers.ts";
import type { Network } from "./addresses.ts";
import { parseNetwork } from "./addresses.ts";
import type { RetryPolicy } from "./backoff.ts";
import { DELAYS_MS, JITTER } from "./backoff.ts";
import type { Chance } from "./chance.ts";
import { systemChance } from "./chance.ts";
import { check, checkNames, fail, isIntegerIn, isNumberIn, isOneOf, isRecord } from "./checks.ts";
import type { Hooks } from "./hooks.ts";
import { HOOK_NAMES } from "./hooks.ts";
import type { Rate, RateLimit } from "./rate-limit.ts";
import type { Schemas } from "./schema.ts";
import type { Policy } from "./verdict.ts";

interface CommonOptions<E, S extends Schemas> {
  /** The receiver's own name for its route: events of two endpoints with equal ids are two events. */
  readonly endpoint: string;
  readonly provider: Provider<E>;
  /** Standard Schemas by event type; they give the handlers' types, too. */
  readonly schemas?: S;
  /**
   * An event that has no handler is acknowledged either way. `ack`, the default, keeps nothing of it; `store` keeps its id, so
   * that reconciliation knows it, and in `deferred` mode leaves the decision to the worker.
   */
  readonly onUnknown?: "ack" | "store";
  /** `dead`, the default: parked for a person and answered with 200, as no retry mends a schema. `reject`: 422. */
  readonly onInvalidPayload?: "dead" | "reject";
  readonly rateLimit?: RateLimit;
  /** Addresses and networks (CIDR) that may send. The adapter then has to say who does. */
  readonly allowAddresses?: readonly string[];
  /** Default 1 MiB. */
  readonly bodyBytesMax?: number;
  /** Default 10,000: most senders wait no longer. */
  readonly handlerTimeoutMs?: number;
  /** `deferred` mode: how the worker tries again. */
  readonly retry?: RetryPolicy;
  /** What a duplicate of a handled event is answered. Default 200, with the answer that was given then. */
  readonly duplicates?: 200 | 409;
  /** What the sender of an event is told whose handler threw a `PermanentError`. Default 200. */
  readonly permanentStatus?: number;
  readonly hooks?: Hooks;
  readonly clock?: () => number;
  readonly timers?: Timers;
  readonly chance?: Chance;
}

/**
 * The type of the handlers' `tx` is read from `transaction` alone: the two kinds of inbox have methods of equal names, and the
 * compiler would take what stands first in those of the one for the other's transaction.
 */
type Transactional<Tx> = Pick<TransactionalInbox<Tx>, "transaction"> &
  NoInfer<TransactionalInbox<Tx>>;

interface InlineOptions<Tx> {
  /** Handled before the sender gets its answer. */
  readonly mode?: "inline";
  /** Without one, an event is handled each time that it comes. */
  readonly inbox?: Transactional<Tx> | SuppressionInbox;
}

interface DeferredOptions<Tx> {
  /** Stored, answered with 202, and handled by a worker. */
  readonly mode: "deferred";
  readonly inbox: Transactional<Tx>;
}

export type ReceiverOptions<E, S extends Schemas, Tx> = CommonOptions<E, S> &
  (InlineOptions<Tx> | DeferredOptions<Tx>);

/** The options with nothing left open. */
export interface Settings<Tx> {
  readonly endpoint: string;
  readonly provider: Provider;
  readonly schemas: Schemas;
  readonly inbox: Inbox<Tx> | null;
  readonly mode: "inline" | "deferred";
  readonly onUnknown: "ack" | "store";
  readonly policy: Policy;
  readonly rateLimit: RateLimit | undefined;
  /** Null where anybody may send. */
  readonly networks: readonly Network[] | null;
  readonly bodyBytesMax: number;
  readonly handlerTimeoutMs: number;
  readonly retry: Required<RetryPolicy>;
  readonly hooks: Hooks;
  readonly clock: () => number;
  readonly timers: Timers;
  readonly chance: Chance;
}

const NAMES = [
  "endpoint",
  "provider",
  "schemas",
  "inbox",
  "mode",
  "onUnknown",
  "onInvalidPayload",
  "rateLimit",
  "allowAddresses",
  "bodyBytesMax",
  "handlerTimeoutMs",
  "retry",
  "duplicates",
  "permanentStatus",
  "hooks",
  "clock",
  "timers",
  "chance",
] as const;

const HANDLER_TIMEOUT_MS = 10_000;
/** Timers of most runtimes end after 24.8 days and then fire at once. */
const TIMEOUT_MS_MAX = 2_147_483_647;

/** Throws `CONFIG_INVALID` for the first thing that is wrong: types are no help where there are none. */
export function readOptions<E, S extends Schemas, Tx>(
  options: ReceiverOptions<E, S, Tx>,
): Settings<Tx> {
  checkOptions(options);
  const { inbox = null, mode = "inline", schemas = {}, retry, hooks = {} } = options;
  if (mode === "deferred" && inbox?.guarantee !== "transactional") {
    throw fail("inbox", `transactional in mode "deferred"`, inbox?.guarantee);
  }
  checkSchemas(schemas);
  checkHooks(hooks);
  return {
    endpoint: options.endpoint,
    provider: options.provider,
    schemas,
    inbox,
    mode,
    onUnknown: options.onUnknown ?? "ack",
    policy: {
      duplicates: options.duplicates ?? 200,
      permanentStatus: options.permanentStatus ?? 200,
      onInvalidPayload: options.onInvalidPayload ?? "dead",
    },
    rateLimit: readRateLimit(options.rateLimit),
    networks: readNetworks(options.allowAddresses),
    bodyBytesMax: options.bodyBytesMax ?? BODY_BYTES_MAX,
    handlerTimeoutMs: options.handlerTimeoutMs ?? HANDLER_TIMEOUT_MS,
    retry: readRetry(retry),
    hooks,
    clock: options.clock ?? systemClock,
    timers: options.timers ?? systemTimers,
    chance: options.chance ?? systemChance,
  };
}

function checkOptions<E, S extends Schemas, Tx>(options: ReceiverOptions<E, S, Tx>): void {
  if (!isRecord(options)) throw fail("options", "an object", typeof options);
  checkNames("option", options, NAMES);
  const isText = (value: unknown): boolean => typeof value === "string" && value !== "";
  const isProvider = (value: unknown): boolean =>
    isRecord(value) && typeof value["check"] === "function";
  const isInbox = (value: unknown): boolean =>
    value === null || (isRecord(value) && typeof value["claim"] === "function");
  check("endpoint", options.endpoint, isText, "the route's name", false);
  check("provider", options.provider, isProvider, "made by a provider's factory", false);
  check("inbox", options.inbox, isInbox, "made by an inbox's factory");
  check("mode", options.mode, isOneOf("inline", "deferred"), `"inline" or "deferred"`);
  check("onUnknown", options.onUnknown, isOneOf("ack", "store"), `"ack" or "store"`);
  check(
    "onInvalidPayload",
    options.onInvalidPayload,
    isOneOf("dead", "reject"),
    `"dead" or "reject"`,
  );
  check("duplicates", options.duplicates, isOneOf(200, 409), "200 or 409");
  check("permanentStatus", options.permanentStatus, isIntegerIn(200, 499), "200 to 499");
  check("bodyBytesMax", options.bodyBytesMax, isIntegerIn(1, 2 ** 31), "a number of bytes from 1");
  check(
    "handlerTimeoutMs",
    options.handlerTimeoutMs,
    isIntegerIn(1, TIMEOUT_MS_MAX),
    `1 to ${TIMEOUT_MS_MAX}`,
  );
}

function checkSchemas(schemas: Schemas): void {
  if (!isRecord(schemas)) throw fail("schemas", "an object", typeof schemas);
  for (const [type, schema] of Object.entries(schemas)) {
    if (type.includes("*")) throw fail("schemas' names", "whole event types", type);
    // ArkType's schemas are functions.
    const standard: unknown = (schema as Partial<typeof schema> | undefined)?.["~standard"];
    if (!isRecord(standard) || typeof standard["validate"] !== "function") {
      throw fail(
        `schemas["${type}"]`,
        "a Standard Schema (zod, valibot, arktype, …)",
        typeof schema,
      );
    }
  }
}

function checkHooks(hooks: Hooks): void {
  if (!isRecord(hooks)) throw fail("hooks", "an object", typeof hooks);
  checkNames("hook", hooks, HOOK_NAMES);
  const isCallable = (value: unknown): boolean => typeof value === "function";
  for (const name of HOOK_NAMES) check(`hooks.${name}`, hooks[name], isCallable, "a function");
}

function readRateLimit(limit: RateLimit | undefined): RateLimit | undefined {
  if (limit === undefined) return undefined;
  if (!isRecord(limit)) throw fail("rateLimit", "an object", limit);
  checkNames("rateLimit member", limit, ["perSecond", "burst", "perAddress"]);
  checkRate("rateLimit", limit);
  const { perAddress } = limit;
  if (perAddress === undefined) return limit;
  if (!isRecord(perAddress)) throw fail("rateLimit.perAddress", "an object", perAddress);
  checkNames("perAddress member", perAddress, ["perSecond", "burst", "addressesMax"]);
  checkRate("rateLimit.perAddress", perAddress);
  const { addressesMax } = perAddress;
  check("rateLimit.perAddress.addressesMax", addressesMax, isIntegerIn(1, 2 ** 24), "from 1");
  return limit;
}

function checkRate(name: string, { perSecond, burst }: Rate): void {
  check(`${name}.perSecond`, perSecond, isNumberIn(1e-6, 1e9), "a number above 0", false);
  check(`${name}.burst`, burst, isIntegerIn(1, 1e9), "a whole number from 1");
}

function readRetry(retry: RetryPolicy = {}): Required<RetryPolicy> {
  if (!isRecord(retry)) throw fail("retry", "an object", retry);
  checkNames("retry member", retry, ["delaysMs", "jitter"]);
  const { delaysMs = DELAYS_MS, jitter = JITTER }: RetryPolicy = retry;
  const isTable = (value: unknown): boolean =>
    Array.isArray(value) && value.length <= 100 && value.every(isNumberIn(0, 1e12));
  check("retry.delaysMs", delaysMs, isTable, "up to 100 delays from 0");
  check("retry.jitter", jitter, isNumberIn(0, 1), "0 to 1");
  return { delaysMs, jitter };
}

function readNetworks(texts: readonly string[] | undefined): readonly Network[] | null {
  if (texts === undefined) return null;
  // An empty list would refuse everybody, which nobody means.
  const isList = (value: unknown): boolean => Array.isArray(value) && value.length > 0;
  check("allowAddresses", texts, isList, "a list of at least one address or network");
  return texts.map((text) => {
    const network = typeof text === "string" ? parseNetwork(text) : null;
    if (network !== null) return network;
    throw fail(
      "allowAddresses",
      "addresses or networks such as 192.0.2.0/24 or 2001:db8::/32",
      text,
    );
  });
}
