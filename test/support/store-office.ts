import assert from "node:assert/strict";

import type { ApiKey } from "../../daemon/domain/application.ts";
import { AppError } from "../../daemon/domain/errors.ts";
import type { Laws } from "./store-desk.ts";
import { first, newEndpoint, START_MS } from "./store-desk.ts";

export const officeLaws: Laws = {
  "the application default exists from the start, and names are given once": async (desk) => {
    const { office } = desk.store;
    assert.deepEqual(
      (await office.applications()).map(({ name }) => name),
      ["default"],
    );
    const made = await office.createApplication({ id: "app_2", name: "shop", createdAtMs: 7 });
    assert.deepEqual((await office.applications()).at(-1), made);
    await assert.rejects(
      office.createApplication({ id: "app_3", name: "shop", createdAtMs: 7 }),
      (error) => error instanceof AppError && error.code === "conflict",
    );
  },

  "keys are listed by application, instance-wide or all": async (desk) => {
    const { office } = desk.store;
    const mine = await office.createKey(key("key_1", desk.applicationSeq));
    const wide = await office.createKey(key("key_2", null));
    const hashes = async (of: number | null | "all") =>
      (await office.keys(of)).map(({ id, scopes, hash }) => [id, scopes, Buffer.from(hash)[0]]);
    const [own, other] = [mine, wide].map(({ id }) => [
      id,
      ["read", "events:write"],
      Number(id.at(-1)),
    ]);
    assert.deepEqual(await hashes(desk.applicationSeq), [own]);
    assert.deepEqual(await hashes(null), [other]);
    assert.deepEqual(await hashes("all"), [own, other]);
  },

  "a revoked key stays revoked since the first time, and an unknown one is none": async (desk) => {
    const { office } = desk.store;
    await office.createKey(key("key_1", null));
    assert.equal((await office.revokeKey("key_1", START_MS + 1))?.revokedAtMs, START_MS + 1);
    assert.equal((await office.revokeKey("key_1", START_MS + 2))?.revokedAtMs, START_MS + 1);
    assert.equal(await office.revokeKey("key_9", START_MS), null);
  },

  "when keys were last used is noted for several at once": async (desk) => {
    const { office } = desk.store;
    const [a, b] = [
      await office.createKey(key("key_1", null)),
      await office.createKey(key("key_2", null)),
    ];
    await office.touchKeys([
      { seq: a.seq, atMs: 5 },
      { seq: b.seq, atMs: 6 },
    ]);
    await office.touchKeys([]);
    assert.deepEqual(
      (await office.keys("all")).map((each) => each.lastUsedAtMs),
      [5, 6],
    );
  },

  "an event type is put, put again and deleted; its schema comes back as it was": async (desk) => {
    const { office } = desk.store;
    const { applicationSeq } = desk;
    const schema = { type: "object", required: ["id"] };
    const type = {
      applicationSeq,
      name: "a.b",
      description: "",
      schema,
      createdAtMs: 1,
      updatedAtMs: 1,
    };
    await office.putEventType(type);
    await office.putEventType({
      ...type,
      description: "new",
      schema: null,
      createdAtMs: 9,
      updatedAtMs: 9,
    });
    await office.putEventType({ ...type, name: "a.a" });
    assert.deepEqual(await office.eventTypes(applicationSeq), [
      { ...type, name: "a.a" },
      { ...type, description: "new", schema: null, updatedAtMs: 9 },
    ]);
    assert.equal((await office.eventTypes("all")).length, 2);
    assert.deepEqual(await office.eventTypes(applicationSeq + 1), []);
    assert.equal(await office.deleteEventType(applicationSeq, "a.b"), true);
    assert.equal(await office.deleteEventType(applicationSeq, "a.b"), false);
  },

  "an endpoint comes back as it was made, its sealed secrets byte for byte": async (desk) => {
    const sealed = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const made = await desk.store.office.createEndpoint({
      ...newEndpoint("ep_1", desk.applicationSeq, {
        filter: { "data.n": { gt: 5 } },
        backoff: [1_000],
      }),
      secrets: [{ id: "sec_1", sealed, createdAtMs: 1, expiresAtMs: null }],
      sealedAuth: sealed,
    });
    const read = first(await desk.store.office.endpoints());
    const plain = (bytes: Uint8Array) => Uint8Array.from(bytes);
    assert.deepEqual(
      {
        ...read,
        secrets: read.secrets.map((secret) =>
          Object.assign({ ...secret }, { sealed: plain(secret.sealed) }),
        ),
        sealedAuth: plain(read.sealedAuth ?? new Uint8Array()),
      },
      made,
    );
    assert.equal((await desk.store.reads.counts(made.seq)).pending, 0);
  },

  "a change of an endpoint changes what it names and nothing else": async (desk) => {
    const { office } = desk.store;
    const endpoint = await desk.endpoint();
    const settings = { ...endpoint.settings, url: "https://other.example/" };
    const changed = await office.updateEndpoint(endpoint.seq, { settings, atMs: START_MS + 1 });
    assert.deepEqual(changed, { ...endpoint, settings, updatedAtMs: START_MS + 1 });
    const off = { state: "disabled", disabledReason: "operator", transition: "hold" } as const;
    const disabled = await office.updateEndpoint(endpoint.seq, { ...off, atMs: START_MS + 2 });
    assert.deepEqual(
      [disabled.state, disabled.disabledReason, disabled.transition, disabled.stateChangedAtMs],
      ["disabled", "operator", "hold", START_MS + 2],
    );
    const enabled = await office.updateEndpoint(endpoint.seq, {
      state: "active",
      atMs: START_MS + 3,
    });
    assert.deepEqual([enabled.state, enabled.disabledReason], ["active", null]);
    assert.deepEqual(first(await office.endpoints()), enabled);
    await assert.rejects(
      office.updateEndpoint(endpoint.seq + 1, { atMs: START_MS }),
      (error) => error instanceof AppError && error.code === "not_found",
    );
  },

  "an endpoint goes only when none of its deliveries waits, and its counts stay in the totals":
    async (desk) => {
      const { office, reads } = desk.store;
      const endpoint = await desk.endpoint();
      const delivery = await desk.post(endpoint);
      await assert.rejects(office.deleteEndpoint(endpoint.seq), /ended before it goes/);
      await desk.record(delivery, "ok");
      await office.deleteEndpoint(endpoint.seq);
      assert.deepEqual(await office.endpoints(), []);
      assert.equal((await reads.totals()).delivered, 1);
    },

  "endpoints whose deletion was begun are found among the others, until they are gone": async (
    desk,
  ) => {
    const { office } = desk.store;
    const [a, b] = [await desk.endpoint(), await desk.endpoint()];
    await office.updateEndpoint(b.seq, { state: "paused", transition: "hold", atMs: START_MS });
    assert.deepEqual(await office.endpointsToDelete(), []);
    const begun = await office.updateEndpoint(a.seq, { transition: "delete", atMs: START_MS });
    assert.deepEqual(await office.endpointsToDelete(), [begun]);
    await office.deleteEndpoint(a.seq);
    assert.deepEqual(await office.endpointsToDelete(), []);
  },

  "what waits is told by application: pending and held together, over all its endpoints": async (
    desk,
  ) => {
    const { office, reads } = desk.store;
    const created = { id: "app_2", name: "two", createdAtMs: START_MS };
    const other = (await office.createApplication(created)).seq;
    const waiting = async () => {
      const byApplication = await reads.waitingByApplication();
      return [byApplication.get(desk.applicationSeq) ?? 0, byApplication.get(other) ?? 0];
    };
    const mine = [await desk.endpoint(), await desk.endpoint()] as const;
    const theirs = await desk.endpoint({}, other);
    assert.deepEqual(await waiting(), [0, 0]);
    const delivery = await desk.post(mine[0]);
    await office.updateEndpoint(mine[1].seq, { state: "paused", atMs: START_MS });
    await desk.post(mine[1], { hold: "paused" });
    assert.equal((await reads.counts(mine[1].seq)).held, 1);
    await desk.post(theirs, { applicationSeq: other });
    assert.deepEqual(await waiting(), [2, 1]);
    await desk.record(delivery, "ok");
    assert.deepEqual(await waiting(), [1, 1]);
    await office.cancelChunk(theirs.seq, "endpoint_deleted", 10, START_MS);
    await office.deleteEndpoint(theirs.seq);
    assert.deepEqual(await waiting(), [1, 0]);
  },

  "the number of an endpoint that went is never given to another": async (desk) => {
    const endpoint = await desk.endpoint();
    await desk.store.office.deleteEndpoint(endpoint.seq);
    assert.ok((await desk.endpoint()).seq > endpoint.seq);
  },
};

function key(id: string, applicationSeq: number | null): Omit<ApiKey, "seq"> {
  return {
    id,
    applicationSeq,
    name: "key",
    hash: Buffer.alloc(32, Number(id.at(-1))),
    hint: "ph_ab",
    scopes: ["read", "events:write"],
    createdAtMs: START_MS,
    lastUsedAtMs: null,
    revokedAtMs: null,
  };
}
