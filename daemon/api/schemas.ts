/** Pieces that the schemas of several nouns share. */
import { z } from "zod";
import { isReservedType } from "../domain/pattern.ts";
import { EVENT_TYPE_BYTES_MAX, EVENT_TYPE_PATTERN } from "../domain/pattern.ts";
import { inWords } from "./wanted.ts";

const PAGE_LIMIT_DEFAULT = 50;
const PAGE_LIMIT_MAX = 250;

/** A moment as RFC 3339 writes it, with its offset from UTC. */
export const time = inWords(
  "a time such as 2026-01-31T12:00:00Z",
  z.iso.datetime({ offset: true }),
);

/** In answers: UTC with milliseconds, or null. */
export const timeOut = z.iso.datetime();

// What the envelopes can write: four digits of a year, and no time before 1970.
const EVENT_TIME_MS_MAX = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** When an event happened. */
export const eventTime = inWords(
  "a time such as 2026-01-31T12:00:00Z",
  time.refine((text) => isEventTime(Date.parse(text)), {
    error: "a time in the years 1970 to 9999",
  }),
);

/** What is no time at all has been told so already. */
function isEventTime(atMs: number): boolean {
  return Number.isNaN(atMs) || (atMs >= 0 && atMs <= EVENT_TIME_MS_MAX);
}

export const EVENT_TYPE_WORDS =
  "an event type such as invoice.paid (dot-separated segments of A-Z a-z 0-9 _ -, " +
  `at most ${EVENT_TYPE_BYTES_MAX} characters)`;

export const eventType = inWords(
  EVENT_TYPE_WORDS,
  z.string().max(EVENT_TYPE_BYTES_MAX).regex(EVENT_TYPE_PATTERN),
);

/** An event type that a producer may use. */
export const ownEventType = inWords(
  EVENT_TYPE_WORDS,
  eventType.refine((type) => !isReservedType(type), {
    error: "an event type that does not begin with posthorn. (those are the daemon's own)",
  }),
);

/** Of what moves many at once. */
export const dryRun = z
  .boolean()
  .optional()
  .describe("Only counts what the same call would do now.");

const SEARCH_TEXT_MAX = 256;

/** A piece of text to look for. */
export const searchText = inWords(
  `a text of 1 to ${SEARCH_TEXT_MAX} characters without control characters`,
  z
    .string()
    .min(1)
    .max(SEARCH_TEXT_MAX)
    .regex(/^[^\p{Cc}]*$/u),
);

/** The query members of every list. */
export const pageQuery = {
  limit: z
    .int()
    .min(1)
    .max(PAGE_LIMIT_MAX)
    .default(PAGE_LIMIT_DEFAULT)
    .describe(
      "How many at most. A page may hold fewer, and there is more while next_cursor is set.",
    ),
  cursor: z.string().max(1_024).optional().describe("next_cursor of the page before."),
};

/** The answer of every list. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({
    data: z.array(item),
    next_cursor: z.string().nullable().describe("Null at the end."),
  });
}

export function timeText(atMs: number): string {
  return new Date(atMs).toISOString();
}

export function timeTextOrNull(atMs: number | null): string | null {
  return atMs === null ? null : timeText(atMs);
}

export function msOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text);
}

/** The members that have a value: for queries, where an absent one and an undefined one are not the same. */
export function present<T extends object>(
  members: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept = Object.entries(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
