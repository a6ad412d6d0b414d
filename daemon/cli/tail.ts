import type { Delivery } from "./deliveries.ts";
import { plain, timeCell } from "./text.ts";
import type { Page, Session, Verb } from "./verb.ts";
import { textOption, valueOf } from "./verb.ts";

export const TAIL: Verb = {
  name: "tail",
  summary: "Follow deliveries as they are made and end, until Ctrl-C",
  example: "tail --endpoint ep_01hq3v0m3x8r9k6w2n4t5b7c1d",
  options: [
    ["--endpoint <id>", "to this endpoint"],
    ["--type <type>", "of events of this type"],
  ],
  run: tail,
};

const POLL_MS = 1_000;
const PAGE_ROWS = 250;
/** A burst of more is told as a number: nobody reads it, and reading it would slow the daemon. */
const PAGES_MAX = 4;

/**
 * Asks once a second, and tells each delivery when it is new and when its state has changed while
 * it is among the newest. What was there before stays untold.
 */
async function tail(session: Session): Promise<void> {
  const { world } = session;
  let known = statesOf((await newest(session, null)).rows);
  while (!world.interrupted.aborted) {
    await world.pause(POLL_MS);
    if (world.interrupted.aborted) return;
    const { rows, isCut } = await newest(session, known);
    if (isCut) world.err("posthorn: more deliveries were made than are told here\n");
    for (const row of rows.toReversed()) {
      if (known.get(row.id) !== stateOf(row)) world.out(`${line(session, row)}\n`);
    }
    known = statesOf(rows);
  }
}

type States = ReadonlyMap<string, string>;

function statesOf(rows: readonly Delivery[]): States {
  return new Map(rows.map((row) => [row.id, stateOf(row)]));
}

/** A retry that has failed again is news, too. */
function stateOf({ state, attempt_count: count }: Delivery): string {
  return `${state} ${count}`;
}

/** The newest page, and those after it up to one that was seen before. */
async function newest(
  session: Session,
  known: States | null,
): Promise<{ rows: readonly Delivery[]; isCut: boolean }> {
  const filter = {
    endpoint_id: textOption(session, "endpoint"),
    type: textOption(session, "type"),
  };
  const rows: Delivery[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < PAGES_MAX; pages++) {
    const query = { ...filter, limit: String(PAGE_ROWS), cursor };
    const answer = await session.client.ask({ method: "GET", path: "/v1/deliveries", query });
    const page = valueOf(answer) as Page<Delivery>;
    rows.push(...page.data);
    const isSeen = known === null || known.size === 0 || page.data.some(({ id }) => known.has(id));
    if (isSeen || page.next_cursor === null) return { rows, isCut: false };
    cursor = page.next_cursor;
  }
  return { rows, isCut: true };
}

function line({ isJson }: Session, row: Delivery): string {
  if (isJson) return JSON.stringify(row);
  const at = timeCell(row.settled_at ?? row.created_at);
  const text = `${at}  ${row.state.padEnd(9)}  ${row.id}  ${row.event_type}  ${row.reason.sentence}`;
  return plain(text);
}
