/** The receiver under torture, in a process of its own with a database of its own. Its one argument is the job. */
import { writeSync } from "node:fs";
import { createServer } from "node:http";
import { setImmediate as turn } from "node:timers/promises";

import SqliteDatabase from "better-sqlite3";

import { nodeWebhook } from "../../sdk/src/adapters/node.ts";
import { sqliteInbox } from "../../sdk/src/inbox/sqlite.ts";
import { posthorn } from "../../sdk/src/providers/posthorn.ts";
import { createReceiver } from "../../sdk/src/receiver/create-receiver.ts";
import type { Hooks } from "../../sdk/src/receiver/hooks.ts";
import { CREATE_EFFECTS, ENDPOINT, TYPE, type ReceiverJob } from "./job.ts";

const { file, port, secret, mode, life, aheadMs } = JSON.parse(
  process.argv[2] ?? "",
) as ReceiverJob;

const db = new SqliteDatabase(file);
db.pragma("journal_mode = WAL");
db.exec(CREATE_EFFECTS);
const inbox = sqliteInbox(db);
await inbox.migrate();

/** Synchronous: what is said before the kill is heard after it. */
function say(...words: readonly (string | null)[]): void {
  writeSync(1, `${words.join(" ")}\n`);
}

const hooks: Hooks = {
  onReceived: ({ id }) => say("received", id),
  onStored: ({ id }) => say("stored", id),
  onHandled: ({ id }) => say("handled", id),
  onDuplicate: ({ id }) => say("duplicate", id),
  onFailed: ({ id, code }) => say("failed", id, code),
  onDead: ({ id, code }) => say("dead", id, code),
  onRefused: ({ id, code }) => say("refused", id, code),
};

const receiver = createReceiver({
  endpoint: ENDPOINT,
  // A clock ahead ends the leases of the life before at once; the daemon's timestamps must not be too old for it.
  provider: posthorn({ secret, toleranceS: 86_400 }),
  clock: () => Date.now() + aheadMs,
  inbox,
  mode,
  hooks,
});
receiver.on(TYPE, async ({ event }, { tx }) => {
  const { number } = event.data as { readonly number: number };
  await turn();
  tx.prepare("insert into effect (number, life) values (?, ?)").run(number, life);
  await turn();
});

const worker = mode === "deferred" ? receiver.worker({ pollMs: 100 }) : null;
const handle = nodeWebhook(receiver);
const server = createServer((request, response) => void handle(request, response));
server.listen(port, "127.0.0.1", () => {
  worker?.start();
  say("ready");
});

process.once("SIGTERM", () => {
  server.close();
  server.closeIdleConnections();
  void Promise.resolve(worker?.stop()).then(() => db.close());
});
