import type { KeyObject } from "node:crypto";
import { createHmac, createSecretKey, randomBytes } from "node:crypto";

import { Agent } from "undici";

import { EVENT_DATA } from "./event.ts";

/** Signs and posts, and nothing else: what any sender has to do for a delivery, with the leanest call of the same client. */
export interface RawSender {
  /** Resolves when the answer was read to its end. */
  post(id: string, body: Uint8Array | string): Promise<void>;
  close(): Promise<void>;
}

export function openRawSender(url: string, connections: number): RawSender {
  const agent = new Agent({ connections, pipelining: 1 });
  const key = createSecretKey(randomBytes(32));
  const { origin, pathname } = new URL(url);
  return {
    post: (id, body) =>
      new Promise((resolve, reject) => {
        agent.dispatch(
          { origin, path: pathname, method: "POST", headers: signed(id, body, key), body },
          {
            onRequestStart: () => undefined,
            onResponseStart: () => undefined,
            onResponseData: () => undefined,
            onResponseEnd: () => resolve(),
            onResponseError: (_, error) => reject(error),
          },
        );
      }),
    close: () => agent.close(),
  };
}

function signed(id: string, body: Uint8Array | string, key: KeyObject): string[] {
  const timestamp = `${Math.floor(Date.now() / 1_000)}`;
  const signature = createHmac("sha256", key)
    .update(`${id}.${timestamp}.`)
    .update(body)
    .digest("base64");
  return [
    "content-type",
    "application/json",
    "webhook-id",
    id,
    "webhook-timestamp",
    timestamp,
    "webhook-signature",
    `v1,${signature}`,
  ];
}

/** Deliveries per second of a loop that has nothing to remember. */
export async function rawLoop(url: string, count: number, concurrency: number): Promise<number> {
  const sender = openRawSender(url, concurrency);
  let left = count;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await sender.post("evt_0", EVENT_DATA);
    }
  };
  const startedAtMs = performance.now();
  await Promise.all(Array.from({ length: concurrency }, worker));
  const perSecond = count / ((performance.now() - startedAtMs) / 1_000);
  await sender.close();
  return perSecond;
}
