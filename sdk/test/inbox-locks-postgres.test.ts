/** What PostgreSQL makes of locks, isolation and broken connections, and what the handler sees of it. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import pg from "pg";

import { pgInbox } from "../src/inbox/pg.ts";
import { isLockError } from "../src/inbox/dialect.ts";
import { claimAlone, entryOf, failureOf, handle, hold, statusOf } from "./support/inbox-rig.ts";
import { postgresConfig, postgresServer, type Server } from "./support/servers.ts";

describe("PostgreSQL's locks", { skip: postgresServer.missing ?? false }, () => {
  let server: Server | null = null;
  const pools: pg.Pool[] = [];
  /** `settings` as every connection of the application has them. */
  function poolOf(settings: string, max = 10): pg.Pool {
    const pool = new pg.Pool({ ...postgresConfig(server?.port ?? 0), options: settings, max });
    // A connection that is closed while nobody has it.
    pool.on("error", () => {});
    pools.push(pool);
    return pool;
  }
  before(async () => {
    server = await postgresServer.start();
    const pool = poolOf("");
    await pgInbox(pool).migrate();
    await pool.query("CREATE TABLE effects (event TEXT NOT NULL)");
  });
  after(async () => {
    await Promise.all(pools.map((pool) => pool.end()));
    await server?.stop();
  });

  async function countOf(event: string): Promise<number> {
    const { rows } = await poolOf("", 1).query<{ n: string }>(
      "SELECT count(*) AS n FROM effects WHERE event = $1",
      [event],
    );
    return Number(rows[0]?.n);
  }

  test("the lock limit is the claim's: the handler's statements have the application's own", async () => {
    const inbox = pgInbox(poolOf("-c lock_timeout=7000", 1), { lockWaitMs: 50 });
    const shown: unknown[] = [];
    const look = async (tx: pg.PoolClient): Promise<void> => {
      const { rows } = await tx.query<{ lock_timeout: string }>("SHOW lock_timeout");
      shown.push(rows[0]?.lock_timeout);
    };
    await handle(inbox, entryOf("limit", "new"), look);
    await inbox.fail(entryOf("limit", "failed"), failureOf());
    await handle(inbox, entryOf("limit", "failed"), look);
    await inbox.transaction(look);
    assert.deepEqual(shown, ["7s", "7s", "7s"]);
  });

  for (const level of ["repeatable\\ read", "serializable"]) {
    test(`an application that works ${level.replace("\\", "")} gets one effect, too`, async () => {
      const pool = poolOf(`-c default_transaction_isolation=${level}`, 10);
      const inbox = pgInbox(pool);
      const id = `evt_${level.slice(0, 6)}`;
      // As senders do: who is not told that it is done comes again.
      async function deliver(): Promise<string> {
        for (let tries = 0; tries < 50; tries += 1) {
          try {
            const claim = await handle(inbox, entryOf("isolation", id), (tx) =>
              tx.query("INSERT INTO effects (event) VALUES ($1)", [id]).then(() => {}),
            );
            if (claim.kind !== "busy") return claim.kind;
          } catch (error) {
            assert.ok(isLockError("postgres", error), String(error));
          }
        }
        return "given up";
      }
      const kinds = await Promise.all(Array.from({ length: 20 }, deliver));
      assert.equal(kinds.filter((kind) => kind === "claimed").length, 1);
      assert.equal(kinds.filter((kind) => kind === "done").length, 19);
      assert.equal(await countOf(id), 1);
    });
  }

  test("a connection that breaks under a handler costs that event its attempt, and nobody else anything", async () => {
    const pool = poolOf("", 1);
    const inbox = pgInbox(pool);
    const entry = entryOf("broken", "evt_1");
    const broken = handle(inbox, entry, async (tx) => {
      const { rows } = await tx.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
      const gone = new Promise((resolve) => tx.once("error", resolve));
      await poolOf("", 1).query("SELECT pg_terminate_backend($1)", [rows[0]?.pid]);
      // The handler is elsewhere while it happens.
      await gone;
    });
    await assert.rejects(broken);
    assert.deepEqual(await handle(inbox, entry), { kind: "claimed", attempt: 1 });
  });

  test("a handler that swallows an error of the database has not handled its event", async () => {
    const inbox = pgInbox(poolOf("", 2));
    const entry = entryOf("swallowed", "evt_1");
    const swallowed = inbox.transaction(async (tx) => {
      await inbox.claim(tx, entry);
      await tx.query("SELECT 1 / 0").catch(() => {});
    });
    await assert.rejects(swallowed, /expected the transaction to be committed/);
    assert.equal(await statusOf(inbox, entry), undefined);
  });

  test("two events claimed crosswise are a deadlock: one is busy, the other done", async () => {
    const inbox = pgInbox(poolOf("", 4));
    const [a, b] = [entryOf("cross", "a"), entryOf("cross", "b")];
    const held = [hold(inbox, a), hold(inbox, b)];
    for (const one of held) assert.equal((await one.claimed).kind, "claimed");
    for (const one of held) await one.undo();
    const both = Promise.withResolvers<void>();
    let first = 0;
    const crosswise = async (one: typeof a, other: typeof a): Promise<string> =>
      inbox.transaction(async (tx) => {
        await inbox.claim(tx, one);
        first += 1;
        if (first === 2) both.resolve();
        await both.promise;
        return (await inbox.claim(tx, other)).kind;
      });
    const kinds = await Promise.all([crosswise(a, b), crosswise(b, a)]);
    assert.deepEqual(kinds.toSorted(), ["busy", "claimed"].toSorted());
    // What the busy one had claimed before is undone with it.
    assert.equal((await claimAlone(inbox, a)).kind, "claimed");
  });

  test("the table may stand in a schema of its own", async () => {
    const pool = poolOf("", 2);
    await pool.query('CREATE SCHEMA "App"');
    const inbox = pgInbox(pool, { table: "App.Inbox" });
    await inbox.migrate();
    await handle(inbox, entryOf("schema", "evt_1"));
    const { rows } = await pool.query('SELECT id FROM "App"."Inbox"');
    assert.deepEqual(rows, [{ id: "evt_1" }]);
  });
});
