import { until } from "./children.ts";
import type { OddReceiver } from "./odd-receiver.ts";
import { startOddReceiver } from "./odd-receiver.ts";
import type { BenchEndpoint, BenchOffice } from "./office.ts";
import { openOffice } from "./office.ts";
import type { Finding, Scale } from "./report.ts";
import { interleave, ratio } from "./report.ts";
import type { Sink } from "./sink.ts";
import { hasNginx, NGINX_MISSING, startSink } from "./sink.ts";

const HEALTHY = 3;
const TIMEOUT_MS = 2_000;
/** What two endpoints of the usual 32 would use up: the one that hangs could take half, if nothing kept it from that. */
const CONCURRENCY_MAX = 64;
const PATIENCE_MS = 120_000;

/**
 * (f) Three endpoints with the same backlog each, measured from the start until all three are drained, beside a fourth of three
 * kinds: one that hangs (its backlog is as long, and each attempt at it runs into its time limit), a healthy one, and none. The
 * first ratio asks whether the three keep what was theirs when the fourth was well. That is the easy question, since a healthy
 * fourth takes its share of the processor and a hanging one takes none; so the second asks what the hanging costs them.
 */
export async function benchHung({ pairs, isQuick }: Scale): Promise<Finding> {
  if (!hasNginx) return { kind: "skipped", sentence: NGINX_MISSING };
  const each = isQuick ? 2_000 : 16_000;
  const sink = await startSink();
  const hanging = await startOddReceiver("hang");
  try {
    const { hung, busy, alone } = await interleave(pairs, runs(sink, hanging, each));
    const common = { unit: "healthy deliveries/s", ours: hung };
    return {
      kind: "measured",
      figures: [
        ratio({
          ...common,
          name: "one of four hangs: the other three, to the same three beside a healthy fourth",
          wanted: { atLeast: 0.9 },
          theirs: busy,
        }),
        ratio({
          ...common,
          name: "one of four hangs: the other three, to the same three alone",
          wanted: { atLeast: 0.85 },
          theirs: alone,
        }),
      ],
    };
  } finally {
    await hanging.stop();
    await sink.stop();
  }
}

function runs(sink: Sink, hanging: OddReceiver, each: number) {
  const healthy = Array.from({ length: HEALTHY }, () => ({ url: sink.url }));
  const fourth = { url: hanging.url, timeoutMs: TIMEOUT_MS };
  return {
    hung: () => drainHealthy([...healthy, fourth], each),
    busy: () => drainHealthy([...healthy, { url: sink.url }], each),
    alone: () => drainHealthy(healthy, each),
  };
}

/** Deliveries per second of the first three endpoints, from the start to the commit of their last. */
async function drainHealthy(settings: readonly BenchEndpoint[], each: number): Promise<number> {
  const office = await openOffice(settings, { concurrencyMax: CONCURRENCY_MAX });
  try {
    await office.prefill(each * settings.length);
    const seqs = office.endpoints.slice(0, HEALTHY).map(({ seq }) => seq);
    const delivered = office.connection.file
      .prepare(
        `select sum(delivered) from endpoint_count where endpoint_seq in (${seqs.join(", ")})`,
      )
      .pluck();
    const count = each * HEALTHY;
    const startedAtMs = performance.now();
    await office.engine.start();
    const isDone = () => delivered.get() === count;
    await until("the healthy endpoints to be drained", isDone, { patienceMs: PATIENCE_MS });
    assertTried(office, office.endpoints[HEALTHY]?.seq);
    return count / ((performance.now() - startedAtMs) / 1_000);
  } finally {
    await office.close();
  }
}

/** Without attempts under way at the fourth, nothing was measured. Those that hang are never given back before their limit. */
function assertTried({ engine, connection }: BenchOffice, fourthSeq: number | undefined): void {
  if (fourthSeq === undefined || engine.load(fourthSeq).inFlight > 0) return;
  const attempts = connection.file
    .prepare("select attempts from endpoint_count where endpoint_seq = ?")
    .pluck()
    .get(fourthSeq);
  if (Number(attempts) === 0) throw new Error("expected attempts at the fourth endpoint, got none");
}
