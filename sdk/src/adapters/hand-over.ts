/** What every adapter does once it has read: the request to the receiver, the answer back. */
import type { Handled } from "../receiver/receiver.ts";
import type { Answer } from "../verify/error.ts";
import { asReadRequest } from "../verify/read.ts";
import type { HeadersLike } from "../verify/request.ts";
import { WebhookError } from "../verify/webhook-error.ts";
import type { AdapterOptions, AdapterReceiver, HeaderReader, Seen } from "./connection.ts";
import { senderAddress, senderUrl } from "./connection.ts";
import type { HeldBody } from "./read-body.ts";
import { NOTHING } from "./read-body.ts";

export interface Incoming {
  readonly method: string;
  readonly headers: HeadersLike;
  readonly seen: Seen;
  readonly peer: () => string | undefined;
  readonly body: HeldBody;
}

/** Never rejects. */
export async function handOver(
  receiver: AdapterReceiver,
  { method, headers, seen, peer, body }: Incoming,
  options: AdapterOptions,
): Promise<Handled> {
  const header = readerOf(headers);
  let url = "";
  let remoteAddress: string | undefined;
  let refusal = body.kind === "refused" ? body.error : undefined;
  try {
    url = senderUrl(seen, header, options);
    remoteAddress = senderAddress(peer(), header, options);
  } catch (cause) {
    // `publicUrl` and `remoteAddress` are the application's functions.
    refusal = new WebhookError("CONFIG_INVALID", "expected an address, got an error", { cause });
  }
  const bytes = body.kind === "bytes" ? body.bytes : NOTHING;
  const handled = await receiver.handle(
    { method, url, headers, body: bytes },
    { remoteAddress, refusal },
  );
  return { ...handled, answer: withHint(handled.answer, handled.error, options) };
}

/** Looks a header up as verification does. */
export function readerOf(headers: HeadersLike): HeaderReader {
  return asReadRequest("", "", headers, NOTHING).header;
}

/** The hint is for the developer of this application; what is wrong with a sender's request is not explained to it. */
function withHint(
  answer: Answer,
  error: WebhookError | null,
  { showHints }: AdapterOptions,
): Answer {
  const isOwn = error?.code === "BODY_ALREADY_PARSED" || error?.code === "BODY_ALREADY_READ";
  if (showHints !== true || !isOwn) return answer;
  const headers = {
    ...answer.headers,
    "webhook-error": error.code,
    "webhook-hint": error.hint ?? "",
  };
  return { ...answer, headers };
}
