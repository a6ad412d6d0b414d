import type { Answer } from "../verify/error.ts";
import type { AdapterOptions, AdapterReceiver } from "./connection.ts";
import { checkAdapter } from "./connection.ts";
import type { Given, NodeRequest } from "./node-exchange.ts";
import { exchange } from "./node-exchange.ts";

/** Node's `ServerResponse`, of http and of http2. */
export interface NodeResponse {
  statusCode: number;
  readonly headersSent: boolean;
  readonly destroyed?: boolean;
  setHeader(name: string, value: string): unknown;
  end(body: string): unknown;
}

export type NodeHandler = (request: NodeRequest, response: NodeResponse) => Promise<void>;

const FIX =
  "something read the request before: call this handler first, or keep the bytes in request.rawBody";

/**
 * A handler for `http.createServer` and all that hands on Node's own request and response. Reads the stream itself and stops at
 * the receiver's `bodyBytesMax`; takes `rawBody` where something set it. Never rejects.
 */
export function nodeWebhook(receiver: AdapterReceiver, options: AdapterOptions = {}): NodeHandler {
  checkAdapter(receiver, options);
  return createNodeHandler(receiver, options, FIX);
}

/** `originalUrl`, `rawBody` and `body` are what connect, Express, Next and most hosts of functions add to Node's request. */
interface Additions {
  readonly originalUrl?: unknown;
  readonly rawBody?: unknown;
  readonly body?: unknown;
}

/** The same for the frameworks whose response is Node's, each with its own advice. */
export function createNodeHandler(
  receiver: AdapterReceiver,
  options: AdapterOptions,
  fix: string,
): NodeHandler {
  return async (request, response) => {
    const { originalUrl, rawBody, body }: NodeRequest & Additions = request;
    const target = typeof originalUrl === "string" ? originalUrl : undefined;
    const given: Given = { target, rawBody, body, fix };
    const answer = await exchange(receiver, request, given, options);
    if (answer !== null) writeAnswer(response, answer);
  };
}

/** Nothing where something else has answered, or the sender is gone. */
export function writeAnswer(response: NodeResponse, answer: Answer): void {
  if (response.headersSent || response.destroyed === true) return;
  response.statusCode = answer.status;
  for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
  response.end(answer.body);
}
