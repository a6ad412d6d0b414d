/** What the inbox promises, against processes that die and come all at once. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import type { Job, Told } from "./support/inbox-torture-child.ts";
import { openStore, type StoreName, type TortureStore } from "./support/inbox-torture-stores.ts";
import { mariadbServer, postgresServer, type ServerKind } from "./support/servers.ts";

const CHILD = fileURLToPath(new URL("support/inbox-torture-child.ts", import.meta.url));
const COMPILED = mkdtempSync(path.join(tmpdir(), "posthorn-torture-code-"));
after(() => rmSync(COMPILED, { recursive: true, force: true }));

const PROCESSES = 5;
const DELIVERIES_EACH = 10;
/** More than any flow has; a flow that has more fails the test. */
const STEPS_MAX = 80;
const CHILDREN_AT_ONCE = 3;

const file: ServerKind = { missing: null, start: async () => ({ port: 0, stop: async () => {} }) };

torture("sqlite", file, 50);
torture("postgres", postgresServer, 50);
torture("mariadb", mariadbServer, 1_000);

interface Ground {
  readonly store: TortureStore;
  readonly name: StoreName;
  readonly at: string;
}

function torture(name: StoreName, kind: ServerKind, lockWaitMsMin: number): void {
  describe(`torture: ${name}`, { skip: kind.missing ?? false }, () => {
    let ground: Ground | null = null;
    let end = async (): Promise<void> => {};
    const here = (): Ground => {
      if (ground === null) throw new Error("expected the store to be open, got none");
      return ground;
    };
    before(async () => {
      const dir = mkdtempSync(path.join(tmpdir(), "posthorn-torture-"));
      const server = await kind.start();
      const at = server.port === 0 ? path.join(dir, "app.db") : `${server.port}`;
      const store = openStore({ name, at });
      ground = { store, name, at };
      end = async () => {
        await store.close();
        await server.stop();
        rmSync(dir, { recursive: true, force: true });
      };
      await store.migrate();
    });
    after(() => end());
    testCrowd(here);
    testDeaths(here);
    testRetries(here, lockWaitMsMin);
  });
}

function testCrowd(here: () => Ground): void {
  test("50 equal deliveries at once, in five processes, have one effect", async () => {
    const { store, name, at } = here();
    const id = "evt_crowd";
    const job: Job = { name, at, id, task: { kind: "deliver", count: DELIVERIES_EACH } };
    const children = Array.from({ length: PROCESSES }, () => run(job));
    await Promise.all(children.map(({ isReady }) => isReady));
    for (const { child } of children) child.stdin?.write("go");
    const told = (await Promise.all(children.map(({ ended }) => ended))).flatMap(({ said }) => {
      const answers = said.split("\n")[1];
      return JSON.parse(answers ?? "[]") as Told[];
    });
    assert.equal(told.filter(({ outcome }) => outcome === "handled").length, 1);
    assert.equal(told.filter(({ status }) => status === 200).length, PROCESSES * DELIVERIES_EACH);
    for (const { status, retryAfter } of told) {
      assert.ok(status === 200 || (status === 503 && Number(retryAfter) > 0), `${status}`);
    }
    assert.equal(await store.count(id), 1);
  });
}

function testDeaths(here: () => Ground): void {
  for (const isFailing of [false, true]) {
    const handler = isFailing ? "a handler that fails" : "a handler that ends well";
    test(`killed at any step of ${handler}, the sender's retry makes exactly one effect`, async () => {
      let isOver = false;
      let deaths = 0;
      for (let first = 1; !isOver; first += CHILDREN_AT_ONCE) {
        assert.ok(first < STEPS_MAX, "the flow has an end");
        const steps = Array.from({ length: CHILDREN_AT_ONCE }, (_, i) => first + i);
        const died = await Promise.all(steps.map((step) => dieAt(here(), step, isFailing)));
        deaths += died.filter((one) => one).length;
        isOver = died.includes(false);
      }
      assert.ok(deaths >= 6, `expected a flow of 6 steps or more, got ${deaths}`);
    });
  }
}

/** False where the flow has fewer steps than that, and so came to its end. */
async function dieAt({ store, name, at }: Ground, step: number, isFailing: boolean) {
  const id = `evt_${isFailing ? "failing" : "well"}_${step}`;
  const { ended } = run({ name, at, id, task: { kind: "die", step, isFailing } });
  const { signal, wailed } = await ended;
  if (signal === null) assert.equal(wailed, "");
  const retry = await store.deliver(id);
  assert.equal(retry.answer.status, 200, `${id}: ${retry.error?.message}`);
  assert.ok(retry.outcome === "handled" || retry.outcome === "duplicate");
  assert.equal(await store.count(id), 1, id);
  return signal === "SIGKILL";
}

function testRetries(here: () => Ground, lockWaitMsMin: number): void {
  test("a handler that fails twice and then succeeds has one effect, at its third attempt", async () => {
    const { store } = here();
    const attempts: number[] = [];
    const answers: number[] = [];
    for (let i = 0; i < 4; i += 1) {
      const { answer } = await store.deliver("evt_third", (attempt) => {
        attempts.push(attempt);
        if (attempt < 3) throw new Error("not yet");
      });
      answers.push(answer.status);
    }
    assert.deepEqual(attempts, [1, 2, 3]);
    assert.deepEqual(answers, [500, 500, 200, 200]);
    assert.equal(await store.count("evt_third"), 1);
  });

  test("an event that is not free within the lock limit is answered with 503 and Retry-After, never 200", async () => {
    const { store, name, at } = here();
    const other = openStore({ name, at, lockWaitMs: lockWaitMsMin });
    const finish = await store.hold("evt_held");
    const { answer, outcome } = await other.deliver("evt_held");
    assert.deepEqual([answer.status, outcome], [503, "failed"]);
    assert.ok(Number(answer.headers["retry-after"]) > 0);
    await finish();
    assert.equal((await other.deliver("evt_held")).outcome, "duplicate");
    assert.equal(await store.count("evt_held"), 0);
    await other.close();
  });
}

interface Running {
  readonly child: ChildProcess;
  /** Resolves with its first word. */
  readonly isReady: Promise<void>;
  readonly ended: Promise<{
    readonly signal: NodeJS.Signals | null;
    readonly said: string;
    readonly wailed: string;
  }>;
}

function run(job: Job): Running {
  const child = spawn(process.execPath, [CHILD, JSON.stringify(job)], {
    stdio: "pipe",
    // Most of a child's short life would be the reading of its sources.
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILED },
  });
  let said = "";
  let wailed = "";
  const ready = Promise.withResolvers<void>();
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    said += chunk;
    ready.resolve();
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (wailed += chunk));
  const ended = once(child, "close").then(([, signal]) => {
    ready.reject(new Error(`expected the child to get ready, got:\n${wailed}`));
    return { signal: signal as NodeJS.Signals | null, said, wailed };
  });
  ready.promise.catch(() => {});
  return { child, isReady: ready.promise, ended };
}
