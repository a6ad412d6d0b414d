import type { AdapterOptions, AdapterReceiver } from "./connection.ts";
import { checkAdapter } from "./connection.ts";
import { fetchWebhook } from "./fetch.ts";
import type { NodeHandler } from "./node.ts";
import { createNodeHandler } from "./node.ts";

type RouteHandler = (request: Request) => Promise<Response>;

export interface NextRoute {
  readonly GET: RouteHandler;
  readonly HEAD: RouteHandler;
  readonly POST: RouteHandler;
}

/**
 * For the app router: `export const { GET, HEAD, POST } = nextRoute(receiver)` in `app/…/route.ts`. The address is what Next
 * takes for its own; schemes that sign it need `publicUrl`. Never rejects.
 */
export function nextRoute(receiver: AdapterReceiver, options: AdapterOptions = {}): NextRoute {
  const handle = fetchWebhook(receiver, options);
  // Next hands on its own parameters as a second argument, which is none of the receiver's.
  const handler: RouteHandler = (request) => handle(request);
  return { GET: handler, HEAD: handler, POST: handler };
}

const FIX =
  "Next's body parser ran: add to this file under pages/api: export const config = { api: { bodyParser: false } }";

/**
 * For the pages router: `export default nextPages(receiver)` in `pages/api/….ts`, with
 * `export const config = { api: { bodyParser: false } }` beside it. Never rejects.
 */
export function nextPages(receiver: AdapterReceiver, options: AdapterOptions = {}): NodeHandler {
  checkAdapter(receiver, options);
  return createNodeHandler(receiver, options, FIX);
}
