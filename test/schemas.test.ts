/** Event types' schemas, by the real process that runs them. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { suite, test } from "node:test";

import type { EventType } from "../daemon/domain/application.ts";
import type { Problem } from "../daemon/domain/errors.ts";
import { createSchemaProblems } from "../daemon/ingest/schemas.ts";
import type { SchemaChild, SchemaChildNeeds } from "../daemon/system/schema-child.ts";
import { startSchemaChild } from "../daemon/system/schema-child.ts";
import type { SchemaTask } from "../daemon/system/schema-tasks.ts";
import { createSchemaChecker } from "../daemon/system/schemas.ts";
import { openTimers } from "../daemon/system/timers.ts";
import { EXPLODING, HOSTILE, LARGE } from "./support/hostile-schemas.ts";
import { incoming } from "./support/workshop.ts";

/** A checker for the test, and the processes that it starts. They break down at once on a task that is `fatal`. */
function openChecker(t: TestContext, fatal: (task: SchemaTask) => boolean = () => false) {
  const children: SchemaChild[] = [];
  const ends: SchemaChildNeeds["onEnd"][] = [];
  const log: string[] = [];
  const minutes = new Set<() => void>();
  const checker = createSchemaChecker({
    timers: {
      after(delayMs, run) {
        if (delayMs < 60_000) return openTimers().after(delayMs, run);
        minutes.add(run);
        return () => minutes.delete(run);
      },
    },
    log: { warn: (message) => void log.push(message) },
    start(needs) {
      const { send, kill } = startSchemaChild(needs);
      const child: SchemaChild = {
        send(task) {
          send(task);
          if (fatal(task)) setImmediate(breakDown);
        },
        kill,
      };
      children.push(child);
      ends.push(needs.onEnd);
      return child;
    },
  });
  function breakDown(): void {
    children.at(-1)?.kill();
    ends.at(-1)?.("SIGKILL");
  }
  // The process and its timers keep nobody alive, a test that waits for them neither.
  const alive = setInterval(() => undefined, 1_000);
  t.after(() => {
    checker.stop();
    clearInterval(alive);
  });
  return {
    ...checker,
    children,
    log,
    with: (type: EventType, value: unknown) =>
      checker.problemsWith(type, Buffer.from(JSON.stringify(value))),
    /** The newest process ends, whatever it does. */
    breakDown,
    /** Whatever waits for a minute has waited for it. */
    passMinute() {
      for (const run of minutes) run();
      minutes.clear();
    },
  };
}

function typeOf(schema: unknown, name = "invoice.paid", applicationSeq = 1): EventType {
  return { applicationSeq, name, description: "", schema, createdAtMs: 1, updatedAtMs: 1 };
}

const messages = (problems: readonly Problem[]) => problems.map(({ message }) => message).join();

const INVOICE = {
  type: "object",
  properties: { amount: { type: "number", minimum: 0 }, lines: { items: { type: "string" } } },
  required: ["amount"],
  additionalProperties: false,
};

suite("data and its type's schema", () => {
  test("a problem says where it is and what is wrong; good data has none", async (t) => {
    const { with: look } = openChecker(t);
    const type = typeOf(INVOICE);
    assert.deepEqual(await look(type, { amount: 5, lines: ["ä"] }), []);
    assert.deepEqual(await look(type, { amount: -1 }), [
      { path: "/data/amount", message: "/data/amount must be >= 0" },
    ]);
    assert.deepEqual(await look(type, { amount: 1, lines: ["a", 2] }), [
      { path: "/data/lines/1", message: "/data/lines/1 must be string" },
    ]);
    assert.deepEqual(await look(type, {}), [
      { path: "/data", message: "/data must have required property 'amount'" },
    ]);
    assert.deepEqual(await look(type, { amount: 1, extra: 1 }), [
      { path: "/data", message: "/data must NOT have additional properties (extra)" },
    ]);
  });

  test("`false` is a schema and takes nothing, not even an event without data", async (t) => {
    const checker = openChecker(t);
    assert.equal((await checker.with(typeOf(false), {})).length, 1);
    assert.equal((await checker.problemsWith(typeOf(false), new Uint8Array(0))).length, 1);
    assert.equal((await checker.with(typeOf(true), {})).length, 0);
  });

  test("a thousand at once are each answered for themselves, in their order", async (t) => {
    const { with: look, children } = openChecker(t);
    const [first, second] = [typeOf({ type: "integer" }), typeOf({ type: "string" }, "b")];
    const answers = await Promise.all(
      Array.from({ length: 1_000 }, (_, i) => look(i % 3 === 0 ? first : second, i)),
    );
    const isFine = answers.map((problems) => problems.length === 0);
    assert.deepEqual(
      isFine,
      Array.from({ length: 1_000 }, (_, i) => i % 3 === 0),
    );
    assert.equal(children.length, 1);
  });

  test("a type without a schema, an unknown type and another application's start no process", async (t) => {
    const checker = openChecker(t);
    const types = [typeOf(INVOICE), typeOf(null, "free")];
    const problemsOf = createSchemaProblems(
      {
        eventType: (seq, name) =>
          types.find((each) => each.applicationSeq === seq && each.name === name),
      },
      checker,
    );
    assert.equal(problemsOf(incoming(1, { type: "free" })), null);
    assert.equal(problemsOf(incoming(1, { type: "invoice.sent" })), null);
    assert.equal(problemsOf(incoming(2)), null);
    assert.equal(checker.children.length, 0);
    assert.equal((await problemsOf(incoming(1, { data: Buffer.from("1") })))?.length, 1);
    assert.equal(checker.children.length, 1);
    const raw = await problemsOf(incoming(1, { contentType: "text/plain", value: undefined }));
    assert.equal(
      messages(raw ?? []),
      'expected Content-Type to be application/json, because invoice.paid has a schema, got "text/plain"',
    );
  });
});

suite("a schema that is put", () => {
  test("is compiled first, and its fault is named", async (t) => {
    const checker = openChecker(t);
    const problemOf = async (schema: unknown) => (await checker.problemOf(1, schema)) ?? "";
    assert.equal(await problemOf(INVOICE), "");
    assert.equal(await problemOf({ prefixItems: [{ type: "string" }] }), "", "of draft 2020-12");
    const itself = { $ref: "https://json-schema.org/draft/2020-12/schema" };
    assert.equal(await problemOf(itself), "");
    assert.match(await problemOf({ type: "objekt" }), /^expected the schema .*, got .*type/);
    assert.match(await problemOf({ $ref: "#/nowhere" }), /got one with a fault: can't resolve/);
    assert.match(await problemOf({ pattern: "(" }), /got one with a fault/);
    assert.match(await problemOf("bad"), /^expected the schema/);
  });

  test("may have the $id of another application's", async (t) => {
    const { problemOf } = openChecker(t);
    const named = { $id: "https://example.com/invoice", type: "object" };
    assert.equal(await problemOf(1, named), null);
    assert.equal(await problemOf(2, { ...named, type: "array" }), null);
  });

  test("is refused where compiling it takes a second, and nothing else is", async (t) => {
    const checker = openChecker(t);
    const [problem, other] = await Promise.all([
      checker.problemOf(1, LARGE),
      checker.problemOf(2, INVOICE),
    ]);
    assert.match(problem ?? "", /^expected the schema to compile within 1000 ms, got one/);
    assert.equal(other, null);
  });
});

suite("a schema that does not decide", () => {
  for (const { name, schema, data } of HOSTILE) {
    test(`${name}: its event is refused, its type at once from then on, others are checked`, async (t) => {
      const { with: look, children, log } = openChecker(t);
      const [slow, good] = [typeOf(schema), typeOf(INVOICE, "good", 2)];
      const refused = look(slow, data);
      const others = Array.from({ length: 20 }, () => look(good, { amount: -1 }));
      const wanted =
        "expected the schema of invoice.paid to decide within 250 ms, got no decision; " +
        "its events are refused for a minute, or until the event type is put anew";
      assert.equal(messages(await refused), wanted);
      for (const other of others) assert.match(messages(await other), /must be >= 0/);
      assert.equal(messages(await look(slow, "harmless")), wanted);
      assert.deepEqual(await look(typeOf({ type: ["string", "array"] }), data), [], "put anew");
      assert.equal(children.length, 1, "the process lives on");
      assert.equal(log.length, 1);
    });
  }

  test("and refers to itself without end is a fault that is told", async (t) => {
    const { with: look } = openChecker(t);
    assert.match(messages(await look(typeOf({ $ref: "#" }), 1)), /got a fault: Maximum call stack/);
  });
});

test("after a minute without events the process is let go, and a refused type gets another try", async (t) => {
  const { with: look, children, passMinute } = openChecker(t);
  const slow = typeOf({ type: "string", pattern: "^(a+)+$" });
  const freak = `${"a".repeat(45)}!`;
  assert.match(messages(await look(slow, freak)), /got no decision/);
  assert.match(messages(await look(slow, "aaa")), /got no decision/);
  passMinute();
  assert.deepEqual(await look(slow, "aaa"), []);
  assert.equal(children.length, 2);
  assert.match(messages(await look(slow, freak)), /got no decision/);
});

suite("a process that breaks down", () => {
  test("by a schema that takes all memory: only that schema is refused", async (t) => {
    const { with: look, children } = openChecker(t);
    const [wide, good] = [typeOf(EXPLODING), typeOf(INVOICE, "good")];
    const answers = [look(good, {}), look(wide, 1), look(good, { amount: 1 })];
    const [before = [], refused = [], after = []] = await Promise.all(answers);
    assert.match(messages(refused), /^expected the schema of invoice\.paid to (run in|decide)/);
    assert.match(messages(before), /must have required property/);
    assert.deepEqual(after, []);
    assert.ok(children.length <= 3, "started anew at most once for each time it broke down");
  });

  test("twice by the same one: that one is refused, what stood beside it was answered", async (t) => {
    const isFatal = (task: SchemaTask) =>
      task.kind === "validate" && Buffer.from(task.data).includes("boom");
    const { with: look, children } = openChecker(t, isFatal);
    const [bad, good] = [typeOf({}), typeOf(INVOICE, "good")];
    await Promise.all([look(bad, 1), look(good, { amount: 1 })]);
    const answers = [look(good, {}), look(good, { amount: 1 }), look(bad, "boom"), look(good, {})];
    const [first = [], second = [], refused = [], last = []] = await Promise.all(answers);
    assert.match(
      messages(refused),
      /^expected the schema of invoice\.paid to run in 128 MiB of memory, got one that breaks down; its/,
    );
    assert.deepEqual(second, []);
    for (const each of [first, last]) assert.match(messages(each), /must have required property/);
    assert.equal(children.length, 3);
    assert.equal((await look(bad, 1)).length, 1, "at once, without a try");
    assert.equal(children.length, 3);
  });

  test("for another reason: what was under way is asked again and answered as ever", async (t) => {
    const checker = openChecker(t);
    const good = typeOf(INVOICE);
    await checker.with(good, { amount: 1 });
    const answers = [checker.with(good, { amount: 1 }), checker.with(good, { amount: -1 })];
    const tried = checker.problemOf(1, INVOICE);
    checker.breakDown();
    const [fine = [], bad = []] = await Promise.all(answers);
    assert.deepEqual([messages(fine), messages(bad)], ["", "/data/amount must be >= 0"]);
    assert.equal(await tried, null);
    assert.equal(checker.children.length, 2);
  });

  test("before it is ready: nothing is accepted unchecked, and the next event tries again", async (t) => {
    const checker = openChecker(t);
    const answer = checker.with(typeOf(INVOICE), { amount: 1 });
    checker.breakDown();
    await assert.rejects(answer, { code: "unavailable", retryAfterS: 5 });
    assert.deepEqual(await checker.with(typeOf(INVOICE), { amount: 1 }), []);
  });
});

suite("what waits", () => {
  test("is bounded for each application, and room comes back", async (t) => {
    const { with: look } = openChecker(t);
    const [crowd, other] = [typeOf(INVOICE), typeOf(INVOICE, "other", 2)];
    const waiting = Array.from({ length: 2_500 }, () => look(crowd, { amount: 1 }));
    await assert.rejects(look(crowd, { amount: 1 }), { code: "backlog_full" });
    assert.deepEqual(await look(other, { amount: 1 }), []);
    await Promise.all(waiting);
    assert.deepEqual(await look(crowd, { amount: 1 }), []);
  });

  test("waits for one turn of another application's crowd, not for all of it", async (t) => {
    const { with: look } = openChecker(t);
    let crowdCount = 0;
    const crowd = Array.from({ length: 2_000 }, async () => {
      await look(typeOf(INVOICE), { amount: 1 });
      crowdCount += 1;
    });
    await look(typeOf(INVOICE, "other", 2), { amount: 1 });
    assert.ok(crowdCount < 300, `${crowdCount} of the crowd came first`);
    await Promise.all(crowd);
  });

  test("is rejected at the end, like everything after it", async (t) => {
    const checker = openChecker(t);
    const answer = checker.with(typeOf(INVOICE), { amount: 1 });
    checker.stop();
    await assert.rejects(answer, { code: "unavailable" });
    await assert.rejects(checker.problemOf(1, INVOICE), { code: "unavailable" });
  });
});
