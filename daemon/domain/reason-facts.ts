/** What a reason is made of, as plain values: for whoever says it in words of their own, in another language. */
import { grantAdvised } from "./grant-advice.ts";
import type { ReasonCode, ReasonInput } from "./reason.ts";
import { attemptMax } from "./reason.ts";

export interface ReasonFacts {
  /** The attempt that is under way, or the next one. */
  readonly attempt?: number;
  /** The last attempt that there can be, as long as nobody resends it. */
  readonly attemptMax?: number;
  /** Made so far, over all runs through the backoff table. */
  readonly attempts?: number;
  /** Made on the last run through it. */
  readonly attemptsOfRun?: number;
  readonly lastError?: string;
  readonly lastStatus?: number;
  /** What would have to be allowed, where the egress guard advises that. */
  readonly grant?: string;
  /** Of the same endpoint, and waiting, too. */
  readonly othersWaiting?: number;
  /** The endpoint's attempts under way. */
  readonly inFlight?: number;
  readonly concurrencyMax?: number;
  /** Given where it is the reason for few attempts at once. */
  readonly failedInARow?: number;
  readonly daemonConcurrencyMax?: number;
  readonly ratePerSecond?: number;
  readonly timeoutMs?: number;
  /** When the endpoint got the state that it has. */
  readonly endpointChangedAtMs?: number;
  readonly autoDisableDays?: number;
  readonly orderingKey?: string;
  /** Only the newest of each ordering key is released. */
  readonly isLatestOnly?: boolean;
  readonly isCancelled?: boolean;
  readonly settledAtMs?: number;
}

type Name = keyof ReasonFacts;

const NEXT = ["attempt", "attemptMax"] as const;
const WAITING = [...NEXT, "othersWaiting"] as const;
const CHANGED = ["endpointChangedAtMs"] as const;
const ENDED = ["settledAtMs", "attempts"] as const;
const FAILED = [...ENDED, "lastError", "grant"] as const;

/** Only what its words need: a page of a list has hundreds of reasons. */
const NAMES: Readonly<Record<ReasonCode, readonly Name[]>> = {
  in_flight: [...NEXT, "timeoutMs", "isCancelled"],
  due: [...NEXT, "attempts", "lastError"],
  scheduled: NEXT,
  retry_scheduled: [...NEXT, "attempts", "lastError"],
  egress_blocked: [...NEXT, "attempts", "lastError", "grant"],
  endpoint_slowed: WAITING,
  waiting_for_probe: [...WAITING, "inFlight"],
  waiting_for_slot: [...WAITING, "inFlight", "concurrencyMax", "failedInARow"],
  waiting_for_rate: [...WAITING, "ratePerSecond"],
  waiting_for_daemon: [...NEXT, "daemonConcurrencyMax"],
  waiting_for_storage: NEXT,
  held_paused: CHANGED,
  disabled_by_operator: CHANGED,
  disabled_gone: CHANGED,
  disabled_by_receiver: CHANGED,
  disabled_only_failures: [...CHANGED, "autoDisableDays"],
  held_order: ["orderingKey"],
  being_released: [...CHANGED, "isLatestOnly"],
  being_skipped: CHANGED,
  held_leftover: [],
  delivered: [...ENDED, "lastStatus"],
  exhausted: [...FAILED, "attemptsOfRun"],
  gone: ENDED,
  rejected: [...ENDED, "lastStatus"],
  aborted: ENDED,
  test_failed: FAILED,
  cancelled: ENDED,
  skipped: ENDED,
  endpoint_deleted: ENDED,
};

/** Pure. What is not known is absent, never null. */
export function reasonFacts(code: ReasonCode, input: ReasonInput): ReasonFacts {
  const all: Readonly<Record<Name, string | number | boolean | null>> = {
    ...deliveryFacts(input),
    ...endpointFacts(input),
  };
  return Object.fromEntries(
    NAMES[code].flatMap((name) => (all[name] === null ? [] : [[name, all[name]]])),
  );
}

function deliveryFacts({ delivery, endpoint, engine, lastMessage }: ReasonInput) {
  return {
    attempt: delivery.attemptCount + 1,
    attemptMax: endpoint === null ? null : attemptMax(delivery, endpoint),
    attempts: delivery.attemptCount,
    attemptsOfRun: delivery.attemptCount - delivery.tableStart,
    lastError: delivery.lastError,
    lastStatus: delivery.lastStatus,
    grant: grantAdvised(lastMessage),
    othersWaiting: Math.max(engine.waiting - 1, 0),
    orderingKey: delivery.orderingKey,
    isCancelled: delivery.state === "cancelled",
    settledAtMs: delivery.settledAtMs,
  };
}

function endpointFacts({ endpoint, engine }: ReasonInput) {
  const { concurrencyMax = null, ratePerSecond = null } = endpoint?.settings ?? {};
  const isFull = concurrencyMax !== null && engine.inFlight >= concurrencyMax;
  return {
    inFlight: engine.inFlight,
    concurrencyMax,
    failedInARow: endpoint === null || isFull ? null : endpoint.health.failedInARow,
    daemonConcurrencyMax: engine.inFlightTotalMax,
    ratePerSecond,
    timeoutMs: endpoint?.settings.timeoutMs ?? null,
    endpointChangedAtMs: endpoint?.stateChangedAtMs ?? null,
    autoDisableDays: endpoint?.settings.autoDisableDays ?? null,
    isLatestOnly: endpoint?.transition === "release_latest",
  };
}
