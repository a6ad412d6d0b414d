import type { Flow } from "../domain/flow.ts";
import type { LiveFlow, LiveTotals } from "../domain/live.ts";
import type { Change } from "../domain/ports.ts";
import type { Delta, News } from "./delta.ts";
import { createDelta } from "./delta.ts";
import { createEndpointNews } from "./endpoint-news.ts";
import { newestDeliveries, timeText } from "./gather.ts";
import type { LiveNeeds } from "./needs.ts";

const DELTAS_KEPT_MAX = 240;
const BYTES_KEPT_MAX = 1024 * 1024;
const TOTALS_EVERY_MS = 1_000;
const TOLD_MAX = 200;
const TOLD_MIN = 10;
/** Deliveries of one delta, times those who hear it: what they cost is proportional to this. */
const TOLD_TIMES_WATCHERS_MAX = 1_000;

/** All that is told of one application. */
export interface Channel {
  /** The delta of these changes and of what else has moved; null where there is no news. It is kept for those who come back. */
  tell(changes: readonly Change[], watchers: number): Promise<Delta | null>;
  snapshot(): Promise<{ readonly totals: LiveTotals; readonly last_minute: LiveFlow }>;
  /** What was told after that number, oldest first; null where some of it is not kept any more. */
  since(seq: number): readonly Delta[] | null;
}

/** `nextSeq` gives each delta its number; `seq` is the last one that was given before. */
export function createChannel(
  needs: LiveNeeds,
  applicationSeq: number,
  seq: number,
  nextSeq: () => number,
): Channel {
  const { clock, directory } = needs;
  const kept = createKept(seq);
  const endpoints = createEndpointNews(needs, applicationSeq);
  let flowTold = needs.flowOf(applicationSeq).total;
  let totals: LiveTotals | null = null;
  let totalsAtMs = -Infinity;
  let totalsTold = "";
  let minuteTold = "";

  async function totalsNow(): Promise<LiveTotals> {
    const nowMs = clock.nowMs();
    if (totals !== null && nowMs - totalsAtMs < TOTALS_EVERY_MS) return totals;
    const { pending, held, inFlight, oldestWaitingAtMs } = await needs.totals(applicationSeq);
    const oldest = oldestWaitingAtMs === null ? null : timeText(oldestWaitingAtMs);
    totals = { pending, held, in_flight: inFlight, oldest_waiting_at: oldest };
    totalsAtMs = nowMs;
    return totals;
  }

  async function flowNews(): Promise<News> {
    const { total, lastMinute } = needs.flowOf(applicationSeq);
    const flow = minus(total, flowTold);
    flowTold = total;
    const sum = await totalsNow();
    const totalsText = JSON.stringify(sum);
    const minuteText = JSON.stringify(lastMinute);
    const news = {
      ...(totalsText !== totalsTold && { totals: sum }),
      ...(minuteText !== minuteTold && { last_minute: lastMinute }),
      ...(flow !== null && { flow }),
    };
    totalsTold = totalsText;
    minuteTold = minuteText;
    return Object.keys(news).length === 0 ? {} : { totals: news };
  }

  function deliveryNews(changes: readonly Change[], max: number): News {
    if (changes.length === 0) return {};
    const idOf = (endpointSeq: number) => directory.endpoint(endpointSeq)?.id;
    return { deliveries: newestDeliveries(changes, max, idOf) };
  }

  return {
    async tell(changes, watchers) {
      const max = Math.floor(TOLD_TIMES_WATCHERS_MAX / Math.max(watchers, 1));
      const most = Math.min(Math.max(max, TOLD_MIN), TOLD_MAX);
      const news = {
        ...(await flowNews()),
        ...deliveryNews(changes, most),
        ...(await endpoints.of(changes, most)),
      };
      if (Object.keys(news).length === 0) return null;
      const delta = createDelta(nextSeq(), timeText(clock.wallMs()), news);
      kept.add(delta);
      return delta;
    },
    async snapshot() {
      const now = await totalsNow();
      return { totals: now, last_minute: needs.flowOf(applicationSeq).lastMinute };
    },
    since: kept.since,
  };
}

/** Null where nothing went through since then. */
function minus(now: Flow, before: Flow): LiveFlow | null {
  const accepted = now.accepted - before.accepted;
  const delivered = now.delivered - before.delivered;
  const failed = now.failed - before.failed;
  return accepted + delivered + failed === 0 ? null : { accepted, delivered, failed };
}

/** The newest deltas, bounded by number and by bytes. */
function createKept(seq: number) {
  const deltas: Delta[] = [];
  let bytes = 0;
  let completeSince = seq;
  return {
    add(delta: Delta): void {
      deltas.push(delta);
      bytes += delta.bytes;
      while (deltas.length > DELTAS_KEPT_MAX || bytes > BYTES_KEPT_MAX) {
        const oldest = deltas.shift();
        if (oldest === undefined) break;
        bytes -= oldest.bytes;
        completeSince = oldest.seq;
      }
    },
    since(after: number): readonly Delta[] | null {
      return after < completeSince ? null : deltas.filter((delta) => delta.seq > after);
    },
  };
}
