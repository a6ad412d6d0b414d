/** What every store with a transaction has to do, in sentences. Each test has an endpoint of its own in the one table. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import type { Answer } from "../../src/verify/error.ts";
import { WebhookError } from "../../src/verify/webhook-error.ts";
import { testDeferred } from "./inbox-conformance-deferred.ts";
import { testUpkeep } from "./inbox-conformance-upkeep.ts";
import {
  claimAlone,
  type Effects,
  entryOf,
  failureOf,
  type Ground,
  handle,
  hold,
  type InboxRig,
  NOW_MS,
  statusOf,
  Undo,
} from "./inbox-rig.ts";

/** Half of a character, as a broken sender may cut one. */
const HALF = String.fromCodePoint(0xd8_00);

/** Runs the suite. `missing` is the sentence why it cannot; `open` gives a store whose table is not there yet. */
export function testInbox<Tx>(
  name: string,
  missing: string | null,
  open: () => Promise<InboxRig<Tx>>,
): void {
  describe(name, { skip: missing ?? false }, () => {
    let ground: Ground<Tx> | null = null;
    const at = (): Ground<Tx> => {
      if (ground === null) throw new Error("expected the store to be open, got none");
      return ground;
    };
    before(async () => {
      const rig = await open();
      const inbox = rig.open();
      ground = { rig, inbox };
      // Two processes that start at once, and one that starts again.
      await Promise.all([inbox.migrate(), rig.open().migrate()]);
      await inbox.migrate();
    });
    after(async () => {
      await ground?.rig.close();
    });
    testEnds(at);
    testFailures(at);
    testNames(at);
    testLocks(at);
    testEffects(at);
    testDeferred(at);
    testUpkeep(at);
  });
}

function testEnds<Tx>(at: () => Ground<Tx>): void {
  test("a new event is claimed; when it is done, a duplicate gets the answer of then", async () => {
    const { inbox } = at();
    const entry = entryOf("done", "evt_1");
    const answer: Answer = {
      status: 201,
      headers: { "content-type": "text/plain", "set-cookie": "a=b" },
      body: "nul \u0000 quote ' post \u{1F4EE}",
    };
    await inbox.transaction(async (tx) => {
      assert.deepEqual(await inbox.claim(tx, entry), { kind: "claimed", attempt: 1 });
      await inbox.finish(tx, entry, { status: "done", answer, nowMs: NOW_MS + 1 });
    });
    const kept = { ...answer, headers: { "content-type": "text/plain" } };
    assert.deepEqual(await claimAlone(inbox, entry), { kind: "done", answer: kept });
    assert.equal(await statusOf(inbox, entry), "done");
  });

  test("an ignored event is a duplicate afterwards, without an answer", async () => {
    const { inbox } = at();
    const entry = entryOf("ignored", "evt_1");
    await inbox.transaction(async (tx) => {
      await inbox.claim(tx, entry);
      await inbox.finish(tx, entry, { status: "ignored", answer: null, nowMs: NOW_MS + 1 });
    });
    assert.deepEqual(await claimAlone(inbox, entry), { kind: "done", answer: null });
    assert.equal(await statusOf(inbox, entry), "ignored");
  });

  test("of an answer over 4 KiB only the status is kept", async () => {
    const { inbox } = at();
    const entry = entryOf("long answer", "evt_1");
    const answer = { status: 200, headers: {}, body: "ü".repeat(2_049) };
    await inbox.transaction(async (tx) => {
      await inbox.claim(tx, entry);
      await inbox.finish(tx, entry, { status: "done", answer, nowMs: NOW_MS });
    });
    const kept = { status: 200, headers: {}, body: "" };
    assert.deepEqual(await claimAlone(inbox, entry), { kind: "done", answer: kept });
  });
}

function testFailures<Tx>(at: () => Ground<Tx>): void {
  test("a failed event is claimable at each retry, and its attempts are counted", async () => {
    const { inbox } = at();
    const entry = entryOf("failed", "evt_1");
    for (const attempt of [1, 2]) {
      const undone = inbox.transaction(async (tx) => {
        assert.deepEqual(await inbox.claim(tx, entry), { kind: "claimed", attempt });
        throw new Undo();
      });
      await assert.rejects(undone, Undo);
      await inbox.fail(entry, failureOf({ error: "x".repeat(3_000) }));
      assert.equal(await statusOf(inbox, entry), "failed");
    }
    assert.deepEqual(await handle(inbox, entry), { kind: "claimed", attempt: 3 });
    assert.equal(await statusOf(inbox, entry), "done");
  });

  test("a claim that is committed without an end is no success: the event is claimable again", async () => {
    const { inbox } = at();
    const entry = entryOf("no end", "evt_1");
    assert.deepEqual(await claimAlone(inbox, entry), { kind: "claimed", attempt: 1 });
    assert.equal((await claimAlone(inbox, entry)).kind, "claimed");
    assert.equal(await statusOf(inbox, entry), "failed");
  });

  test("a failure that comes late undoes no success, not even a deadly one", async () => {
    const { inbox } = at();
    const entry = entryOf("late", "evt_1");
    await handle(inbox, entry);
    await inbox.fail(entry, failureOf());
    await inbox.fail(entry, failureOf({ isDead: true }));
    assert.equal(await statusOf(inbox, entry), "done");
    assert.equal((await claimAlone(inbox, entry)).kind, "done");
  });

  test("the same id with other bytes is a conflict, whatever became of the first", async () => {
    const { inbox } = at();
    const other = { bodySha256: "b".repeat(64) };
    await handle(inbox, entryOf("conflict", "done"));
    await inbox.fail(entryOf("conflict", "failed"), failureOf());
    await inbox.fail(entryOf("conflict", "dead"), failureOf({ isDead: true }));
    for (const id of ["done", "failed", "dead"]) {
      const claim = await claimAlone(inbox, entryOf("conflict", id, other));
      assert.deepEqual(claim, { kind: "conflict" }, id);
    }
    const unstable = entryOf("conflict", "done", { bodySha256: null });
    assert.deepEqual(await claimAlone(inbox, unstable), { kind: "done", answer: null });
  });
}

function testNames<Tx>(at: () => Ground<Tx>): void {
  test("ids that differ in case, accent or a space at the end are different events", async () => {
    const { inbox } = at();
    const ids = ["a", "A", "a ", "ä", "a\u0308", "'; --", "%", "\u{1F4EE}", "z".repeat(512)];
    for (const id of ids) {
      const claim = await handle(inbox, entryOf("names", id));
      assert.deepEqual(claim, { kind: "claimed", attempt: 1 }, id);
    }
    const known = await inbox.statusOf("names", ids);
    assert.deepEqual([...known.keys()].toSorted(), ids.toSorted());
    assert.deepEqual(await handle(inbox, entryOf("names ", "a")), { kind: "claimed", attempt: 1 });
  });

  test("an id that some database could not tell from another one is refused", async () => {
    const { inbox } = at();
    for (const id of ["", "z".repeat(513), "ü".repeat(257), "a\u0000", `a${HALF}`]) {
      const isRefusal = (error: unknown): boolean =>
        error instanceof WebhookError && error.code === "HEADER_MALFORMED" && !error.isRetryable;
      await assert.rejects(claimAlone(inbox, entryOf("refused", id)), isRefusal);
      await assert.rejects(inbox.fail(entryOf("refused", id), failureOf()), isRefusal);
    }
    assert.equal((await inbox.statusOf("refused", ["", "a\u0000", `a${HALF}`])).size, 0);
  });

  test("a type and an error may be any text", async () => {
    const { inbox } = at();
    const entry = entryOf("texts", "evt_1", { type: `a\u0000${HALF}\u{1F4EE}` });
    await inbox.fail(entry, failureOf({ isDead: true, error: `x\u0000${HALF}` }));
    const [letter] = await inbox.deadLetters({ endpoint: "texts", limit: 1, after: null });
    assert.match(letter?.type ?? "", /^a.*\u{1F4EE}$/u);
    assert.match(letter?.error ?? "", /^x/);
  });
}

function testLocks<Tx>(at: () => Ground<Tx>): void {
  for (const past of ["new", "failed"] as const) {
    test(`who comes second to a ${past} event waits, and finds it done`, async () => {
      const { inbox } = at();
      const entry = entryOf(`second ${past}`, "evt_1");
      if (past === "failed") await inbox.fail(entry, failureOf());
      const first = hold(inbox, entry);
      assert.equal((await first.claimed).kind, "claimed");
      const second = claimAlone(inbox, entry);
      await first.finish();
      assert.deepEqual(await second, { kind: "done", answer: null });
    });

    test(`who comes second to a ${past} event that is undone gets it`, async () => {
      const { inbox } = at();
      const entry = entryOf(`undone ${past}`, "evt_1");
      if (past === "failed") await inbox.fail(entry, failureOf());
      const first = hold(inbox, entry);
      await first.claimed;
      const second = handle(inbox, entry);
      await first.undo();
      assert.deepEqual(await second, { kind: "claimed", attempt: past === "new" ? 1 : 2 });
      assert.equal(await statusOf(inbox, entry), "done");
    });

    test(`who waits past the limit for a ${past} event is told busy, never done`, async () => {
      const { rig, inbox } = at();
      const entry = entryOf(`busy ${past}`, "evt_1");
      if (past === "failed") await inbox.fail(entry, failureOf());
      const first = hold(inbox, entry);
      await first.claimed;
      const second = await claimAlone(rig.open(rig.lockWaitMsMin), entry);
      assert.ok(second.kind === "busy" && second.retryAfterMs > 0, second.kind);
      await first.finish();
      assert.deepEqual(await claimAlone(inbox, entry), { kind: "done", answer: null });
    });
  }

  test("a failure that cannot be noted in time says so instead of being lost", async () => {
    const { rig, inbox } = at();
    const entry = entryOf("busy failure", "evt_1");
    const first = hold(inbox, entry);
    await first.claimed;
    const noted = rig.open(rig.lockWaitMsMin).fail(entry, failureOf());
    await assert.rejects(noted, (error) => error instanceof WebhookError && error.code === "BUSY");
    await first.finish();
  });
}

function testEffects<Tx>(at: () => Ground<Tx>): void {
  function effectsOf(skip: (why: string) => void): Effects<Tx> | null {
    const { effects } = at().rig;
    if (effects === null) skip("the store has no transaction that a handler could write in");
    return effects;
  }

  test("the rejection of the work is passed on, and its effects are undone with the claim", async (t) => {
    const effects = effectsOf((why) => t.skip(why));
    if (effects === null) return;
    const { inbox } = at();
    const entry = entryOf("undo", "evt_undo");
    const thrown = new Undo("as it was");
    const undone = handle(inbox, entry, async (tx) => {
      await effects.write(tx, entry.id);
      throw thrown;
    });
    await assert.rejects(undone, (error) => error === thrown);
    assert.equal(await effects.count(entry.id), 0);
    assert.equal(await statusOf(inbox, entry), undefined);
  });

  test("20 equal deliveries at once have one effect", async (t) => {
    const effects = effectsOf((why) => t.skip(why));
    if (effects === null) return;
    const { inbox } = at();
    const entry = entryOf("at once", "evt_at_once");
    const claims = await Promise.all(
      Array.from({ length: 20 }, () => handle(inbox, entry, (tx) => effects.write(tx, entry.id))),
    );
    assert.equal(claims.filter((claim) => claim.kind === "claimed").length, 1);
    assert.ok(claims.every(({ kind }) => kind === "claimed" || kind === "done" || kind === "busy"));
    assert.equal(await effects.count(entry.id), 1);
  });

  test("a handler that goes on after its transaction has ended can write nothing", async (t) => {
    const effects = effectsOf((why) => t.skip(why));
    if (effects === null) return;
    const { inbox } = at();
    const entry = entryOf("zombie", "evt_zombie");
    let kept: Tx | null = null;
    const undone = handle(inbox, entry, async (tx) => {
      kept = tx;
      throw new Undo();
    });
    await assert.rejects(undone, Undo);
    const zombie = kept as Tx | null;
    assert.ok(zombie !== null);
    await assert.rejects(async () => effects.write(zombie, entry.id));
    assert.equal(await effects.count(entry.id), 0);
  });
}
