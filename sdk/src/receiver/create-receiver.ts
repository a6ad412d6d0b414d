import { sha256Hex } from "#crypto";
import type { InboxEntry } from "../inbox/inbox.ts";
import type { Delivery } from "../verify/delivery.ts";
import type { RawRequest } from "../verify/request.ts";
import { verify } from "../verify/verify.ts";
import { toResponse, WebhookError } from "../verify/webhook-error.ts";
import type { AnyHandler, Context, Subject } from "./context.ts";
import { announce } from "./context.ts";
import { createDeadLetters } from "./dead-letters.ts";
import { storeForWorker } from "./deferred.ts";
import type { Gate } from "./gate.ts";
import { createGate } from "./gate.ts";
import { tell } from "./hooks.ts";
import { handleInTransaction, handleUnderLease, handleWithoutInbox } from "./inline.ts";
import type { ReceiverOptions } from "./options.ts";
import { readOptions } from "./options.ts";
import type { Handled, Receiver, RequestInfo } from "./receiver.ts";
import { createRoutes } from "./routes.ts";
import type { EventsOf, Schemas } from "./schema.ts";
import type { Ending } from "./verdict.ts";
import { acknowledged, endingOf, refusalAtDoor } from "./verdict.ts";
import type { Bell } from "./worker.ts";
import { createBell, createWorker } from "./worker.ts";

/**
 * One route's receiver: verifies what comes, recognises duplicates by the inbox, runs the handler of the event's type and
 * answers so that the sender tries again exactly if that helps. Throws `CONFIG_INVALID` for an option that is none.
 */
export function createReceiver<E, S extends Schemas = Schemas, Tx = never>(
  options: ReceiverOptions<E, S, Tx>,
): Receiver<EventsOf<S>, E, Tx> {
  const settings = readOptions(options);
  const context: Context<Tx> = { settings, routes: createRoutes<AnyHandler>() };
  const bell = createBell();
  const parts: Parts<Tx> = { context, bell, gate: createGate(settings) };
  const receiver: Receiver<EventsOf<S>, E, Tx> = {
    on(types: string | readonly string[], handler: unknown) {
      for (const type of typeof types === "string" ? [types] : types) {
        context.routes.add(type, handler as AnyHandler);
      }
      return receiver;
    },
    bodyBytesMax: settings.bodyBytesMax,
    handle: (request, info) => receive(parts, request, info),
    async fetch(request, info) {
      const { answer } = await receive(parts, request, info);
      return toResponse(request.method === "HEAD" ? { ...answer, body: "" } : answer);
    },
    worker(workerOptions) {
      const { inbox, mode } = settings;
      if (mode === "deferred" && inbox?.guarantee === "transactional") {
        return createWorker(context, inbox, bell, workerOptions);
      }
      throw new WebhookError("CONFIG_INVALID", `expected mode to be "deferred", got "${mode}"`);
    },
    deadLetters: createDeadLetters(settings, bell.ring),
  };
  return receiver;
}

interface Parts<Tx> {
  readonly context: Context<Tx>;
  readonly bell: Bell;
  readonly gate: Gate;
}

const NOBODY = { id: null, type: null, attempt: null };

/** Never rejects. */
async function receive<Tx>(
  parts: Parts<Tx>,
  request: Request | RawRequest,
  info: RequestInfo = {},
): Promise<Handled> {
  const { context } = parts;
  const startedAtMs = context.settings.clock();
  const refused = info.refusal ?? parts.gate(info);
  const { ending, ...about } =
    refused === null
      ? await verifyAndHandle(parts, request, startedAtMs)
      : { ...NOBODY, ending: refusalAtDoor(refused) };
  announce(context, { ...about, startedAtMs }, ending);
  return { ...ending, id: about.id };
}

type Result = Omit<Subject, "startedAtMs"> & { readonly ending: Ending };

async function verifyAndHandle<Tx>(
  parts: Parts<Tx>,
  request: Request | RawRequest,
  startedAtMs: number,
): Promise<Result> {
  const { settings } = parts.context;
  const { provider, bodyBytesMax, clock } = settings;
  const result = await verify(request, provider, { bodyBytesMax, clock });
  if (result.kind === "handshake") {
    return { ...NOBODY, ending: { outcome: "handshake", answer: result.answer, error: null } };
  }
  if (result.kind === "refused") return { ...NOBODY, ending: refusalAtDoor(result.error) };
  const { delivery } = result;
  const { id, type } = delivery;
  const noted = { endpoint: settings.endpoint, provider: provider.name, id, type, code: null };
  const durationMs = clock() - startedAtMs;
  tell(settings.hooks.onReceived, { ...noted, attempt: delivery.attempt, durationMs });
  const { ending, attempt } = await dispatch(parts, request, delivery);
  return { id, type, attempt, ending: acknowledged(ending, provider.acknowledgement) };
}

async function dispatch<Tx>(
  { context, bell }: Parts<Tx>,
  request: Request | RawRequest,
  delivery: Delivery,
): Promise<Pick<Result, "ending" | "attempt">> {
  const { settings, routes } = context;
  const { inbox, mode, onUnknown } = settings;
  const isUnknown = routes.find(delivery.type) === undefined;
  // A receiver without any handler is the door of a worker that stands in another process, and knows what it wants.
  const isDoor = mode === "deferred" && routes.isEmpty;
  if (isUnknown && onUnknown === "ack" && !isDoor) {
    return { ending: endingOf("ignored", 200), attempt: null };
  }
  if (inbox === null) return handleWithoutInbox(context, delivery);
  const entry = await entryOf(context, delivery);
  if (inbox.guarantee === "suppression") return handleUnderLease(context, inbox, delivery, entry);
  if (mode === "inline") return handleInTransaction(context, inbox, delivery, entry);
  const ending = await storeForWorker(context, inbox, request, delivery, entry);
  if (ending.outcome === "stored") bell.ring();
  return { ending, attempt: null };
}

async function entryOf<Tx>(
  { settings: { endpoint, clock } }: Context<Tx>,
  { id, type, sequence, isBodyStable, raw }: Delivery,
): Promise<InboxEntry> {
  const bodySha256 = isBodyStable ? await sha256Hex([raw]) : null;
  return { endpoint, id, type, bodySha256, sequence, nowMs: clock() };
}
