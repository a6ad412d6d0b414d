import assert from "node:assert/strict";
import { test } from "node:test";
import { SCOPES } from "../daemon/domain/application.ts";
import { isId } from "../daemon/domain/id.ts";
import type { KeyInput } from "../daemon/manage/keys.ts";
import { openDesk, refusal, START_MS } from "./support/desk.ts";

const WIDE: KeyInput = { applicationSeq: null, name: "all", scopes: ["manage"] };

test("a key is shown once, opens what its scopes say, and only its hash is stored", async () => {
  const desk = await openDesk();
  const input = {
    applicationSeq: desk.application.seq,
    name: "till",
    scopes: ["read", "events:write"],
  } as const;
  const { key, token } = await desk.keys.create(input);
  assert.match(token, /^phk_[A-Za-z0-9_-]{43}$/);
  assert.equal(key.hint, token.slice(0, 8));
  assert.ok(!("hash" in key));
  assert.deepEqual(desk.keys.authenticate(token), {
    kind: "key",
    applicationSeq: desk.application.seq,
    scopes: ["events:write", "read"],
    keySeq: key.seq,
    session: null,
  });
  const [stored] = await desk.office.keys("all");
  assert.equal(stored?.hash.length, 32);
});

test("nothing but the whole token opens: no part, no other case, nothing longer", async () => {
  const desk = await openDesk();
  const { key, token } = await desk.keys.create(WIDE);
  const wrong = [
    "",
    token.slice(0, -1),
    `${token}x`,
    ` ${token}`,
    token.toUpperCase(),
    key.id,
    key.hint,
    "x".repeat(100_000),
  ];
  for (const text of wrong) assert.equal(desk.keys.authenticate(text), null);
});

test("a revoked key opens nothing, now and after a restart", async () => {
  const desk = await openDesk();
  const { key, token } = await desk.keys.create(WIDE);
  desk.clock.pass(5);
  const revoked = await desk.keys.revoke("all", key.id);
  assert.equal(revoked.revokedAtMs, START_MS + 5);
  assert.equal(desk.keys.authenticate(token), null);
  desk.clock.pass(5);
  assert.deepEqual(await desk.keys.revoke("all", key.id), revoked);
  const { keys } = await openDesk({ store: desk.fullStore, clock: desk.clock });
  assert.equal(keys.authenticate(token), null);
  assert.equal(keys.list("all").length, 1);
});

test("an application sees and revokes its own keys only", async () => {
  const desk = await openDesk();
  const other = await desk.applications.create("other");
  const mine = await desk.keys.create({ ...WIDE, applicationSeq: desk.application.seq });
  const theirs = await desk.keys.create({ ...WIDE, applicationSeq: other.seq });
  const wide = await desk.keys.create(WIDE);
  const ids = (owner: number | null | "all") => desk.keys.list(owner).map(({ id }) => id);
  assert.deepEqual(ids(desk.application.seq), [mine.key.id]);
  assert.deepEqual(ids(null), [wide.key.id]);
  assert.deepEqual(
    ids("all"),
    [mine, theirs, wide].map(({ key }) => key.id),
  );
  for (const { key, token } of [theirs, wide]) {
    assert.equal(
      (await refusal(() => desk.keys.revoke(desk.application.seq, key.id))).code,
      "not_found",
    );
    assert.notEqual(desk.keys.authenticate(token), null);
  }
});

test("a key has a name and at least one scope that there is", async () => {
  const desk = await openDesk();
  const bad = { ...WIDE, name: " ", scopes: [] };
  assert.deepEqual((await refusal(() => desk.keys.create(bad))).paths, ["/name", "/scopes"]);
  const unknown = { ...WIDE, scopes: ["admin" as "read"] };
  assert.deepEqual((await refusal(() => desk.keys.create(unknown))).paths, ["/scopes"]);
});

test("when a key was last used is seen at once and stored with the next flush", async () => {
  const desk = await openDesk();
  const { key, token } = await desk.keys.create(WIDE);
  desk.clock.pass(7);
  desk.keys.authenticate(token);
  const stored = async () => (await desk.office.keys("all"))[0]?.lastUsedAtMs;
  assert.equal(desk.keys.list("all")[0]?.lastUsedAtMs, START_MS + 7);
  assert.equal(await stored(), null);
  await desk.keys.flushUsed();
  assert.equal(await stored(), START_MS + 7);
  assert.equal(desk.keys.list("all")[0]?.lastUsedAtMs, START_MS + 7);
  await desk.keys.revoke("all", key.id);
  assert.equal(desk.keys.list("all")[0]?.lastUsedAtMs, START_MS + 7);
});

test("uses that could not be stored are stored with the next flush, the newest of each key", async () => {
  const desk = await openDesk();
  const { token } = await desk.keys.create(WIDE);
  desk.keys.authenticate(token);
  const { touchKeys } = desk.office;
  let finish = () => undefined as void;
  desk.store.touchKeys = () =>
    new Promise((_, reject) => (finish = () => reject(new Error("disk full"))));
  const flushing = desk.keys.flushUsed();
  desk.clock.pass(9);
  desk.keys.authenticate(token);
  finish();
  await assert.rejects(flushing, /disk full/);
  desk.store.touchKeys = touchKeys;
  await desk.keys.flushUsed();
  assert.equal((await desk.office.keys("all"))[0]?.lastUsedAtMs, START_MS + 9);
});

test("the bootstrap key is made once, for everything, and stays revoked once it is", async () => {
  const desk = await openDesk();
  const token = "correct-horse-16";
  assert.equal(await desk.keys.ensureKey(token), "made");
  assert.equal(await desk.keys.ensureKey(token), "present");
  const caller = desk.keys.authenticate(token);
  assert.deepEqual([caller?.applicationSeq, caller?.scopes], [null, SCOPES]);
  const [key] = desk.keys.list("all");
  assert.equal(key?.hint, "cor");
  await desk.keys.revoke("all", key.id);
  const { keys } = await openDesk({ store: desk.fullStore, clock: desk.clock });
  assert.equal(await keys.ensureKey(token), "revoked");
  assert.equal(keys.authenticate(token), null);
});

test("a bootstrap key that is short, or that no client could send, is refused and not repeated", async () => {
  const desk = await openDesk();
  for (const token of ["fifteen-letters", "with a blank in it", "sixteen-lätters!"]) {
    const { code, message } = await refusal(() => desk.keys.ensureKey(token));
    assert.equal(code, "invalid_request");
    assert.ok(!message.includes(token));
  }
});

test("an application's name is short, plain and nobody else's; ids and names both lead to it", async () => {
  const desk = await openDesk();
  const { applications } = desk;
  const shop = await applications.create("shop-2");
  assert.ok(isId("app", shop.id));
  assert.deepEqual(applications.resolve("shop-2"), shop);
  assert.deepEqual(applications.resolve(shop.id), shop);
  assert.deepEqual(
    applications.list().map(({ name }) => name),
    ["default", "shop-2"],
  );
  assert.equal((await refusal(() => applications.resolve("nobody"))).code, "not_found");
  for (const name of ["", "Shop", "-shop", "a".repeat(64), shop.id]) {
    assert.deepEqual((await refusal(() => applications.create(name))).paths, ["/name"], name);
  }
  assert.equal((await refusal(() => applications.create("shop-2"))).code, "conflict");
  const race = await Promise.allSettled([applications.create("twin"), applications.create("twin")]);
  assert.deepEqual(
    race.map(({ status }) => status),
    ["fulfilled", "rejected"],
  );
});

test("an event type is written down, changed, read and forgotten", async () => {
  const desk = await openDesk();
  const seq = desk.application.seq;
  const first = await desk.eventTypes.put(seq, {
    name: "order.paid",
    description: "",
    schema: null,
  });
  desk.clock.pass(10);
  await desk.eventTypes.put(seq, { name: "a", description: "", schema: null });
  const changed = await desk.eventTypes.put(seq, {
    name: "order.paid",
    description: "x",
    schema: { type: "object" },
  });
  assert.deepEqual([changed.createdAtMs, changed.updatedAtMs], [first.createdAtMs, START_MS + 10]);
  assert.deepEqual(desk.eventTypes.read(seq, "order.paid"), changed);
  assert.deepEqual(
    desk.eventTypes.list(seq).map(({ name }) => name),
    ["a", "order.paid"],
  );
  assert.deepEqual((await desk.office.eventTypes(seq)).length, 2);
  await desk.eventTypes.delete(seq, "order.paid");
  assert.equal((await refusal(() => desk.eventTypes.read(seq, "order.paid"))).code, "not_found");
  assert.equal((await refusal(() => desk.eventTypes.delete(seq, "order.paid"))).code, "not_found");
});

test("an event type's name, description and schema are checked at once; posthorn. is the daemon's", async () => {
  const desk = await openDesk();
  const put = (name: string, schema: unknown) => () =>
    desk.eventTypes.put(desk.application.seq, { name, description: "x".repeat(1_001), schema });
  assert.deepEqual((await refusal(put("a..b", "bad"))).paths, ["/name", "/description", "/schema"]);
  assert.deepEqual((await refusal(put("posthorn.test", { a: "x".repeat(65_536) }))).paths, [
    "/name",
    "/description",
    "/schema",
  ]);
});
