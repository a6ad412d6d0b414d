/** A sender, a store with effects and a clock, all in the test's hand. */
import assert from "node:assert/strict";
import { createFakeTime, settled } from "../../test/support/fake-time.ts";
import type { TransactionalInbox } from "../src/inbox/inbox.ts";
import type { MemoryTransaction } from "../src/inbox/memory.ts";
import { memoryInbox } from "../src/inbox/memory.ts";
import type { Chance } from "../src/receiver/chance.ts";
import { createReceiver } from "../src/receiver/create-receiver.ts";
import type { Hooks, Noted } from "../src/receiver/hooks.ts";
import { HOOK_NAMES } from "../src/receiver/hooks.ts";
import type { HandlerContext } from "../src/receiver/receiver.ts";
import type { ReceiverOptions } from "../src/receiver/options.ts";
import type { Schemas } from "../src/receiver/schema.ts";
import type { Delivery } from "../src/verify/delivery.ts";
import type { Provider } from "../src/verify/provider.ts";
import type { RawRequest } from "../src/verify/request.ts";
import { WebhookError } from "../src/verify/webhook-error.ts";

export interface OrderEvent {
  readonly id: string;
  readonly type: string;
  readonly key?: string;
  readonly data?: unknown;
}

/** A sender whose word is its proof: `x-proof: genuine`. It answers HEAD, and the event type `challenge` is a handshake. */
export const plainProvider: Provider<OrderEvent> = {
  name: "plain",
  methods: ["POST", "HEAD"],
  async check(request) {
    if (request.method === "HEAD") {
      const answer = { status: 200, headers: { "x-hello": "yes" }, body: "hello" };
      return { ok: true, kind: "handshake", answer };
    }
    if (request.header("x-proof") !== "genuine") {
      const error = new WebhookError("SIGNATURE_MISMATCH", "expected a proof, got none");
      return { ok: false, kind: "refused", error };
    }
    const event = request.json() as OrderEvent;
    if (event.type === "challenge") {
      return { ok: true, kind: "handshake", answer: { status: 200, headers: {}, body: event.id } };
    }
    return {
      ok: true,
      kind: "delivery",
      delivery: {
        provider: "plain",
        id: event.id,
        idSource: "body",
        type: event.type,
        event,
        occurredAtMs: 1,
        signedAtMs: null,
        attempt: null,
        orderingKey: event.key ?? null,
        sequence: null,
        isBodyStable: request.header("x-body") !== "changing",
        headers: request.headers,
        raw: request.body,
        text: () => request.text(),
      },
    };
  },
};

export function order(id: string, more: Partial<OrderEvent> = {}): RawRequest {
  return sent({ id, type: "order.paid", ...more });
}

export function sent(event: OrderEvent, headers: Record<string, string> = {}): RawRequest {
  return {
    method: "POST",
    url: "https://shop.example/hooks",
    headers: { "x-proof": "genuine", ...headers },
    body: new TextEncoder().encode(JSON.stringify(event)),
  };
}

export interface LedgerTx {
  readonly inner: MemoryTransaction;
  /** Is in the ledger when the transaction commits, and only then. */
  write(effect: string): void;
}

export interface Ledger extends TransactionalInbox<LedgerTx> {
  /** What was committed. */
  readonly effects: readonly string[];
  /** Every step of the store that was begun, by name. */
  readonly steps: readonly string[];
  /** The nth step from now (from 0) rejects instead, and with `isForGood` all after it, as for a process that is gone. */
  dieAt(step: number, isForGood: boolean): void;
  revive(): void;
}

type Time = ReturnType<typeof createFakeTime>;

/** The memory inbox as a database of the application would be: with effects that commit or vanish, and steps that may fail. */
export function createLedger(time: Time): Ledger {
  const memory = memoryInbox({ timers: time.timers });
  const effects: string[] = [];
  const steps: string[] = [];
  let death = { at: Number.POSITIVE_INFINITY, isForGood: false };
  function step(name: string): void {
    const at = steps.push(name) - 1;
    if (death.isForGood ? at >= death.at : at === death.at) throw new Error(`died at ${name}`);
  }
  /** Dies before it, or after it and before anybody hears of it. */
  async function around<T>(name: string, work: () => Promise<T>): Promise<T> {
    step(`before ${name}`);
    const result = await work();
    step(`after ${name}`);
    return result;
  }
  return {
    ...memory,
    effects,
    steps,
    dieAt(at, isForGood) {
      death = { at: steps.length + at, isForGood };
    },
    revive() {
      death = { at: Number.POSITIVE_INFINITY, isForGood: false };
    },
    transaction: (work) =>
      around("transaction", async () => {
        const staged: string[] = [];
        let isOpen = true;
        const result = await memory
          .transaction(async (inner) => {
            const ended = await work({
              inner,
              write(effect) {
                assert.ok(isOpen, "expected no write after the transaction's end");
                staged.push(effect);
              },
            });
            step("commit");
            return ended;
          })
          .finally(() => (isOpen = false));
        effects.push(...staged);
        return result;
      }),
    claim: (tx, entry) => around("claim", () => memory.claim(tx.inner, entry)),
    finish: (tx, key, end) => around("finish", () => memory.finish(tx.inner, key, end)),
    take: (tx, key, token) => around("take", () => memory.take(tx.inner, key, token)),
    fail: (entry, failure) => around("fail", () => memory.fail(entry, failure)),
    store: (entry) => around("store", () => memory.store(entry)),
    lease: (request) => around("lease", () => memory.lease(request)),
    release: (key, token, failure) => around("release", () => memory.release(key, token, failure)),
  };
}

export interface Told {
  readonly hook: string;
  readonly noted: Noted & { readonly error?: unknown; readonly paths?: readonly string[] };
}

/** Hooks that write down what they are told. */
export function recordingHooks(): { readonly hooks: Hooks; readonly told: Told[] } {
  const told: Told[] = [];
  const entries = HOOK_NAMES.map((hook) => [
    hook,
    (noted: Told["noted"]): void => void told.push({ hook, noted }),
  ]);
  return { hooks: Object.fromEntries(entries) as Hooks, told };
}

/** No jitter, and tokens that count. */
export function evenChance(): Chance {
  let tokens = 0;
  return { fraction: () => 0.5, token: () => `token-${++tokens}` };
}

/** A receiver at the ledger, with time that is moved by hand. */
export function createShop<S extends Schemas = Schemas>(
  options: Partial<ReceiverOptions<OrderEvent, S, LedgerTx>> = {},
) {
  const time = createFakeTime();
  const ledger = createLedger(time);
  const { hooks, told } = recordingHooks();
  const receiver = createReceiver<OrderEvent, S, LedgerTx>({
    endpoint: "orders",
    provider: plainProvider,
    inbox: ledger,
    clock: time.clock.wallMs,
    timers: time.timers,
    chance: evenChance(),
    hooks,
    ...options,
  });
  return { time, ledger, receiver, told, hooksTold: () => told.map(({ hook }) => hook) };
}

/** A promise that somebody else settles. */
export function createGateway<T = void>() {
  let open: (value: T) => void = () => {};
  const opened = new Promise<T>((resolve) => (open = resolve));
  return { opened, open };
}

/** Everything that can go on without time goes on. */
export async function untilQuiet(): Promise<void> {
  for (let i = 0; i < 10; i++) await settled();
}

export const DELAYS_MS = [1_000, 2_000];

type Work = (
  delivery: Delivery<OrderEvent>,
  context: HandlerContext<LedgerTx>,
) => void | Promise<void>;

export const book: Work = ({ id }, { tx }) => tx.write(id);

/** A shop with a short table of retries, whose worker does this with each order. */
export function deferredShop(work: Work = book, options: Parameters<typeof createShop>[0] = {}) {
  const retry = { delaysMs: DELAYS_MS, jitter: 0 };
  const shop = createShop({ mode: "deferred", retry, ...options } as typeof options);
  shop.receiver.on("order.paid", work);
  return { ...shop, worker: shop.receiver.worker() };
}
