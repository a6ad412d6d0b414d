/** What the page's first screen shows. */
import { z } from "zod";
import { component } from "./component.ts";
import { timeOut } from "./schemas.ts";
import { signatureStepOut } from "./signature-json.ts";

const totalsOut = z.object({
  pending: z.int(),
  held: z.int(),
  in_flight: z.int(),
  oldest_waiting_at: timeOut
    .nullable()
    .describe("When the oldest delivery that is due was due first; null where none waits."),
});

const flowOut = z.object({
  accepted: z.int().describe("Events."),
  delivered: z.int().describe("Deliveries."),
  failed: z.int().describe("Attempts."),
});

/** One attempt in a strip. */
const stripCellOut = z.object({
  at: timeOut,
  outcome: z.enum(["delivered", "failed", "exhausted", "blocked"]),
  duration_ms: z.number(),
  status: z.int().nullable(),
  delivery_id: z.string(),
});

const attentionOut = z.object({
  code: z.enum([
    "endpoint_disabled",
    "endpoint_failing",
    "egress_blocked",
    "exhausted",
    "not_ready",
    "disk_low",
    "certificate_unchecked",
  ]),
  severity: z.enum(["warning", "error"]),
  sentence: z.string(),
  endpoint_id: z.string().nullable(),
  delivery_id: z
    .string()
    .nullable()
    .describe("What failed last there, where it is among the newest attempts."),
  count: z.int().nullable(),
});

/** How an endpoint has been doing lately. */
const activityMembers = {
  waiting: z.int(),
  held: z.int(),
  day: z.object({
    delivered: z.int(),
    failed: z.int(),
    p50_ms: z.number().nullable(),
    p95_ms: z.number().nullable(),
  }),
  strip: z.array(stripCellOut).describe("The newest 60 attempts, the oldest of them first."),
};

export const activityOut = z.object(activityMembers);

const overviewEndpointOut = z.object({
  id: z.string(),
  url: z.string(),
  description: z.string(),
  state: z.enum(["active", "paused", "disabled"]),
  disabled_reason: z.string().nullable(),
  slowed_until: timeOut.nullable(),
  ...activityMembers,
});

export const overviewOut = component(
  "Overview",
  z.object({
    totals: totalsOut,
    last_minute: flowOut,
    last_day: flowOut,
    attention: z.array(attentionOut),
    endpoints: z
      .array(overviewEndpointOut)
      .describe("At most 200, those that need attention first."),
    endpoint_count: z.int(),
  }),
);

export const chartsOut = component(
  "Charts",
  z.object({
    bucket_ms: z.int(),
    points: z.array(
      z.object({
        at: timeOut,
        accepted: z.int().nullable().describe("Null for one endpoint: events belong to none."),
        delivered: z.int(),
        failed: z.int(),
        p50_ms: z.number().nullable(),
        p95_ms: z.number().nullable(),
        p99_ms: z.number().nullable(),
        causes: z.record(z.string(), z.int()).describe("Failed attempts by error code."),
      }),
    ),
  }),
);

export const failureGroupOut = z.object({
  endpoint_id: z.string(),
  error: z.string(),
  count: z.int(),
  first_at: timeOut,
  last_at: timeOut,
  example_delivery_id: z.string(),
});

/** What would be sent, or was: with how the signature is made, step by step and without a secret. */
export const deliveryRequestOut = component(
  "DeliveryRequest",
  z.object({
    method: z.string(),
    url: z.string(),
    headers: z.record(z.string(), z.string()),
    is_sent: z
      .boolean()
      .describe(
        "False where no attempt was made yet: then it is what the next one would look like.",
      ),
    body: z.string(),
    body_encoding: z.enum(["text", "base64"]),
    signature: z
      .array(signatureStepOut)
      .describe("How the signature is made, from the first step to the last."),
  }),
);

export const bulkOut = z.object({
  count: z.int(),
  is_more: z.boolean().describe("True where counting stopped at its limit."),
});

export const heldOut = z.object({ all: z.int(), latest_per_key: z.int() });

export type OverviewJson = z.infer<typeof overviewOut>;
export type ActivityJson = z.infer<typeof activityOut>;
export type OverviewEndpointJson = z.infer<typeof overviewEndpointOut>;
export type StripCellJson = z.infer<typeof stripCellOut>;
export type AttentionJson = z.infer<typeof attentionOut>;
export type TotalsJson = z.infer<typeof totalsOut>;
export type ChartsJson = z.infer<typeof chartsOut>;
export type FailureGroupJson = z.infer<typeof failureGroupOut>;
export type DeliveryRequestJson = z.infer<typeof deliveryRequestOut>;
export type BulkJson = z.infer<typeof bulkOut>;
export type HeldJson = z.infer<typeof heldOut>;
