import type { AdapterOptions, AdapterReceiver } from "./connection.ts";
import { checkAdapter } from "./connection.ts";
import { readFetch, respond } from "./fetch.ts";
import type { Body } from "./read-body.ts";
import { keptBody, lost } from "./read-body.ts";

export interface HonoContext {
  readonly req: {
    readonly raw: Request;
    /** What middleware before this one has read through Hono. */
    readonly bodyCache: object;
    arrayBuffer(): Promise<ArrayBuffer>;
  };
  readonly env: unknown;
}

export interface HonoOptions<C> extends AdapterOptions {
  /** The sender's address; by default what `@hono/node-server` knows, and nothing elsewhere. */
  readonly remoteAddress?: (context: C) => string | undefined;
}

const FIX =
  "middleware read the body in a way that loses it (c.req.formData(), c.req.raw.json()): mount this route above it, or let it read by c.req.text(), json() or arrayBuffer(), which Hono keeps";

/**
 * A handler for `app.all(path, …)`. Works with no middleware before it, and behind such as reads the body by `c.req.text()`,
 * `json()`, `arrayBuffer()` or `blob()`. Never rejects.
 */
export function honoWebhook<C extends HonoContext = HonoContext>(
  receiver: AdapterReceiver,
  options: HonoOptions<C> = {},
): (context: C) => Promise<Response> {
  checkAdapter(receiver, options, ["remoteAddress"]);
  const { remoteAddress = nodePeer } = options;
  return async (context) => {
    const body = await bodyOf(context, receiver.bodyBytesMax);
    return respond(receiver, context.req.raw, body, () => remoteAddress(context), options);
  };
}

/** Hono makes each form of the body from the one that was read first. */
const KEPT_WHOLE = new Set(["text", "arrayBuffer", "blob"]);

async function bodyOf({ req }: HonoContext, bytesMax: number): Promise<Body> {
  const { raw, bodyCache } = req;
  if (!raw.bodyUsed) return readFetch(raw, bytesMax);
  const [first = ""] = Object.keys(bodyCache);
  if (!KEPT_WHOLE.has(first)) return lost("BODY_ALREADY_PARSED", FIX);
  try {
    const bytes = new Uint8Array(await req.arrayBuffer());
    return keptBody(bytes, raw.headers.get("content-length"), FIX);
  } catch {
    return { kind: "aborted" };
  }
}

interface NodeEnv {
  readonly incoming?: { readonly socket?: { readonly remoteAddress?: string } };
}

function nodePeer({ env }: HonoContext): string | undefined {
  return (env as NodeEnv | undefined)?.incoming?.socket?.remoteAddress;
}
