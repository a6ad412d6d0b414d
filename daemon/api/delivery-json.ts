/** Deliveries and their attempts as the API shows them, each with its reason. */
import { z } from "zod";
import type { Delivery, ShownState } from "../domain/delivery.ts";
import type { AttemptRow, DeliveryRow } from "../domain/stores.ts";
import { grantAdvised } from "../domain/grant-advice.ts";
import type { EngineFacts } from "../domain/reason.ts";
import { component } from "./component.ts";
import type { ApiNeeds } from "./needs.ts";
import { reasonJson, reasonOut } from "./reason-json.ts";
import { timeOut, timeText, timeTextOrNull } from "./schemas.ts";

export const SHOWN_STATES = [
  "pending",
  "in_flight",
  "held",
  "delivered",
  "exhausted",
  "cancelled",
] as const;

const deliveryMembers = {
  id: z.string(),
  event_id: z.string(),
  event_type: z.string(),
  tenant: z.string().nullable(),
  endpoint_id: z.string().nullable().describe("Null where the endpoint was deleted."),
  state: z.enum(SHOWN_STATES),
  attempt_count: z.int(),
  due_at: timeOut.nullable().describe("Null exactly when nothing is to be done by itself."),
  reason: reasonOut,
  ordering_key: z.string().nullable(),
  is_test: z.boolean(),
  last_status: z.int().nullable(),
  last_error: z.string().nullable(),
  end_reason: z.string().nullable(),
  created_at: timeOut,
  settled_at: timeOut.nullable(),
};

export const deliveryOut = component("Delivery", z.object(deliveryMembers));

const headersOut = z.record(z.string(), z.string());

const attemptOut = z.object({
  id: z.string(),
  number: z.int(),
  started_at: timeOut,
  duration_ms: z.number(),
  status: z.int().nullable(),
  error: z
    .object({
      code: z.string(),
      message: z.string().nullable(),
      grant: z.string().nullable().describe("What the egress guard advises to allow."),
    })
    .nullable(),
  request_headers: headersOut.describe("As sent, credentials masked."),
  response: z
    .object({
      headers: headersOut,
      excerpt: z.string().describe("The beginning of the body."),
      excerpt_encoding: z.enum(["text", "base64"]).describe("base64 where it is not UTF-8 text."),
      truncated: z.boolean(),
    })
    .nullable(),
});

export const deliveryWithAttemptsOut = component(
  "DeliveryWithAttempts",
  z.object({ ...deliveryMembers, attempts: z.array(attemptOut).describe("Oldest first.") }),
);

export type DeliveryJson = z.infer<typeof deliveryOut>;
export type AttemptJson = z.infer<typeof attemptOut>;
export type DeliveryWithAttemptsJson = z.infer<typeof deliveryWithAttemptsOut>;

/** Rows of one page. What concerns their endpoints is looked up once for each endpoint. */
export async function deliveriesJson(
  needs: ApiNeeds,
  rows: readonly DeliveryRow[],
): Promise<DeliveryJson[]> {
  const facts = new Map<number, Promise<EngineFacts>>();
  const factsOf = (endpointSeq: number): Promise<EngineFacts> => {
    const known = facts.get(endpointSeq) ?? engineFacts(needs, endpointSeq);
    facts.set(endpointSeq, known);
    return known;
  };
  return Promise.all(
    rows.map(async (row) => deliveryJson(needs, row, await factsOf(row.endpointSeq))),
  );
}

export async function deliveryWithAttempts(
  needs: ApiNeeds,
  row: DeliveryRow,
): Promise<z.infer<typeof deliveryWithAttemptsOut>> {
  const [attempts, [delivery]] = await Promise.all([
    needs.read.attempts(row.seq),
    deliveriesJson(needs, [row]),
  ]);
  if (delivery === undefined) throw new Error("expected one delivery for one row, got none");
  return { ...delivery, attempts: attempts.map(attemptJson) };
}

async function deliveryJson(
  needs: ApiNeeds,
  row: DeliveryRow,
  engine: EngineFacts,
): Promise<DeliveryJson> {
  const endpoint = needs.directory.endpoint(row.endpointSeq) ?? null;
  const isInFlight = needs.dispatcher.isInFlight(row.seq);
  const lastMessage = await lastMessageOf(needs, row);
  const nowMs = needs.clock.nowMs();
  const known = { delivery: row, endpoint, isInFlight, inFlightSinceMs: null, lastMessage };
  return {
    id: row.id,
    event_id: row.eventId,
    event_type: row.eventType,
    tenant: row.tenant,
    endpoint_id: endpoint?.id ?? null,
    state: shownState(row, isInFlight),
    attempt_count: row.attemptCount,
    due_at: timeTextOrNull(row.dueAtMs),
    reason: reasonJson({ ...known, engine, nowMs }),
    ordering_key: row.orderingKey,
    is_test: row.isTest,
    last_status: row.lastStatus,
    last_error: row.lastError,
    end_reason: row.endReason,
    created_at: timeText(row.createdAtMs),
    settled_at: timeTextOrNull(row.settledAtMs),
  };
}

/** One that was cancelled while its attempt is under way stays `cancelled`; its reason tells the rest. */
function shownState({ state }: Delivery, isInFlight: boolean): ShownState {
  return isInFlight && (state === "pending" || state === "held") ? "in_flight" : state;
}

/** The message is part of the reason only where it names a grant. */
async function lastMessageOf({ read }: ApiNeeds, row: DeliveryRow): Promise<string | null> {
  if (row.lastError !== "egress_blocked") return null;
  return (await read.attempts(row.seq)).at(-1)?.errorMessage ?? null;
}

async function engineFacts(needs: ApiNeeds, endpointSeq: number): Promise<EngineFacts> {
  const { dispatcher, read, config } = needs;
  const { pending } = await read.counts(endpointSeq);
  return {
    inFlight: dispatcher.load(endpointSeq).inFlight,
    inFlightTotal: dispatcher.load(null).inFlight,
    inFlightTotalMax: config.limits.concurrencyMax,
    waiting: pending,
    isBlocked: dispatcher.isBlocked,
  };
}

function attemptJson(row: AttemptRow): z.infer<typeof attemptOut> {
  return {
    id: row.id,
    number: row.number,
    started_at: timeText(row.startedAtMs),
    duration_ms: row.durationMs,
    status: row.status,
    error: errorJson(row),
    request_headers: headersJson(row.requestHeaders),
    response: responseJson(row),
  };
}

function errorJson({ errorCode, errorMessage }: AttemptRow): AttemptJson["error"] {
  if (errorCode === null) return null;
  const grant = errorCode === "egress_blocked" ? grantAdvised(errorMessage) : null;
  return { code: errorCode, message: errorMessage, grant };
}

function responseJson(row: AttemptRow): z.infer<typeof attemptOut>["response"] {
  if (row.responseHeaders === null && row.responseExcerpt === null) return null;
  const bytes = row.responseExcerpt ?? new Uint8Array(0);
  const text = textOf(bytes, row.isResponseCut);
  return {
    headers: headersJson(row.responseHeaders ?? ""),
    excerpt: text ?? Buffer.from(bytes).toString("base64"),
    excerpt_encoding: text === null ? "base64" : "text",
    truncated: row.isResponseCut,
  };
}

/** UTF-8 as text, or null. A character that the cut went through is left out. */
export function textOf(bytes: Uint8Array, isCut: boolean): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: isCut });
  } catch {
    return null;
  }
}

/** Lines of `name: value`; those with the same name are joined as HTTP allows it. */
export function headersJson(lines: string): Record<string, string> {
  const headers = new Map<string, string>();
  for (const line of lines.split("\n")) {
    const colon = line.indexOf(":");
    if (colon < 1) continue;
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return Object.fromEntries(headers);
}
