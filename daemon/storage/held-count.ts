import type { OfficeStore } from "../domain/stores.ts";
import type { Connection } from "./open.ts";

interface CountedRow {
  all_held: number;
  latest: number;
  last_seq: number | null;
}

/** Counts what a resume would let go by each choice, by the rule that `release_latest` goes by. */
export function createHeldCounter({ file }: Connection): OfficeStore["heldChunk"] {
  const count = file.prepare<[number, string, number, number], CountedRow>(
    `select count(*) as all_held, max(w.seq) as last_seq,
       ifnull(sum(w.ordering_key is null or not exists (
         select 1 from delivery d
         where d.endpoint_seq = w.endpoint_seq and d.ordering_key = w.ordering_key
           and d.state in ('pending', 'held') and d.seq > w.seq
       )), 0) as latest
     from (select seq, endpoint_seq, ordering_key from delivery
       where endpoint_seq = ? and hold = ? and seq > ? order by seq limit ?) w`,
  );
  return async ({ endpointSeq, hold, afterSeq, limit }) => {
    const row = count.get(endpointSeq, hold, afterSeq, limit);
    const { all_held: all, latest: latestPerKey, last_seq: lastSeq } = row ?? NONE;
    return { all, latestPerKey, next: all < limit ? null : lastSeq };
  };
}

const NONE: CountedRow = { all_held: 0, latest: 0, last_seq: null };
