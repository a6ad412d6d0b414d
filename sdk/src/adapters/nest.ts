/**
 * NestJS, on Express and on Fastify, by the shape of its interfaces. The application has to be made with
 * `NestFactory.create(AppModule, { rawBody: true })`, as Nest mounts body parsers before everything.
 */
import type { HandlerResult } from "../receiver/receiver.ts";
import type { Delivery } from "../verify/delivery.ts";
import type { Answer } from "../verify/error.ts";
import type { AdapterOptions, AdapterReceiver } from "./connection.ts";
import { checkAdapter } from "./connection.ts";
import type { FastifyReply } from "./fastify.ts";
import { writeReply } from "./fastify.ts";
import type { NodeResponse } from "./node.ts";
import { writeAnswer } from "./node.ts";
import type { NodeRequest } from "./node-exchange.ts";
import { exchange } from "./node-exchange.ts";

/** Nest's `ExecutionContext`. */
export interface NestContext {
  switchToHttp(): { getRequest(): unknown; getResponse(): unknown };
}

/** Nest's `CallHandler`; `handle` gives an Observable. */
export interface NestNext {
  handle(): { subscribe(observer: Observer): unknown };
}

interface Observer {
  next(value: unknown): void;
  error(error: unknown): void;
  complete(): void;
}

/** What a handler of this receiver is told beside the delivery; `tx` where its inbox has transactions. */
export interface NestHandlerContext {
  readonly signal: AbortSignal;
  readonly attempt: number;
}

type NestHandler = (
  delivery: Delivery,
  context: NestHandlerContext,
) => Promise<HandlerResult | void>;

const FIX =
  "Nest's body parser ran before: make the application with NestFactory.create(AppModule, { rawBody: true })";

/**
 * For `@UseGuards(nestGuard(receiver))`: verifies the request, lets the handlers that `receiver.on` knows do the work, and answers
 * by itself. The guarded method is never called, nor what Nest runs after guards.
 */
export function nestGuard(
  receiver: AdapterReceiver,
  options: AdapterOptions = {},
): { canActivate(context: NestContext): Promise<boolean> } {
  checkAdapter(receiver, options);
  return { canActivate: (context) => answered(receiver, context, options) };
}

/**
 * For `@UseInterceptors(nestWebhook(receiver))`: the method is the handler of all events that `receiver.on` has no other for. It is
 * called for genuine, new events only, within the inbox's transaction; what it throws makes the event a failed one, and a
 * `HandlerResult` that it returns is the answer. An interceptor and not a guard: a guard does not learn how the method ended.
 * Registers itself for `*`, so it throws `CONFIG_INVALID` where that is taken; needs the mode `inline`.
 */
export function nestWebhook(
  receiver: AdapterReceiver & { on(type: "*", handler: NestHandler): unknown },
  options: AdapterOptions = {},
): { intercept(context: NestContext, next: NestNext): Promise<never> } {
  checkAdapter(receiver, options);
  const turns = new WeakMap<Uint8Array, NestHandler>();
  receiver.on("*", async (delivery, context) => {
    const turn = turns.get(delivery.raw);
    if (turn !== undefined) return turn(delivery, context);
    throw new Error(
      `expected an event whose request is under way, got one of a worker: nestWebhook needs the mode "inline"`,
    );
  });
  return {
    intercept(context, next) {
      const request = context.switchToHttp().getRequest() as object;
      const turn: NestHandler = async (delivery, inside) => {
        UNDER_WAY.set(request, { delivery, context: inside });
        return resultOf(await lastOf(next));
      };
      const handle: AdapterReceiver["handle"] = (raw, info) => {
        // A view of its own for each request: the delivery is recognised by it.
        const body = raw.body.subarray();
        turns.set(body, turn);
        return receiver.handle({ ...raw, body }, info);
      };
      return answered({ bodyBytesMax: receiver.bodyBytesMax, handle }, context, options);
    },
  };
}

interface UnderWay {
  readonly delivery: Delivery;
  readonly context: NestHandlerContext;
}

const UNDER_WAY = new WeakMap<object, UnderWay>();

/** `const WebhookDelivery = createParamDecorator(nestDelivery)`: the delivery, for a method under `nestWebhook`. */
export function nestDelivery(_data: unknown, context: NestContext): Delivery {
  return underWay(context).delivery;
}

/** `const WebhookContext = createParamDecorator(nestContext)`: `tx`, `signal` and `attempt`. */
export function nestContext(_data: unknown, context: NestContext): NestHandlerContext {
  return underWay(context).context;
}

function underWay(context: NestContext): UnderWay {
  const found = UNDER_WAY.get(context.switchToHttp().getRequest() as object);
  if (found !== undefined) return found;
  throw new Error(
    "expected the method to be under nestWebhook, got one without @UseInterceptors(nestWebhook(receiver))",
  );
}

interface NestRequest extends NodeRequest {
  /** Fastify's request has Node's inside. */
  readonly raw?: NodeRequest;
  readonly originalUrl?: string;
  readonly rawBody?: unknown;
  readonly body?: unknown;
}

/**
 * Answers past Nest, and never ends: the answer is fixed to the byte (a challenge, an empty 401), and whatever Nest were given, its
 * filters and interceptors would answer, too. Nothing holds the promise, so it costs nothing.
 */
async function answered(
  receiver: AdapterReceiver,
  context: NestContext,
  options: AdapterOptions,
): Promise<never> {
  const http = context.switchToHttp();
  const request = http.getRequest() as NestRequest;
  const { originalUrl, rawBody, body } = request;
  const given = { target: originalUrl, rawBody, body, fix: FIX };
  const answer = await exchange(receiver, request.raw ?? request, given, options);
  if (answer !== null) write(http.getResponse() as NodeResponse | FastifyReply, answer);
  return new Promise(() => {});
}

function write(response: NodeResponse | FastifyReply, answer: Answer): void {
  if ("hijack" in response) writeReply(response, answer);
  else writeAnswer(response, answer);
}

/** The method's last value, by the shape of an Observable. */
function lastOf(next: NestNext): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let last: unknown;
    next.handle().subscribe({
      next(value) {
        last = value;
      },
      error: reject,
      complete: () => resolve(last),
    });
  });
}

const RESULT_NAMES = new Set(["status", "body", "contentType"]);

/** Methods return all kinds of things; only what is a `HandlerResult` and nothing else is taken for one. */
function resultOf(value: unknown): HandlerResult | undefined {
  if (typeof value === "string") return { body: value };
  if (typeof value !== "object" || value === null) return undefined;
  return Object.keys(value).every((key) => RESULT_NAMES.has(key)) ? value : undefined;
}
