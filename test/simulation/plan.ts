import type { Endpoint, EndpointSettings } from "../../daemon/domain/endpoint.ts";
import { ENDPOINT_DEFAULTS, UNTRIED } from "../../daemon/domain/endpoint.ts";
import type { Seeded } from "../support/seeded.ts";

/** How a receiver behaves until it is healed. */
export type Temper =
  | "good"
  | "slow"
  | "hung"
  | "flapping"
  | "failing"
  | "throttling"
  | "leaving" // 410 and control headers now and then
  | "forgetful" // takes the request and loses the answer
  | "lying"; // redirects, odd statuses, nonsense in Retry-After

const TEMPERS: readonly Temper[] = [
  "good",
  "good",
  "slow",
  "hung",
  "flapping",
  "failing",
  "throttling",
  "leaving",
  "forgetful",
  "lying",
];

export interface PlannedEndpoint {
  readonly endpoint: Omit<Endpoint, "seq">;
  readonly temper: Temper;
}

export const EVENT_TYPES = ["invoice.paid", "invoice.line.added", "user.created"] as const;
const PATTERNS = [["*"], ["invoice.*"], ["user.created"], ["invoice.paid", "user.*"]] as const;
export const TENANTS = [null, "north", "south"] as const;

/** Random endpoints with random settings; each decision is one draw, so a seed fixes them all. */
export function planEndpoints(seeded: Seeded, applicationSeq: number): PlannedEndpoint[] {
  const count = seeded.whole(2, 5);
  return Array.from({ length: count }, (_, i) => ({
    endpoint: {
      id: `ep_${i}`,
      applicationSeq,
      settings: planSettings(seeded, i),
      state: "active",
      disabledReason: null,
      stateChangedAtMs: 0,
      transition: null,
      health: UNTRIED,
      secrets: [],
      sealedAuth: null,
      createdAtMs: 0,
      updatedAtMs: 0,
    },
    temper: seeded.pick(TEMPERS),
  }));
}

function planSettings(seeded: Seeded, number: number): EndpointSettings {
  return {
    ...ENDPOINT_DEFAULTS,
    url: `http://receiver-${number}.test/hook`,
    eventTypes: [...seeded.pick(PATTERNS)],
    tenant: seeded.happens(0.3) ? seeded.pick(TENANTS) : null,
    filter: seeded.happens(0.2) ? { amount: { $gte: 50 } } : null,
    profile: {
      kind: seeded.pick(["standard", "timestamped", "digest", "topic"]),
      name: null,
      headers: {},
    },
    backoff: seeded.happens(0.2) ? "appliance" : planTable(seeded),
    retry: seeded.pick(["all", "transient"]),
    timeoutMs: seeded.whole(1, 15) * 1_000,
    concurrencyMax: seeded.whole(1, 8),
    ratePerSecond: seeded.happens(0.3) ? seeded.whole(1, 20) : null,
    isOrdered: seeded.happens(0.4),
    autoDisableDays: seeded.pick([null, 1, 5]),
  };
}

function planTable(seeded: Seeded): number[] {
  return Array.from({ length: seeded.whole(0, 6) }, () => seeded.whole(1, 600) * 1_000);
}
