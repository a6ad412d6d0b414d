/** What InnoDB makes of locks and snapshots, and what the handler and the pool see of it. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import mysql from "mysql2/promise";

import { mysql2Inbox } from "../src/inbox/mysql2.ts";
import { claimAlone, entryOf, failureOf, handle, hold, storedOf } from "./support/inbox-rig.ts";
import { mariadbConfig, mariadbServer, type Server } from "./support/servers.ts";

describe("InnoDB's locks", { skip: mariadbServer.missing ?? false }, () => {
  let server: Server | null = null;
  const pools: mysql.Pool[] = [];
  function poolOf(connectionLimit: number): mysql.Pool {
    const pool = mysql.createPool({ ...mariadbConfig(server?.port ?? 0), connectionLimit });
    pools.push(pool);
    return pool;
  }
  before(async () => {
    server = await mariadbServer.start();
    const pool = poolOf(1);
    await mysql2Inbox(pool).migrate();
    await pool.query("CREATE TABLE effects (event VARCHAR(100) NOT NULL)");
  });
  after(async () => {
    await Promise.all(pools.map((pool) => pool.end()));
    await server?.stop();
  });

  async function limitOf(connection: Pick<mysql.Pool, "query">): Promise<unknown> {
    const [rows] = await connection.query("SELECT @@SESSION.innodb_lock_wait_timeout AS seconds");
    return (rows as { seconds: number }[])[0]?.seconds;
  }

  test("the lock limit is the claim's: neither the handler nor the pool's next user has it", async () => {
    const pool = poolOf(1);
    const inbox = mysql2Inbox(pool, { lockWaitMs: 1_000 });
    const own = await limitOf(pool);
    const shown: unknown[] = [];
    const look = async (tx: mysql.PoolConnection): Promise<void> => {
      shown.push(await limitOf(tx));
    };
    await handle(inbox, entryOf("limit", "new"), look);
    await inbox.fail(entryOf("limit", "failed"), failureOf());
    await handle(inbox, entryOf("limit", "failed"), look);
    const other = hold(mysql2Inbox(poolOf(1)), entryOf("limit", "held"));
    await other.claimed;
    assert.equal((await claimAlone(inbox, entryOf("limit", "held"))).kind, "busy");
    await other.finish();
    assert.deepEqual([...shown, await limitOf(pool)], [own, own, own]);
    assert.notEqual(own, 1);
  });

  test("a handler that waited for its claim sees what was committed meanwhile", async () => {
    const pool = poolOf(3);
    const inbox = mysql2Inbox(pool);
    const entry = entryOf("snapshot", "evt_1");
    const first = hold(inbox, entry);
    await first.claimed;
    let seen: unknown = null;
    const second = handle(inbox, entry, async (tx) => {
      [seen] = await tx.query("SELECT event FROM effects WHERE event = 'meanwhile'");
    });
    await pool.query("INSERT INTO effects (event) VALUES ('meanwhile')");
    await first.undo();
    assert.equal((await second).kind, "claimed");
    assert.deepEqual(seen, [{ event: "meanwhile" }]);
  });

  test("a claim looks past an old snapshot of its transaction: what was done since is done", async () => {
    const inbox = mysql2Inbox(poolOf(3));
    const entry = entryOf("old snapshot", "evt_1");
    await inbox.fail(entry, failureOf());
    const claim = await inbox.transaction(async (tx) => {
      // From here on, the transaction's plain reads see the event as failed.
      await tx.query("SELECT count(*) FROM posthorn_inbox");
      assert.equal((await handle(inbox, entry)).kind, "claimed");
      return inbox.claim(tx, entry);
    });
    assert.deepEqual(claim, { kind: "done", answer: null });
  });

  test("two events claimed crosswise are a deadlock: one is busy, the other goes on", async () => {
    const inbox = mysql2Inbox(poolOf(4), { lockWaitMs: 5_000 });
    const [a, b] = [entryOf("cross", "a"), entryOf("cross", "b")];
    const both = Promise.withResolvers<void>();
    let first = 0;
    const crosswise = async (one: typeof a, other: typeof a): Promise<string> =>
      inbox.transaction(async (tx) => {
        const claim = await inbox.claim(tx, one);
        first += 1;
        if (first === 2) both.resolve();
        await both.promise;
        return claim.kind === "claimed" ? (await inbox.claim(tx, other)).kind : claim.kind;
      });
    const kinds = await Promise.all([crosswise(a, b), crosswise(b, a)]);
    assert.deepEqual(kinds.toSorted(), ["busy", "claimed"]);
    assert.equal((await claimAlone(inbox, a)).kind, "claimed");
  });

  test("an undone claim with many waiters is no loss: one of them gets it, the rest find it done", async () => {
    const inbox = mysql2Inbox(poolOf(12));
    for (let round = 0; round < 5; round += 1) {
      const entry = entryOf("waiters", `evt_${round}`);
      const first = hold(inbox, entry);
      await first.claimed;
      const waiting = Array.from({ length: 10 }, () => handle(inbox, entry));
      await first.undo();
      const kinds = (await Promise.all(waiting)).map(({ kind }) => kind);
      assert.equal(kinds.filter((kind) => kind === "claimed").length, 1, kinds.join());
      assert.ok(
        kinds.every((kind) => kind !== "pending" && kind !== "dead"),
        kinds.join(),
      );
    }
  });

  test("leasing does not stand in the way of those who store", async () => {
    const inbox = mysql2Inbox(poolOf(8), { lockWaitMs: 1_000 });
    const ids = Array.from({ length: 40 }, (_, i) => `evt_${i}`);
    const got: string[] = [];
    async function lease(token: string): Promise<void> {
      for (let i = 0; i < 20; i += 1) {
        const request = {
          endpoint: "busy",
          limit: 3,
          nowMs: Date.now() + 1e6,
          leaseMs: 1e9,
          token,
        };
        got.push(...(await inbox.lease(request)).map(({ id }) => id));
      }
    }
    const stored = ids.map((id) =>
      inbox.store(storedOf("busy", id, { orderingKey: id, nowMs: 1_000 })),
    );
    const claims = (await Promise.all([Promise.all(stored), lease("1"), lease("2")]))[0];
    assert.deepEqual(new Set(claims.map(({ kind }) => kind)), new Set(["claimed"]));
    await lease("3");
    assert.deepEqual(got.toSorted(), ids.toSorted());
  });
});
