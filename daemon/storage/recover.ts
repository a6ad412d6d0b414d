import type { RecoverPlace, RecoverQuery } from "../domain/motion-store.ts";
import type { CountChanges } from "./counts.ts";
import type { LookAtFailed } from "./failed.ts";
import type { Connection } from "./open.ts";
import type { PutBack } from "./put-back.ts";

/** Puts back what failed, a chunk at a call. */
export function createRecoverer({ file }: Connection, look: LookAtFailed, putBack: PutBack) {
  const exists = file.prepare<[number]>("select 1 from endpoint where seq = ?");

  return (
    query: RecoverQuery,
    counts: CountChanges,
  ): { moved: number; next: RecoverPlace | null } => {
    if (exists.get(query.endpointSeq) === undefined) return { moved: 0, next: null };
    const { failed, next } = look(query);
    for (const row of failed) putBack(row, query.hold, query.nowMs, counts);
    return { moved: failed.length, next };
  };
}
