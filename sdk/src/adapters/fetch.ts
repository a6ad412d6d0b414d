import { fetchBody } from "../verify/read.ts";
import { toResponse, WebhookError } from "../verify/webhook-error.ts";
import type { AdapterOptions, AdapterReceiver } from "./connection.ts";
import { checkAdapter, seenIn } from "./connection.ts";
import { handOver } from "./hand-over.ts";
import type { Body } from "./read-body.ts";
import { bytesBody } from "./read-body.ts";

export interface FetchOptions<Context> extends AdapterOptions {
  /** A Fetch request does not say who sends it; the host does, in its second argument or in a header of its own. */
  readonly remoteAddress?: (request: Request, context: Context) => string | undefined;
}

/**
 * A handler for all that serves by `Request` and `Response`: `Bun.serve`, `Deno.serve`, Workers, SvelteKit, Remix, Astro. Does
 * what `receiver.fetch` does, for servers behind a proxy and hosts that name the sender's address. Never rejects.
 */
export function fetchWebhook<Context = unknown>(
  receiver: AdapterReceiver,
  options: FetchOptions<Context> = {},
): (request: Request, context?: Context) => Promise<Response> {
  checkAdapter(receiver, options, ["remoteAddress"]);
  return async (request, context) => {
    const body = await readFetch(request, receiver.bodyBytesMax);
    const peer = (): string | undefined => options.remoteAddress?.(request, context as Context);
    return respond(receiver, request, body, peer, options);
  };
}

export async function readFetch(request: Request, bytesMax: number): Promise<Body> {
  const body = await fetchBody(request, bytesMax);
  if (!(body instanceof WebhookError)) return bytesBody(body);
  return body.code === "BODY_INVALID" ? { kind: "aborted" } : { kind: "refused", error: body };
}

/** One request whose body was read, or is known to be lost. */
export async function respond(
  receiver: AdapterReceiver,
  { method, headers, url }: Request,
  body: Body,
  peer: () => string | undefined,
  options: AdapterOptions,
): Promise<Response> {
  // Nobody waits for this answer, but the host wants one.
  if (body.kind === "aborted") return new Response(null, { status: 400 });
  const seen = seenIn(url, { scheme: "http", host: "localhost" });
  const { answer } = await handOver(receiver, { method, headers, seen, peer, body }, options);
  return toResponse(method === "HEAD" ? { ...answer, body: "" } : answer);
}
