import { backoffTable } from "../../daemon/domain/endpoint.ts";
import type { World } from "./world.ts";

interface EndRow {
  event_id: string;
  endpoint_seq: number;
  state: string;
  end_reason: string | null;
  attempt_count: number;
  table_start: number;
  attempts: number;
}

/** What must be true when nothing is left to do. */
export function checkAtEnd(world: World): void {
  checkAcknowledged(world);
  for (const row of endRows(world)) checkDelivery(world, row);
  checkCounts(world);
}

function endRows(world: World): EndRow[] {
  return world.connection.file
    .prepare<[], EndRow>(
      `select e.id as event_id, d.endpoint_seq, d.state, d.end_reason, d.attempt_count, d.table_start,
         (select count(*) from attempt a where a.delivery_seq = d.seq) as attempts
       from delivery d join event e on e.seq = d.event_seq`,
    )
    .all();
}

function checkAcknowledged(world: World): void {
  const count = world.connection.file
    .prepare<[string], number>(
      `select count(d.seq) from event e left join delivery d on d.event_seq = e.seq
       where e.id = ? group by e.seq`,
    )
    .pluck();
  for (const [eventId, deliveries] of world.ledger.acknowledged) {
    const found = count.get(eventId);
    if (found === undefined) world.ledger.violate(`acknowledged ${eventId} is lost`);
    else if (found !== deliveries) {
      world.ledger.violate(`${eventId} has ${found} deliveries, acknowledged were ${deliveries}`);
    }
  }
}

function checkDelivery(world: World, row: EndRow): void {
  const endpoint = world.life.directory.endpoint(row.endpoint_seq);
  if (endpoint === undefined) return world.ledger.violate(`a delivery has no endpoint`);
  const what = `${row.event_id} to ${endpoint.id}`;
  const taken = world.network.taken(endpoint.settings.url, row.event_id);
  if (row.state === "delivered" && taken === 0) {
    world.ledger.violate(`${what} is called delivered, its receiver never took it`);
  }
  const tries = row.attempt_count - row.table_start;
  const triesMax = backoffTable(endpoint.settings.backoff).length + 1;
  if (tries > triesMax)
    world.ledger.violate(`${what} had ${tries} tries, its table has ${triesMax}`);
  if (row.end_reason === "table_used_up" && tries !== triesMax) {
    world.ledger.violate(`${what} ended after ${tries} of ${triesMax} tries`);
  }
  if (row.attempts !== row.attempt_count) {
    world.ledger.violate(`${what} counts ${row.attempt_count} attempts and keeps ${row.attempts}`);
  }
  const posts = world.ledger.postsOf(endpoint.id, row.event_id);
  if (posts > row.attempts + world.crashes) {
    world.ledger.violate(`${what} was posted ${posts} times for ${row.attempts} attempts`);
  }
}

function checkCounts(world: World): void {
  const { file } = world.connection;
  const states = ["pending", "held", "delivered", "exhausted", "cancelled"] as const;
  for (const state of states) {
    const kept = file
      .prepare(`select coalesce(sum(${state}), 0) from endpoint_count`)
      .pluck()
      .get();
    const real = file.prepare("select count(*) from delivery where state = ?").pluck().get(state);
    if (kept !== real)
      world.ledger.violate(`the counter says ${String(kept)} ${state}, there are ${String(real)}`);
  }
}
