import type { Connection } from "../../daemon/storage/open.ts";
import type { BenchStore } from "./office.ts";
import { openBenchStore } from "./office.ts";

/** A store with so many deliveries at one endpoint that went well or wait: the older half is delivered, the newer half is due. */
export interface BigStore extends BenchStore {
  readonly rows: number;
  readonly builtInS: number;
  readonly fileBytes: number;
}

const CHUNK = 100_000;
const ANY_TIME_MS = 1_700_000_000_000;

export async function buildStore(rows: number): Promise<BigStore> {
  const startedAtMs = performance.now();
  const store = await openBenchStore([{ url: "http://127.0.0.1:9/hook" }]);
  const [endpoint] = store.endpoints;
  if (endpoint === undefined) throw new Error("expected an endpoint, got none");
  const { connection, applicationSeq } = store;
  const insert = prepareInserts(connection, applicationSeq, endpoint.seq);
  // Nothing here has to survive a crash.
  connection.file.pragma("synchronous = OFF");
  for (let from = 1; from <= rows; from += CHUNK) {
    connection.commit(() => insert({ from, to: Math.min(from + CHUNK - 1, rows), half: rows / 2 }));
  }
  writeCounts(connection, endpoint.seq, rows);
  connection.file.pragma("synchronous = FULL");
  connection.file.pragma("wal_checkpoint(TRUNCATE)");
  const pages = Number(connection.file.pragma("page_count", { simple: true }));
  const pageBytes = Number(connection.file.pragma("page_size", { simple: true }));
  const builtInS = (performance.now() - startedAtMs) / 1_000;
  return { ...store, rows, builtInS, fileBytes: pages * pageBytes };
}

interface Span {
  readonly from: number;
  readonly to: number;
  /** Up to this number they are delivered. */
  readonly half: number;
}

/** One statement per table, each over a whole span: row by row through the store it would take ten times as long. */
function prepareInserts({ file }: Connection, applicationSeq: number, endpointSeq: number) {
  const span = "with recursive n (i) as (select @from union all select i + 1 from n where i < @to)";
  const statements = [
    `insert into event
       (seq, id, application_seq, type, occurred_at_ms, accepted_at_ms, body_bytes, data_start)
     ${span} select i, printf('evt_%026d', i), ${applicationSeq}, 'order.paid', ${ANY_TIME_MS} + i,
       ${ANY_TIME_MS} + i, 200, 60 from n`,
    `insert into event_body (event_seq, bytes)
     ${span} select i, cast(printf('{"type":"order.paid","data":"%0180d"}', i) as blob) from n`,
    `insert into delivery
       (seq, id, event_seq, endpoint_seq, application_seq, state, due_at_ms, attempt_count,
        created_at_ms, settled_at_ms, last_status, end_reason)
     ${span} select i, printf('dlv_%026d', i), i, ${endpointSeq}, ${applicationSeq},
       iif(i <= @half, 'delivered', 'pending'), iif(i <= @half, null, ${ANY_TIME_MS} + i),
       iif(i <= @half, 1, 0), ${ANY_TIME_MS} + i, iif(i <= @half, ${ANY_TIME_MS} + i, null),
       iif(i <= @half, 204, null), iif(i <= @half, 'accepted', null) from n`,
    `insert into attempt
       (delivery_seq, number, id, started_at_ms, duration_ms, status, request_headers)
     ${span} select i, 1, printf('att_%026d', i), ${ANY_TIME_MS} + i, 5, 204,
       'content-type: application/json' from n where i <= @half`,
  ].map((sql) => file.prepare<[Span]>(sql));
  return (each: Span): void => {
    for (const statement of statements) statement.run(each);
  };
}

function writeCounts({ file }: Connection, endpointSeq: number, rows: number): void {
  file
    .prepare(
      `insert into endpoint_count (endpoint_seq, pending, delivered, attempts)
       values (@endpointSeq, @half, @half, @half)
       on conflict do update set pending = @half, delivered = @half, attempts = @half`,
    )
    .run({ endpointSeq, half: rows / 2 });
  file.prepare("update counter set value = ? where name = 'events'").run(rows);
}
