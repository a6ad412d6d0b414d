/**
 * What the compiler knows of handlers. The assertions are types: this file does not compile where one of them is wrong, and
 * what runs shows that the file was compiled against the real thing.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import { z } from "zod";

import type { SuppressionInbox } from "../src/inbox/inbox.ts";
import type { MemoryTransaction } from "../src/inbox/memory.ts";
import { memoryInbox } from "../src/inbox/memory.ts";
import { createReceiver } from "../src/receiver/create-receiver.ts";
import type { HandlerContext } from "../src/receiver/receiver.ts";
import type { OrderEvent } from "./receiver-kit.ts";
import { plainProvider } from "./receiver-kit.ts";

interface Probe<A> {
  <T>(value: T): T extends A ? 1 : 2;
}

/** True exactly if the types are the same, `any` and optional members included. */
type Same<A, B> = [Probe<A>, Probe<B>] extends [Probe<B>, Probe<A>] ? true : false;

/** Takes `true` for what is so; the compiler gives it for nothing else. */
function holds(claim: true): void {
  assert.equal(claim, true);
}

const schemas = {
  "order.paid": z.object({ total: z.number(), at: z.string().transform((text) => new Date(text)) }),
  "order.sent": v.object({ carrier: v.string() }),
};

const common = { endpoint: "orders", provider: plainProvider };

declare const suppressing: SuppressionInbox;

test("a handler's event is what the schema of its type gives, whoever wrote the schema", () => {
  const receiver = createReceiver({ ...common, schemas });
  receiver
    .on("order.paid", ({ event }) => {
      holds(true satisfies Same<typeof event, { total: number; at: Date }>);
    })
    .on("order.sent", ({ event }) => {
      holds(true satisfies Same<typeof event, { carrier: string }>);
    });
  assert.ok(receiver);
});

test("without a schema, and for patterns, it is what the provider gives", () => {
  createReceiver({ ...common, schemas })
    .on("order.lost", ({ event }) => {
      holds(true satisfies Same<typeof event, OrderEvent>);
    })
    .on(["order.*", "*"], ({ event }) => {
      holds(true satisfies Same<typeof event, OrderEvent>);
    });
  createReceiver(common).on("order.paid", ({ event }) => {
    holds(true satisfies Same<typeof event, OrderEvent>);
  });
});

test("a handler of several types gets either of their events", () => {
  createReceiver({ ...common, schemas }).on(["order.paid", "order.sent"], ({ event }) => {
    holds(true satisfies Same<typeof event, { total: number; at: Date } | { carrier: string }>);
  });
});

test("a transaction is in the context exactly where the inbox can promise one", () => {
  createReceiver({ ...common, inbox: memoryInbox() }).on("*", (_delivery, context) => {
    holds(true satisfies Same<typeof context, HandlerContext<MemoryTransaction>>);
    holds(true satisfies Same<(typeof context)["tx"], MemoryTransaction>);
  });
  createReceiver({ ...common, mode: "deferred", inbox: memoryInbox() }).on(
    "*",
    (_delivery, context) => {
      holds(true satisfies Same<(typeof context)["tx"], MemoryTransaction>);
    },
  );
  createReceiver(common).on("*", (_delivery, context) => {
    holds(true satisfies Same<keyof typeof context, "signal" | "attempt">);
  });
});

test("an inbox that only suppresses gives its handlers no transaction to rely on", () => {
  // Never called: there is no such store here, only its type.
  const never = (): unknown =>
    createReceiver({ ...common, inbox: suppressing }).on("*", (_delivery, context) => {
      holds(true satisfies Same<keyof typeof context, "signal" | "attempt">);
      holds(true satisfies Same<"tx" extends keyof typeof context ? true : false, false>);
    });
  assert.equal(typeof never, "function");
});

type Options = Parameters<
  typeof createReceiver<OrderEvent, Record<string, never>, MemoryTransaction>
>[0];

test("deferred mode without a transactional inbox does not compile", () => {
  type Deferred<I> = {
    endpoint: string;
    provider: typeof plainProvider;
    mode: "deferred";
    inbox: I;
  };
  holds(
    true satisfies Same<
      Deferred<ReturnType<typeof memoryInbox>> extends Options ? true : false,
      true
    >,
  );
  holds(true satisfies Same<Deferred<SuppressionInbox> extends Options ? true : false, false>);
  holds(
    true satisfies Same<
      Omit<Deferred<SuppressionInbox>, "inbox"> extends Options ? true : false,
      false
    >,
  );
});
