import type { ReadRequest } from "./read-request.ts";
import type { CustomScheme, ProviderSpec, SignatureScheme, TimestampRule } from "./spec.ts";
import type { WebhookError } from "./webhook-error.ts";

/** The time of one request. */
export interface Time {
  readonly text: string;
  readonly ms: number | null;
  readonly error: WebhookError | null;
}

/** `times` are the items of the signature's list that are times. */
type TimeReader = (
  request: ReadRequest,
  event: () => unknown,
  times: readonly string[],
  nowMs: number,
) => Time;

/** A rule with what reads it; `place` is where the signature stands, for messages. */
export interface TimedRule extends TimestampRule {
  /** Whether its error may count only after the signature: before that, the body is anybody's. */
  readonly isInBody: boolean;
  readonly reader: (rule: TimestampRule, place: string) => TimeReader;
}

/** A list of signatures with what takes it apart: gives the items, but for times, which it adds to `times`. */
export interface ListRule {
  readonly separator: string;
  readonly split: (text: string, times: string[]) => readonly string[];
}

interface NoList {
  readonly separator?: never;
  readonly split?: never;
}

/**
 * A declaration with the code for those of its members that not every sender has (`timed`, `listed`): values and not words, so
 * that nobody carries what others need. The compiler sees to it that none is forgotten.
 */
export type ReadySignature = Omit<SignatureScheme, "timestamp" | "separator"> &
  (ListRule | NoList) & { readonly timestamp?: TimedRule };

export type ReadyScheme = ReadySignature | CustomScheme;

export interface ReadySpec<E = unknown> extends Omit<ProviderSpec<E>, "schemes"> {
  readonly schemes: readonly ReadyScheme[];
}
