/** What the drivers call a number, a text or bytes, as one thing each. */
import type { Answer } from "../verify/error.ts";
import type { DeadLetter, InboxStatus, LeasedEntry, StoredEntry } from "./inbox.ts";
import type { SqlRow } from "./sql-desk.ts";
import type { RowState } from "./state.ts";

/** `pg` gives 64-bit integers as text, Prisma as BigInt. */
export function numberOf(value: unknown): number {
  return Number(value);
}

export function numberOrNull(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value);
}

/** mysql2 gives VARBINARY as bytes. */
export function textOf(value: unknown): string {
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  return typeof value === "string" ? value : String(value);
}

export function textOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : textOf(value);
}

/** A plain array: what a driver gives may be its own kind, or a window of a pool that it uses again. */
function bytesOrNull(value: unknown): Uint8Array | null {
  return value instanceof Uint8Array ? new Uint8Array(value) : null;
}

export function stateOf(row: SqlRow): RowState {
  return {
    status: textOf(row["status"]) as InboxStatus,
    attempts: numberOf(row["attempts"]),
    bodySha256: textOrNull(row["hash"]),
    isWorkers: numberOf(row["workers"]) === 1,
    answer: answerOf(textOrNull(row["answer"])),
  };
}

/** As JSON: PostgreSQL's text takes no NUL, and an answer may have one. */
export function answerText(answer: Answer | null): string | null {
  return answer === null ? null : JSON.stringify(answer);
}

function answerOf(text: string | null): Answer | null {
  return text === null ? null : (JSON.parse(text) as Answer);
}

export function leasedOf(row: SqlRow, token: string): LeasedEntry {
  const number = numberOrNull(row["number"]);
  return {
    endpoint: textOf(row["endpoint"]),
    id: textOf(row["id"]),
    type: textOf(row["type"]),
    bodySha256: textOrNull(row["hash"]),
    nowMs: numberOf(row["received"]),
    sequence: number === null ? null : { stream: textOf(row["stream"]), number },
    orderingKey: textOrNull(row["orderkey"]),
    body: bytesOrNull(row["body"]) ?? new Uint8Array(),
    request: JSON.parse(textOf(row["request"])) as StoredEntry["request"],
    attempt: numberOf(row["attempts"]),
    token,
  };
}

export function deadLetterOf(row: SqlRow, endpoint: string): DeadLetter {
  return {
    endpoint,
    id: textOf(row["id"]),
    type: textOf(row["type"]),
    attempts: numberOf(row["attempts"]),
    error: textOrNull(row["error"]) ?? "",
    receivedAtMs: numberOf(row["received"]),
    diedAtMs: numberOf(row["died"]),
    body: bytesOrNull(row["body"]),
  };
}
