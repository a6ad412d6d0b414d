/** What one file and one writer mean for those who share a thread and a handle. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, test } from "node:test";

import Database from "better-sqlite3";
import { Kysely, SqliteDialect } from "kysely";

import { kyselyInbox } from "../src/inbox/kysely.ts";
import { sqliteInbox } from "../src/inbox/sqlite.ts";
import { WebhookError } from "../src/verify/webhook-error.ts";
import { claimAlone, entryOf, handle, hold, statusOf } from "./support/inbox-rig.ts";

const dir = mkdtempSync(path.join(tmpdir(), "posthorn-locks-"));
const opened: Database.Database[] = [];
after(() => {
  for (const db of opened) db.close();
  rmSync(dir, { recursive: true, force: true });
});

function openFile(name: string): Database.Database {
  const db = new Database(path.join(dir, name), { timeout: 4_321 });
  db.pragma("journal_mode = WAL");
  opened.push(db);
  return db;
}

describe("SQLite's one writer", () => {
  test("another connection's writer is waited for without holding up the thread", async () => {
    const [ours, theirs] = [openFile("wait.db"), openFile("wait.db")];
    const inbox = sqliteInbox(ours, { lockWaitMs: 2_000 });
    await inbox.migrate();
    theirs.exec("BEGIN IMMEDIATE");
    const claim = handle(inbox, entryOf("wait", "evt_1"));
    // Only a free thread gets here.
    await new Promise((resolve) => setTimeout(resolve, 20));
    theirs.exec("COMMIT");
    assert.deepEqual(await claim, { kind: "claimed", attempt: 1 });
    assert.equal(ours.pragma("busy_timeout", { simple: true }), 4_321);
  });

  test("over Kysely as well, which begins without a lock", async () => {
    const [ours, theirs] = [openFile("kysely.db"), openFile("kysely.db")];
    const db = new Kysely<object>({ dialect: new SqliteDialect({ database: ours }) });
    const inbox = kyselyInbox(db, { dialect: "sqlite", lockWaitMs: 30 });
    await inbox.migrate();
    theirs.exec("BEGIN IMMEDIATE");
    assert.equal((await claimAlone(inbox, entryOf("wait", "evt_1"))).kind, "busy");
    theirs.exec("COMMIT");
    assert.equal((await handle(inbox, entryOf("wait", "evt_1"))).kind, "claimed");
    assert.equal(ours.pragma("busy_timeout", { simple: true }), 4_321);
  });

  test("a writer that does not end is busy, not done, and the file is as it was", async () => {
    const [ours, theirs] = [openFile("busy.db"), openFile("busy.db")];
    const inbox = sqliteInbox(ours, { lockWaitMs: 30 });
    await inbox.migrate();
    theirs.exec("BEGIN IMMEDIATE");
    const isBusy = (error: unknown): boolean =>
      error instanceof WebhookError && error.code === "BUSY" && error.retryAfterMs === 2_000;
    await assert.rejects(handleBare(), isBusy);
    assert.equal(ours.inTransaction, false);
    theirs.exec("ROLLBACK");
    assert.equal((await handle(inbox, entryOf("busy", "evt_1"))).kind, "claimed");

    function handleBare() {
      return inbox.transaction((tx) => inbox.claim(tx, entryOf("busy", "evt_1")));
    }
  });

  test("two inboxes on one handle take turns, and who waits too long for a turn is told busy", async () => {
    const db = openFile("turns.db");
    const inbox = sqliteInbox(db);
    const hasty = sqliteInbox(db, { table: "other_inbox", lockWaitMs: 30 });
    await inbox.migrate();
    await hasty.migrate();
    const first = hold(inbox, entryOf("turns", "evt_1"));
    await first.claimed;
    const patient = handle(inbox, entryOf("turns", "evt_2"));
    assert.equal((await claimAlone(hasty, entryOf("turns", "evt_3"))).kind, "busy");
    await first.finish();
    assert.equal((await patient).kind, "claimed");
    assert.equal((await handle(hasty, entryOf("turns", "evt_3"))).kind, "claimed");
  });

  test("a transaction of somebody else's on the handle is not joined", async () => {
    const db = openFile("foreign.db");
    const inbox = sqliteInbox(db);
    await inbox.migrate();
    db.exec("CREATE TABLE theirs (n INTEGER); BEGIN; INSERT INTO theirs VALUES (1)");
    await assert.rejects(
      handle(inbox, entryOf("foreign", "evt_1")),
      /expected the SQLite handle to be the inbox's own/,
    );
    assert.equal(db.inTransaction, true, "theirs is as it was");
    db.exec("COMMIT");
    assert.equal((await handle(inbox, entryOf("foreign", "evt_1"))).kind, "claimed");
  });

  test("a handler that commits by itself has not handled its event", async () => {
    const db = openFile("commits.db");
    const inbox = sqliteInbox(db);
    await inbox.migrate();
    const entry = entryOf("commits", "evt_1");
    await assert.rejects(handle(inbox, entry, async (tx) => void tx.exec("COMMIT")));
    assert.notEqual(await statusOf(inbox, entry), undefined);
    assert.equal(db.inTransaction, false);
  });
});
