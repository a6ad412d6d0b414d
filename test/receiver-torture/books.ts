/** What the receiver's own database says at the end, and what was promised. */
import SqliteDatabase from "better-sqlite3";

import { sqliteInbox } from "../../sdk/src/inbox/sqlite.ts";
import { posthornDeliveries } from "../../sdk/src/receiver/posthorn-deliveries.ts";
import { reconcile, type Reconciliation } from "../../sdk/src/receiver/reconcile.ts";
import { TEST_KEY } from "../support/daemon-client.ts";
import { ENDPOINT } from "./job.ts";

export interface Books {
  /** `ok`, or what SQLite's full integrity check complains of. */
  readonly integrity: string;
  readonly effects: number;
  /** Events with more than one effect. */
  readonly twice: readonly number[];
  /** Events with none. */
  readonly never: readonly number[];
  /** Inbox rows by state. */
  readonly states: Readonly<Record<string, number>>;
}

/** The numbers of the events are 1 to `events`. */
export function readBooks(file: string, events: number): Books {
  const db = new SqliteDatabase(file, { readonly: true });
  try {
    const effects = db
      .prepare<[], [number, number]>("select number, count(*) from effect group by number")
      .raw()
      .all();
    const states = db
      .prepare<[], [string, number]>("select status, count(*) from posthorn_inbox group by status")
      .raw()
      .all();
    const numbers = new Set(effects.map(([number]) => number));
    return {
      integrity: db.prepare("pragma integrity_check").pluck().all().join("; "),
      effects: effects.reduce((sum, [, count]) => sum + count, 0),
      twice: effects.filter(([, count]) => count > 1).map(([number]) => number),
      never: Array.from({ length: events }, (_, at) => at + 1).filter((each) => !numbers.has(each)),
      states: Object.fromEntries(states),
    };
  } finally {
    db.close();
  }
}

/** Of the stored events, those that no worker has ended yet. */
export function countOpen(file: string): number {
  const db = new SqliteDatabase(file, { readonly: true });
  try {
    const open = "select count(*) from posthorn_inbox where status in ('pending', 'failed')";
    return db.prepare<[], number>(open).pluck().get() ?? 0;
  } finally {
    db.close();
  }
}

export interface Sender {
  readonly address: string;
  readonly endpointId: string;
  readonly sinceMs: number;
}

/** By an inbox of its own on the receiver's file, as a nightly job of the application would. */
export async function reconcileFile(
  file: string,
  { address, endpointId, sinceMs }: Sender,
): Promise<Reconciliation> {
  const db = new SqliteDatabase(file);
  try {
    const sender = posthornDeliveries({
      baseUrl: `http://${address}`,
      apiKey: TEST_KEY,
      application: "default",
      endpointId,
      sinceMs,
    });
    const inbox = sqliteInbox(db);
    return await reconcile({
      ...sender,
      inbox,
      endpoint: ENDPOINT,
      graceMs: 0,
      nowMs: Date.now(),
      waitMs: 60_000,
    });
  } finally {
    db.close();
  }
}
