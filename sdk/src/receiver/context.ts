/** What one receiver's parts share, and the two steps that every mode takes: run the handler, tell the hooks. */
import type { InboxEntry, InboxKey } from "../inbox/inbox.ts";
import type { Delivery } from "../verify/delivery.ts";
import type { Answer } from "../verify/error.ts";
import { withinDeadline } from "./deadline.ts";
import { InvalidPayloadError } from "./handler-errors.ts";
import type { Noted } from "./hooks.ts";
import { tell } from "./hooks.ts";
import type { Settings } from "./options.ts";
import type { HandlerResult } from "./receiver.ts";
import type { Routes } from "./routes.ts";
import { validated } from "./schema.ts";
import type { Ending } from "./verdict.ts";
import { answerOf, answerOfResult } from "./verdict.ts";

/** A handler when its types are no longer known. */
export type AnyHandler = (
  delivery: Delivery,
  context: { readonly signal: AbortSignal; readonly attempt: number; readonly tx?: unknown },
) => HandlerResult | void | Promise<HandlerResult | void>;

export interface Context<Tx> {
  readonly settings: Settings<Tx>;
  readonly routes: Routes<AnyHandler>;
}

/** What is known of the event that a request or a worker is at. */
export interface Subject {
  readonly id: string | null;
  readonly type: string | null;
  readonly attempt: number | null;
  readonly startedAtMs: number;
}

/** `ignored` where no handler wants the type. */
export interface Handling {
  readonly status: "done" | "ignored";
  readonly answer: Answer;
}

/**
 * Validates the payload and runs the handler within its time. Rejects with what the handler threw, `InvalidPayloadError` or
 * `HandlerTimeoutError`.
 */
export async function runHandler<Tx>(
  { settings, routes }: Context<Tx>,
  delivery: Delivery,
  inside: { readonly attempt: number; readonly tx?: Tx },
): Promise<Handling> {
  const handler = routes.find(delivery.type);
  if (handler === undefined) return { status: "ignored", answer: answerOf(200) };
  const { timers, handlerTimeoutMs, schemas } = settings;
  const result = await withinDeadline(timers, handlerTimeoutMs, async (signal) =>
    handler(await validated(delivery, schemas), { ...inside, signal }),
  );
  return { status: "done", answer: answerOfResult(result) };
}

export function keyOf({ endpoint, id }: InboxEntry): InboxKey {
  return { endpoint, id };
}

/** Tells the hook of this outcome, and of an invalid payload beside it. */
export function announce<Tx>({ settings }: Context<Tx>, subject: Subject, ending: Ending): void {
  const { hooks, endpoint, provider, clock } = settings;
  const { outcome, error } = ending;
  const noted: Noted = {
    endpoint,
    provider: provider.name,
    id: subject.id,
    type: subject.type,
    outcome,
    code: error?.code ?? null,
    attempt: subject.attempt,
    durationMs: clock() - subject.startedAtMs,
  };
  const cause = error?.cause ?? error;
  if (cause instanceof InvalidPayloadError) {
    tell(hooks.onInvalidPayload, { ...noted, paths: cause.paths });
  }
  switch (outcome) {
    case "failed":
      return tell(hooks.onFailed, { ...noted, error: cause });
    case "dead":
      // Without an error it died before, and this is the sender's repeat.
      return error === null
        ? tell(hooks.onDuplicate, noted)
        : tell(hooks.onDead, { ...noted, error: cause });
    case "handled":
      return tell(hooks.onHandled, noted);
    case "duplicate":
      return tell(hooks.onDuplicate, noted);
    case "stored":
      return tell(hooks.onStored, noted);
    case "ignored":
      return tell(hooks.onIgnored, noted);
    case "handshake":
      return tell(hooks.onHandshake, noted);
    case "refused":
      return tell(hooks.onRefused, noted);
  }
}
