import { Queue, Worker } from "bullmq";

import { until } from "./children.ts";
import { drain, WARM_UP } from "./drain.ts";
import { EVENT_DATA } from "./event.ts";
import { openRawSender } from "./raw.ts";
import type { RedisServer } from "./redis.ts";
import { hasRedis, REDIS_MISSING, startRedis } from "./redis.ts";
import type { Finding, Scale } from "./report.ts";
import { paired } from "./report.ts";
import { hasNginx, NGINX_MISSING, startSink } from "./sink.ts";

const CONCURRENCY = 64;
const ADD_AT_ONCE = 1_000;
const PATIENCE_MS = 120_000;

interface Job {
  readonly body: string;
}

/** (b) The same events to the same receiver with the same POST, out of BullMQ's queue in a Redis that flushes each command. */
export async function benchBullmq({ pairs, isQuick }: Scale): Promise<Finding> {
  if (!hasRedis) return { kind: "skipped", sentence: REDIS_MISSING };
  if (!hasNginx) return { kind: "skipped", sentence: NGINX_MISSING };
  const events = isQuick ? 2_000 : 20_000;
  const sink = await startSink();
  const redis = await startRedis();
  try {
    const figure = await paired({
      name: `drain ${CONCURRENCY} at once, to BullMQ 6 on Redis with appendfsync always`,
      wanted: { atLeast: 2.5 },
      pairs,
      ours: () => drain(sink.url, events, CONCURRENCY, "at work"),
      theirs: () => drainQueue(sink.url, redis, events),
      unit: "deliveries/s",
    });
    return { kind: "measured", figures: [figure] };
  } finally {
    await redis.stop();
    await sink.stop();
  }
}

/**
 * One worker with automatic pipelining, which in four interleaved rounds of 8,000 jobs was best or level with the best. To no
 * pipelining at 1.00 it made 1.07; also tried were four workers of 16 (0.92; 0.84 with pipelining), 128 and 256 at once (1.04 and
 * 0.83), no look for stalled jobs and no renewal of locks (0.97), and a short stream of events (0.97); less than a fifth is noise.
 * Jobs are forgotten when they are done, which ours are not.
 */
async function drainQueue(url: string, { port }: RedisServer, count: number): Promise<number> {
  const connection = { host: "127.0.0.1", port, enableAutoPipelining: true };
  const queue = new Queue<Job>("deliveries", { connection });
  const sender = openRawSender(url, CONCURRENCY);
  const worker = new Worker<Job>("deliveries", (job) => sender.post(job.id ?? "", job.data.body), {
    connection,
    concurrency: CONCURRENCY,
    removeOnComplete: { count: 0 },
    autorun: false,
  });
  try {
    const completed = countCompleted(worker);
    const warmUp = Math.min(count, WARM_UP);
    await prefill(queue, warmUp);
    await worker.waitUntilReady();
    completed.follow(worker.run());
    await completed.reach(warmUp);
    await worker.pause();
    await prefill(queue, count);
    const startedAtMs = performance.now();
    void worker.resume();
    await completed.reach(warmUp + count);
    return count / ((performance.now() - startedAtMs) / 1_000);
  } finally {
    await worker.close();
    await queue.obliterate({ force: true });
    await queue.close();
    await sender.close();
  }
}

async function prefill(queue: Queue<Job>, count: number): Promise<void> {
  const job = { name: "post", data: { body: EVENT_DATA.toString() } };
  for (let done = 0; done < count; done += ADD_AT_ONCE) {
    const size = Math.min(ADD_AT_ONCE, count - done);
    await queue.addBulk(Array.from({ length: size }, () => job));
  }
}

/** `completed` is told after Redis has answered for it, as our records count after their commit. */
function countCompleted(worker: Worker<Job>) {
  let completed = 0;
  let fault: Error | null = null;
  worker.on("completed", () => (completed += 1));
  worker.on("failed", (_, error) => (fault = error));
  worker.on("error", (error) => (fault = error));
  return {
    follow(running: Promise<void>): void {
      running.catch((error: unknown) => {
        fault = error instanceof Error ? error : new Error(String(error));
      });
    },
    reach(count: number): Promise<void> {
      const isDone = () => {
        if (fault !== null) throw fault;
        return completed >= count;
      };
      return until("the queue to be drained", isDone, { patienceMs: PATIENCE_MS });
    },
  };
}
