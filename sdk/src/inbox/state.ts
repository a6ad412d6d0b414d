/** What a row means, for every store alike. Pure. */
import type { Answer } from "../verify/error.ts";
import { WebhookError } from "../verify/webhook-error.ts";
import type { Claim, Failure, InboxEntry, InboxKey, InboxStatus, StoredEntry } from "./inbox.ts";

/** How long whoever found an event busy should wait before the next try. */
export const BUSY_RETRY_AFTER_MS = 2_000;
export const LOCK_WAIT_MS = 3_000;

const KEY_BYTES_MAX = 512;
const ANSWER_BODY_BYTES_MAX = 4_096;
const ERROR_CHARACTERS_MAX = 2_000;

/** What a claim has to know of a row. */
export interface RowState {
  readonly status: InboxStatus;
  /** Claims that were committed without success, or leases. */
  readonly attempts: number;
  readonly bodySha256: string | null;
  /** A worker has its body and will come to it. */
  readonly isWorkers: boolean;
  readonly answer: Answer | null;
}

/** What the row means for whoever comes with `entry`, holding the row's lock. */
export function claimOf(row: RowState, entry: InboxEntry): Claim {
  if (isOtherBody(row.bodySha256, entry.bodySha256)) return { kind: "conflict" };
  switch (row.status) {
    case "done":
    case "ignored":
      return { kind: "done", answer: row.answer };
    case "dead":
      return { kind: "dead" };
    case "pending":
      return { kind: "pending" };
    case "failed":
      if (row.isWorkers) return { kind: "pending" };
      return { kind: "claimed", attempt: row.attempts + 1 };
  }
}

function isOtherBody(kept: string | null, given: string | null): boolean {
  return kept !== null && given !== null && kept !== given;
}

export const BUSY: Claim = { kind: "busy", retryAfterMs: BUSY_RETRY_AFTER_MS };

/** For what has no `Claim` to answer with: the database was not free within the lock limit. */
export function busyError(cause?: unknown): WebhookError {
  return new WebhookError("BUSY", "expected the inbox to be free in time, got a lock", {
    retryAfterMs: BUSY_RETRY_AFTER_MS,
    cause,
  });
}

export function isBusyError(error: unknown): boolean {
  return error instanceof WebhookError && error.code === "BUSY";
}

/** The part of an answer that is kept: a body over 4 KiB is left out, since half of one would be a lie. */
export function keptAnswer(answer: Answer | null): Answer | null {
  if (answer === null) return null;
  const { status, headers, body } = answer;
  if (new TextEncoder().encode(body).length > ANSWER_BODY_BYTES_MAX) {
    return { status, headers: {}, body: "" };
  }
  const contentType = headers["content-type"];
  return {
    status,
    headers: contentType === undefined ? {} : { "content-type": contentType },
    body,
  };
}

export function keptError(error: string): string {
  return storableText(error.slice(0, ERROR_CHARACTERS_MAX));
}

/** No database takes half a character, and PostgreSQL takes no NUL. */
export function storableText(text: string): string {
  return text.replaceAll("\u0000", "\uFFFD").toWellFormed();
}

/** False for what was handled, parked or stored meanwhile: a late failure undoes nothing. */
export function isFailable({ status, isWorkers }: RowState, { isDead }: Failure): boolean {
  if (status === "failed" && !isWorkers) return true;
  return isDead && (status === "failed" || status === "pending");
}

/** How a failed attempt leaves a row: dead, a worker's once more, or the sender's. */
export function statusAfter(failure: Failure): "dead" | "failed" {
  return failure.isDead ? "dead" : "failed";
}

/**
 * Throws for a name that some database could not tell from another one: too long, with a NUL, or half a character.
 * Cutting it instead would make two events one, and the second one's effect would be lost.
 */
export function checkEntry(entry: InboxEntry | StoredEntry): void {
  checkKey(entry);
  if ("orderingKey" in entry && entry.orderingKey !== null) {
    checkName("the ordering key", entry.orderingKey);
  }
}

function checkKey({ endpoint, id }: InboxKey): void {
  checkName("the endpoint's name", endpoint);
  checkName("the event's id", id);
}

function checkName(what: string, name: string): void {
  if (isStorableName(name)) return;
  throw new WebhookError(
    "HEADER_MALFORMED",
    `expected ${what} to be text of 1 to ${KEY_BYTES_MAX} bytes without NUL, got ${name.length} characters`,
  );
}

/** Whether a row may have this name at all. */
export function isStorableName(name: string): boolean {
  // Three bytes a character at most: most names need no encoding to be measured.
  const isShort =
    name.length * 3 <= KEY_BYTES_MAX || new TextEncoder().encode(name).length <= KEY_BYTES_MAX;
  return isShort && name !== "" && !name.includes("\u0000") && name.isWellFormed();
}
