/** A small part of `npm run receiver-torture`: the SDK behind a real daemon, in a process that dies. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import SqliteDatabase from "better-sqlite3";

import { sqliteInbox } from "../sdk/src/inbox/sqlite.ts";
import { readBooks } from "./receiver-torture/books.ts";
import { CREATE_EFFECTS, type Mode } from "./receiver-torture/job.ts";
import { receiverReportText } from "./receiver-torture/report.ts";
import { tortureReceiver } from "./receiver-torture/run.ts";

const EVENTS = 400;

for (const mode of ["inline", "deferred"] as const satisfies readonly Mode[]) {
  test(`a receiver, ${mode}, that is killed three times applies each of ${EVENTS} events of a real daemon once`, async () => {
    const dice = { events: EVENTS, kills: 3, seed: 7, aheadMsPerLife: 60_000 };
    const report = await tortureReceiver({ mode, ...dice, say: () => {} });
    assert.deepEqual(report.violations, [], receiverReportText(report));
    assert.equal(report.books.effects, EVENTS);
    assert.deepEqual([report.books.twice, report.books.never], [[], []]);
    const { checked, known, missing } = report.proof;
    assert.deepEqual([checked, known, missing], [EVENTS, EVENTS, []]);
    assert.match(receiverReportText(report), /exactly once\.$/);
  });
}

test("the books notice an event that had two effects, and one that had none", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "posthorn-books-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "receiver.db");
  const db = new SqliteDatabase(file);
  await sqliteInbox(db).migrate();
  db.exec(CREATE_EFFECTS);
  for (const number of [1, 2, 2]) db.prepare("insert into effect values (?, 1)").run(number);
  db.close();
  const { effects, twice, never, integrity } = readBooks(file, 3);
  assert.deepEqual([effects, twice, never, integrity], [3, [2], [3], "ok"]);
});
