import { createHmac, createSecretKey, randomBytes } from "node:crypto";

import { Agent } from "undici";

import { EVENT_DATA, openOffice } from "./office.ts";
import type { Figure } from "./report.ts";
import { paired } from "./report.ts";
import { startSink } from "./sink.ts";

const CONCURRENCY = 64;

/** (a) A full office drains its backlog, against a loop that only signs and posts. */
export async function benchDrain(pairs: number, events: number): Promise<Figure> {
  const sink = await startSink();
  try {
    return await paired({
      name: `drain ${events} events, ${CONCURRENCY} at once, each attempt on disk, to a bare sign-and-POST loop`,
      wanted: { atLeast: 0.5 },
      pairs,
      ours: () => drain(sink.url, events),
      theirs: () => rawLoop(sink.url, events),
      unit: "deliveries/s",
    });
  } finally {
    await sink.stop();
  }
}

/** Deliveries per second of one office with four endpoints, from its start to its last record. */
export async function drain(url: string, events: number): Promise<number> {
  const settings = Array.from({ length: 4 }, () => ({ url, concurrencyMax: CONCURRENCY / 4 }));
  const office = await openOffice(settings, { concurrencyMax: 128 });
  try {
    await office.prefill(events);
    const startedAt = performance.now();
    await office.engine.start();
    const pending = office.connection.file
      .prepare("select sum(pending) from endpoint_count")
      .pluck();
    while (office.ended() < events || pending.get() !== 0) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return events / ((performance.now() - startedAt) / 1_000);
  } finally {
    await office.close();
  }
}

/** The least that a sender can do: HMAC over the body, and a POST with the leanest call of the same client. */
export async function rawLoop(url: string, count: number): Promise<number> {
  const agent = new Agent({ connections: CONCURRENCY, pipelining: 1 });
  const key = createSecretKey(randomBytes(32));
  const { origin, pathname } = new URL(url);
  let left = count;
  const startedAt = performance.now();
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const timestamp = `${Math.floor(Date.now() / 1_000)}`;
      const signature = createHmac("sha256", key)
        .update(`evt_0.${timestamp}.`)
        .update(EVENT_DATA)
        .digest("base64");
      agent.dispatch(
        {
          origin,
          path: pathname,
          method: "POST",
          headers: [
            "content-type",
            "application/json",
            "webhook-id",
            "evt_0",
            "webhook-timestamp",
            timestamp,
            "webhook-signature",
            `v1,${signature}`,
          ],
          body: EVENT_DATA,
        },
        {
          onRequestStart: () => undefined,
          onResponseStart: () => undefined,
          onResponseData: () => undefined,
          onResponseEnd: () => resolve(),
          onResponseError: (_, error) => reject(error),
        },
      );
    });
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await one();
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  const perSecond = count / ((performance.now() - startedAt) / 1_000);
  await agent.close();
  return perSecond;
}
