import type { Directory } from "../../daemon/domain/directory.ts";
import type { Endpoint } from "../../daemon/domain/endpoint.ts";
import type { Delivery } from "../../daemon/domain/delivery.ts";
import type { Connection } from "../../daemon/storage/open.ts";
import type { FakeTime } from "../support/fake-time.ts";
import type { Post } from "./network.ts";

/** Stands outside the daemon, sees each POST begin and end, and writes down every promise that is broken. */
/** What of the daemon the ledger has to ask. */
interface Watched {
  readonly directory: Directory;
  /** An attempt that has ended is under way until its record is committed. */
  readonly engine: { isInFlight(deliverySeq: number): boolean };
}

export interface Ledger {
  readonly violations: string[];
  /** Of every acknowledged event: how many deliveries the producer was told of. */
  readonly acknowledged: Map<string, number>;
  /** Deliveries that were sent again by hand: they wait behind those of their key that were on their way already. */
  readonly resent: Set<number>;
  posted(post: Post, directory: Directory): void;
  ended(post: Post): void;
  /** The daemon was killed: whatever was under way is not any more. */
  cut(): void;
  /** Nobody may be idle while something that has been due since then stands at an endpoint that would take it. */
  lookForIdleness(life: Watched, dueBeforeMs: number): void;
  postsOf(endpointId: string, eventId: string): number;
  violate(sentence: string): void;
}

interface Sight {
  seq: number;
  state: Delivery["state"];
  due_at_ms: number | null;
  ordering_key: string | null;
  is_test: number;
}

const VIOLATIONS_MAX = 20;
// The daemon's clock has whole milliseconds.
const YOUNG_MS = 999;

export function createLedger({ file }: Connection, time: FakeTime, concurrencyMax: number): Ledger {
  const violations: string[] = [];
  const acknowledged = new Map<string, number>();
  const resent = new Set<number>();
  const inFlight = new Map<string, number>();
  const begun = new Set<{ readonly atMs: number; readonly post: Post }>();
  const starts = new Map<string, number[]>();
  const posts = new Map<string, number>();
  const bodies = new Map<string, string>();
  const findDelivery = file.prepare<[string, number], Sight>(
    `select d.seq, d.state, d.due_at_ms, d.ordering_key, d.is_test
     from event e join delivery d on d.event_seq = e.seq where e.id = ? and d.endpoint_seq = ?`,
  );
  const findEarlier = file
    .prepare<[number, string, number], number>(
      `select seq from delivery where endpoint_seq = ? and ordering_key = ? and seq < ?
         and state in ('pending', 'held')`,
    )
    .pluck();

  function violate(sentence: string): void {
    if (violations.length < VIOLATIONS_MAX) violations.push(`at ${time.elapsedMs} ms: ${sentence}`);
  }

  function posted(post: Post, directory: Directory): void {
    const endpoint = [...directory.allEndpoints()].find(
      ({ settings }) => settings.url === post.url,
    );
    if (endpoint === undefined) return violate(`a POST to unknown ${post.url}`);
    const what = `${post.webhookId} to ${endpoint.id}`;
    const { concurrencyMax: cap, ratePerSecond } = endpoint.settings;
    add(inFlight, post.url);
    add(posts, `${endpoint.id} ${post.webhookId}`);
    if ((inFlight.get(post.url) ?? 0) > cap)
      violate(`${endpoint.id} has more than ${cap} in flight`);
    checkSlots(post);
    checkPace(what, post, endpoint);
    if (ratePerSecond !== null) checkRate(endpoint.id, ratePerSecond);
    checkBody(what, post);
    const row = findDelivery.get(post.webhookId, endpoint.seq);
    if (row === undefined) return violate(`${what} was posted but never committed`);
    if (endpoint.state !== "active") violate(`${what} was posted while it is ${endpoint.state}`);
    if (row.state !== "pending") violate(`${what} was posted while the row is ${row.state}`);
    if ((row.due_at_ms ?? 0) > time.clock.nowMs()) violate(`${what} was posted before it was due`);
    if (row.ordering_key !== null && endpoint.settings.isOrdered) {
      const earlier = findEarlier.all(endpoint.seq, row.ordering_key, row.seq);
      // What somebody sends again by hand goes when it is asked for, and lets others pass while it waits.
      const isOvertaking = !resent.has(row.seq) && earlier.some((seq) => !resent.has(seq));
      if (isOvertaking) violate(`${what} overtook its ordering key ${row.ordering_key}`);
    }
  }

  /** Attempts older than a second wait for their receivers and hold no slot; of those there may be three times as many. */
  function checkSlots(post: Post): void {
    begun.add({ atMs: time.elapsedMs, post });
    const young = [...begun].filter(({ atMs }) => time.elapsedMs - atMs < YOUNG_MS).length;
    if (young > concurrencyMax) violate(`more than ${concurrencyMax} young attempts`);
    if (begun.size > concurrencyMax * 4) violate(`more than ${concurrencyMax * 4} attempts in all`);
  }

  /** Not before the endpoint's slow-down is over, as far as it was recorded. */
  function checkPace(what: string, post: Post, { health }: Endpoint): void {
    const { slowedUntilMs } = health;
    if (slowedUntilMs !== null && time.clock.nowMs() < slowedUntilMs) {
      violate(`${what} was posted (attempt ${post.attempt}) while its endpoint is slowed`);
    }
  }

  function checkRate(endpointId: string, perSecond: number): void {
    const now = time.elapsedMs;
    const recent = (starts.get(endpointId) ?? []).filter((at) => at > now - 1_000);
    recent.push(now);
    starts.set(endpointId, recent);
    // The clock has whole milliseconds, so one more than the rate may fall within a second.
    if (recent.length > perSecond + 1)
      violate(`${endpointId} had ${recent.length} starts in a second`);
  }

  function checkBody(what: string, post: Post): void {
    const before = bodies.get(what);
    if (before !== undefined && before !== post.bodyHash) violate(`${what} changed its bytes`);
    bodies.set(what, post.bodyHash);
  }

  const overdue = file.prepare<[number], { seq: number; endpoint_seq: number }>(
    "select seq, endpoint_seq from delivery where due_at_ms is not null and due_at_ms <= ?",
  );

  function lookForIdleness({ directory, engine }: Watched, dueBeforeMs: number): void {
    if (begun.size > 0) return;
    const rows = overdue.all(dueBeforeMs);
    if (rows.some(({ seq }) => engine.isInFlight(seq))) return;
    for (const { endpoint_seq } of rows) {
      const endpoint = directory.endpoint(endpoint_seq);
      const isSlowed = (endpoint?.health.slowedUntilMs ?? 0) > dueBeforeMs;
      const isFree = endpoint?.state === "active" && endpoint.transition === null;
      if (!isFree || isSlowed || endpoint.settings.ratePerSecond !== null) continue;
      violate(`nothing is under way, and something of ${endpoint.id} is overdue`);
    }
  }

  return {
    violations,
    acknowledged,
    resent,
    posted,
    ended(post) {
      inFlight.set(post.url, (inFlight.get(post.url) ?? 0) - 1);
      for (const each of begun) if (each.post === post) begun.delete(each);
    },
    cut() {
      inFlight.clear();
      begun.clear();
      starts.clear();
    },
    lookForIdleness,
    postsOf: (endpointId, eventId) => posts.get(`${endpointId} ${eventId}`) ?? 0,
    violate,
  };
}

function add(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}
