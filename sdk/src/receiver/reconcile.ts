import type { InboxStatus } from "../inbox/inbox.ts";
import { assertOptions } from "../verify/options.ts";
import type { Timers } from "../verify/timers.ts";
import { systemTimers } from "../verify/timers.ts";

/** One event that a sender says it has for this receiver. */
export interface SentDelivery {
  /** What the receiver knows it by: the webhook id. */
  readonly eventId: string;
  /** What the sender knows it by, for sending it again. */
  readonly deliveryId: string;
  /** As Posthorn names them: `pending`, `in_flight` and `held` are still under way, `cancelled` was called off by a person. */
  readonly state: string;
  readonly createdAtMs: number;
}

/** The part of an inbox that reconciliation reads. */
interface KnownEvents {
  statusOf(endpoint: string, ids: readonly string[]): Promise<ReadonlyMap<string, InboxStatus>>;
}

export interface ReconcileOptions {
  /** All that the sender has for this endpoint since some time, such as `posthornDeliveries(…).deliveries`. */
  readonly deliveries: AsyncIterable<SentDelivery>;
  readonly inbox: KnownEvents;
  /** The receiver's own name, as in `createReceiver`. */
  readonly endpoint: string;
  readonly resend: (deliveryId: string) => Promise<void>;
  /** What is younger than this may still be on its way, and is not missing yet. */
  readonly graceMs: number;
  readonly nowMs: number;
  /** Looks and sends nothing. */
  readonly dryRun?: boolean;
  /** How long what was sent again is waited for; default 10,000. */
  readonly waitMs?: number;
  readonly timers?: Timers;
}

export interface Reconciliation {
  /** Deliveries that the sender has. Each is known, waiting, cancelled, or of an event in `missing`. */
  readonly checked: number;
  /** Of events that are handled, stored, or parked for a person. */
  readonly known: number;
  /** That the sender is still at, or that are younger than the grace. */
  readonly waiting: number;
  /** Called off by a person at the sender, and not sent again: that was meant. */
  readonly cancelled: number;
  /** The ids of events that never took effect here and that nobody would have sent again. */
  readonly missing: readonly string[];
  /** How many of them the sender took to send again. */
  readonly resent: number;
  /** Those of `missing` that are not known now either. Empty: nothing was missed. */
  readonly stillMissing: readonly string[];
  /** What the sender said to the first one that it did not take. */
  readonly resendError: string | null;
}

const KNOWN = [
  "deliveries",
  "inbox",
  "endpoint",
  "resend",
  "graceMs",
  "nowMs",
  "dryRun",
  "waitMs",
  "timers",
];
const BATCH = 250;
const WAIT_MS = 10_000;
const POLL_MS = 500;
const UNDER_WAY: ReadonlySet<string> = new Set(["pending", "in_flight", "held"]);

/**
 * Compares what the sender has with what the inbox knows, and has sent again what is missing. Rejects where either can't be
 * read to the end: half a list proves nothing. Rejects with `CONFIG_INVALID`, before it reads anything, for an option that
 * there is not. Needs a receiver with `onUnknown: "store"` where events come that it has no handler for, since they are else
 * not known afterwards.
 */
export async function reconcile(options: ReconcileOptions): Promise<Reconciliation> {
  assertOptions("reconcile", options, KNOWN);
  const { inbox, endpoint, dryRun = false } = options;
  const counts = { known: 0, waiting: 0, cancelled: 0, missing: 0 };
  const missing = new Map<string, SentDelivery>();
  let checked = 0;
  for await (const batch of inBatches(options.deliveries)) {
    const statuses = await inbox.statusOf(endpoint, idsOf(batch));
    for (const delivery of batch) {
      const verdict = verdictOn(delivery, statuses.get(delivery.eventId), options);
      counts[verdict] += 1;
      if (verdict === "missing") missing.set(delivery.eventId, delivery);
    }
    checked += batch.length;
  }
  const { known, waiting, cancelled } = counts;
  const ids = [...missing.keys()];
  const found = { checked, known, waiting, cancelled, missing: ids };
  if (dryRun) return { ...found, resent: 0, stillMissing: ids, resendError: null };
  const { resent, resendError } = await resendAll(options, [...missing.values()]);
  const stillMissing = resent === 0 ? ids : await untilKnown(options, ids);
  return { ...found, resent, stillMissing, resendError };
}

/** What is failed here counts as known only where the sender was told that it is stored, so that a worker has it. */
export function verdictOn(
  { state, createdAtMs }: SentDelivery,
  status: InboxStatus | undefined,
  { nowMs, graceMs }: Pick<ReconcileOptions, "nowMs" | "graceMs">,
): "known" | "waiting" | "cancelled" | "missing" {
  const isHere = status !== undefined && (status !== "failed" || state === "delivered");
  if (isHere) return "known";
  if (UNDER_WAY.has(state) || nowMs - createdAtMs < graceMs) return "waiting";
  return state === "cancelled" ? "cancelled" : "missing";
}

async function* inBatches(deliveries: AsyncIterable<SentDelivery>): AsyncGenerator<SentDelivery[]> {
  let batch: SentDelivery[] = [];
  for await (const delivery of deliveries) {
    batch.push(delivery);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function idsOf(deliveries: readonly SentDelivery[]): string[] {
  return [...new Set(deliveries.map(({ eventId }) => eventId))];
}

/** One after the other: the receiver is about to get them all. */
async function resendAll(
  { resend }: ReconcileOptions,
  deliveries: readonly SentDelivery[],
): Promise<{ resent: number; resendError: string | null }> {
  let resent = 0;
  let resendError: string | null = null;
  for (const { deliveryId } of deliveries) {
    try {
      await resend(deliveryId);
      resent += 1;
    } catch (error) {
      resendError ??= error instanceof Error ? error.message : String(error);
    }
  }
  return { resent, resendError };
}

/** Those that are not known when the wait is over. */
async function untilKnown(
  { inbox, endpoint, waitMs = WAIT_MS, timers = systemTimers }: ReconcileOptions,
  ids: readonly string[],
): Promise<readonly string[]> {
  let unknown = ids;
  for (let waitedMs = 0; ; waitedMs += POLL_MS) {
    unknown = await unknownOf(inbox, endpoint, unknown);
    if (unknown.length === 0 || waitedMs >= waitMs) return unknown;
    await new Promise<void>((resolve) => timers.after(POLL_MS, resolve));
  }
}

async function unknownOf(
  inbox: KnownEvents,
  endpoint: string,
  ids: readonly string[],
): Promise<readonly string[]> {
  const unknown: string[] = [];
  for (let at = 0; at < ids.length; at += BATCH) {
    const batch = ids.slice(at, at + BATCH);
    const statuses = await inbox.statusOf(endpoint, batch);
    unknown.push(...batch.filter((id) => (statuses.get(id) ?? "failed") === "failed"));
  }
  return unknown;
}
