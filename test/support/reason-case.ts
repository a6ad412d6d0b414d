import assert from "node:assert/strict";
import { test } from "node:test";
import type { Delivery } from "../../daemon/domain/delivery.ts";
import type { Endpoint } from "../../daemon/domain/endpoint.ts";
import { ENDPOINT_DEFAULTS, UNTRIED } from "../../daemon/domain/endpoint.ts";
import type { EngineFacts, Reason, ReasonInput } from "../../daemon/domain/reason.ts";
import { explain } from "../../daemon/domain/reason.ts";

export const NOON = Date.UTC(2026, 0, 1, 12);
export const SECOND = 1_000;
const DAY = 86_400_000;

export const IDLE: EngineFacts = {
  inFlight: 0,
  inFlightTotal: 0,
  inFlightTotalMax: 256,
  waiting: 1,
  isBlocked: false,
};

export const NEW: Delivery = {
  seq: 1,
  id: "dlv_1",
  eventSeq: 1,
  endpointSeq: 1,
  state: "pending",
  hold: null,
  dueAtMs: NOON,
  attemptCount: 0,
  tableStart: 0,
  orderingKey: null,
  isTest: false,
  createdAtMs: NOON,
  settledAtMs: null,
  lastStatus: null,
  lastError: null,
  endReason: null,
};
export const FAILED = { attemptCount: 1, lastStatus: 500, lastError: "http_500" } as const;
export const RETRY = { ...FAILED, dueAtMs: NOON + 5 * SECOND };
export const AT_REST = { dueAtMs: null, settledAtMs: NOON - 60 * SECOND } as const;
export const HELD = { state: "held", hold: "paused", dueAtMs: null } as const;

export const ACTIVE: Endpoint = {
  seq: 1,
  id: "ep_1",
  applicationSeq: 1,
  settings: { ...ENDPOINT_DEFAULTS, url: "https://example.com/hook", eventTypes: ["*"] },
  state: "active",
  disabledReason: null,
  stateChangedAtMs: NOON - DAY,
  transition: null,
  health: UNTRIED,
  secrets: [],
  sealedAuth: null,
  createdAtMs: NOON - 2 * DAY,
  updatedAtMs: NOON - DAY,
};

/** One situation and what the operator is told; what is absent is an active endpoint at rest and a new delivery. */
export interface Case {
  readonly what: string;
  readonly delivery?: Partial<Delivery>;
  readonly endpoint?: Partial<Endpoint> | null;
  readonly settings?: Partial<Endpoint["settings"]>;
  readonly health?: Partial<Endpoint["health"]>;
  readonly engine?: Partial<EngineFacts>;
  readonly input?: Partial<ReasonInput>;
  readonly code: Reason["code"];
  readonly sentence: string;
  readonly next?: number;
}

function inputOf({ delivery, endpoint, settings, health, engine, input }: Case): ReasonInput {
  const changed = {
    ...ACTIVE,
    ...endpoint,
    settings: { ...ACTIVE.settings, ...settings },
    health: { ...UNTRIED, ...health },
  };
  return {
    delivery: { ...NEW, ...delivery },
    endpoint: endpoint === null ? null : changed,
    isInFlight: false,
    inFlightSinceMs: null,
    lastMessage: null,
    engine: { ...IDLE, ...engine },
    nowMs: NOON,
    ...input,
  };
}

export const GRANT_MESSAGE =
  "192.168.1.5 is in a private range; allow 192.168.1.5:8080 to send there.";

export function testCases(cases: readonly Case[]): void {
  for (const each of cases) {
    test(`the operator is told why when ${each.what}`, () => {
      const reason = explain(inputOf(each));
      assert.deepEqual(reason, {
        code: each.code,
        sentence: each.sentence,
        nextAtMs: each.next ?? null,
      });
    });
  }
}
