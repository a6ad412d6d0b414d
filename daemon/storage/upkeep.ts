import type { StoreTrouble, UpkeepStore } from "../domain/stores.ts";
import { beginCopy } from "./copy.ts";
import { createCountChanges } from "./counts.ts";
import { createForgetter } from "./forget.ts";
import type { Connection } from "./open.ts";
import { troubleOf } from "./writing.ts";

/** Copied in one turn of the loop: 1 MiB, about a millisecond. */
const BACKUP_STEP_PAGES = 256;

/** What keeps the file small, copied and known to work. Each call is short; whoever calls decides how often. */
export function createUpkeepStore(connection: Connection): UpkeepStore {
  const { file } = connection;
  const countChanges = createCountChanges(connection);
  const forgetChunk = createForgetter(connection);
  // In the words of the index, which holds no keys of own event ids: their events are forgotten with them (forget.ts).
  const forgetKeys = file.prepare(
    `delete from idempotency where (application_seq, key) in
       (select application_seq, key from idempotency
        where created_at_ms < ? and substr(key, 1, 1) <> char(10) order by created_at_ms limit ?)`,
  );
  // Turned over, because SQLite writes nothing where a row already is what it is to become.
  const turnOver = file.prepare("update counter set value = 1 - value where name = 'probe'");

  return {
    forgetEvents: async (query) =>
      connection.commit(() => {
        const counts = countChanges();
        const answer = forgetChunk(query);
        counts.addEvents(-answer.forgotten);
        counts.write();
        return answer;
      }),
    forgetIdempotencyKeys: async (beforeMs, limit) =>
      connection.commit(() => forgetKeys.run(beforeMs, limit).changes),
    vacuum: async (pagesMax) => connection.commit(() => vacuum(connection, pagesMax)),
    backup: async (path) => backup(connection, path),
    async probe(): Promise<StoreTrouble | null> {
      try {
        connection.commit(() => turnOver.run());
        return null;
      } catch (error) {
        const trouble = troubleOf(error);
        if (trouble === null) throw error;
        return trouble;
      }
    },
  };
}

function vacuum({ file }: Connection, pagesMax: number): number {
  const free = () => Number(file.pragma("freelist_count", { simple: true }));
  const before = free();
  // 0 would mean all of them. One row comes back for each page, so it has to be run to its end, which `pragma` does not do.
  if (pagesMax > 0) file.exec(`pragma incremental_vacuum(${Math.floor(pagesMax)})`);
  return before - free();
}

/**
 * Steps of one connection see its own commits, so the copy is of the moment in which it ends, and never has to start again: no other
 * connection writes meanwhile.
 */
async function backup({ file, copies }: Connection, path: string): Promise<void> {
  const copy = beginCopy(path);
  copies.underWay += 1;
  try {
    await file.backup(copy.partial, { progress: () => BACKUP_STEP_PAGES });
    copy.publish();
  } catch (error) {
    copy.discard();
    throw error;
  } finally {
    copies.underWay -= 1;
  }
}
