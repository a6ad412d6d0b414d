import type { AdapterOptions, AdapterReceiver } from "./connection.ts";
import { checkAdapter } from "./connection.ts";
import type { NodeRequest } from "./node-exchange.ts";
import { exchange } from "./node-exchange.ts";

export interface KoaContext {
  readonly req: NodeRequest;
  readonly originalUrl: string;
  readonly request: object;
  status: number;
  body: unknown;
  respond?: boolean | undefined;
  set(name: string, value: string): void;
  remove(name: string): void;
}

const FIX =
  "a body parser ran before: use this middleware above app.use(bodyParser()), or let the parser keep ctx.request.rawBody (koa-bodyparser does for the types it parses)";

/**
 * A Koa middleware that answers each request it gets, so mount it on a path (`router.all(path, …)`). Works with no parser before
 * it and behind those that keep `ctx.request.rawBody`. Never rejects, never calls `next`.
 */
export function koaWebhook(
  receiver: AdapterReceiver,
  options: AdapterOptions = {},
): (context: KoaContext) => Promise<void> {
  checkAdapter(receiver, options);
  return async (context) => {
    const { rawBody, body }: Parsed = context.request;
    const given = { target: context.originalUrl, rawBody, body, fix: FIX };
    const answer = await exchange(receiver, context.req, given, options);
    if (answer === null) {
      context.respond = false;
      return;
    }
    context.body = answer.body;
    // After the body: giving one sets a status and a type.
    context.status = answer.status;
    context.remove("content-type");
    for (const [name, value] of Object.entries(answer.headers)) context.set(name, value);
  };
}

interface Parsed {
  readonly rawBody?: unknown;
  readonly body?: unknown;
}
