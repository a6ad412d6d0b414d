import type { Answer } from "../verify/error.ts";
import type { AdapterOptions, AdapterReceiver } from "./connection.ts";
import { checkAdapter } from "./connection.ts";
import type { NodeRequest } from "./node-exchange.ts";
import { exchange } from "./node-exchange.ts";

export interface FastifyRequest {
  readonly raw: NodeRequest;
  readonly originalUrl?: string;
  readonly body?: unknown;
}

export interface FastifyReply {
  code(status: number): unknown;
  header(name: string, value: string): unknown;
  send(body: string): unknown;
  hijack(): unknown;
}

export interface FastifyInstance {
  removeAllContentTypeParsers(): void;
  addContentTypeParser(type: string, parser: () => Promise<undefined>): unknown;
  route(route: {
    method: string[];
    url: string;
    handler: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;
  }): unknown;
}

export type FastifyPlugin = (instance: FastifyInstance) => Promise<void>;

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

const FIX =
  "a content type parser ran before: use app.register(fastifyWebhook(receiver), { prefix: path }), which has no parser, or set request.rawBody to the bytes";

/**
 * A plugin with one route, at the prefix that it is registered with. It has no content type parsers in its own context and reads
 * the stream itself, so that parsers and `bodyLimit` of the rest of the application neither help nor harm it.
 */
export function fastifyWebhook(
  receiver: AdapterReceiver,
  options: AdapterOptions = {},
): FastifyPlugin {
  const handler = fastifyHandler(receiver, options);
  return async (instance) => {
    instance.removeAllContentTypeParsers();
    instance.addContentTypeParser("*", async () => undefined);
    instance.route({ method: METHODS, url: "", handler });
  };
}

/**
 * For a route of your own, where something keeps the bytes: `request.rawBody` (fastify-raw-body), or a content type parser that
 * gives a Buffer as `request.body`. Never rejects.
 */
export function fastifyHandler(
  receiver: AdapterReceiver,
  options: AdapterOptions = {},
): (request: FastifyRequest, reply: FastifyReply) => Promise<unknown> {
  checkAdapter(receiver, options);
  return async (request, reply) => {
    const { rawBody, body, originalUrl }: FastifyRequest & { readonly rawBody?: unknown } = request;
    const given = { target: originalUrl, rawBody, body, fix: FIX };
    const answer = await exchange(receiver, request.raw, given, options);
    if (answer === null) return reply.hijack();
    return writeReply(reply, answer);
  };
}

export function writeReply(reply: FastifyReply, answer: Answer): unknown {
  reply.code(answer.status);
  for (const [name, value] of Object.entries(answer.headers)) reply.header(name, value);
  return reply.send(answer.body);
}
