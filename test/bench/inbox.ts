import { createHmac } from "node:crypto";

import { github } from "../../sdk/src/providers/github.ts";
import { createReceiver } from "../../sdk/src/receiver/create-receiver.ts";
import type { ReceiverOptions } from "../../sdk/src/receiver/options.ts";
import type { Schemas } from "../../sdk/src/receiver/schema.ts";
import type { RawRequest } from "../../sdk/src/verify/request.ts";
import { STORES, type BenchStore } from "./inbox-stores.ts";
import { paired, type Figure, type Finding, type Scale } from "./report.ts";

const SECRET = "a secret of the benchmark";
const ROUND_MS = 700;
const CONCURRENCIES = [1, 16];

/** (j) Deliveries through a receiver with an inbox, to the handler's transaction alone, in the same database with fsync on. */
export async function benchInbox({ pairs, isQuick }: Scale): Promise<Finding> {
  const roundMs = isQuick ? ROUND_MS / 10 : ROUND_MS;
  const figures: Figure[] = [];
  for (const kind of STORES) {
    if (kind.missing === null) {
      figures.push(...(await kind.with((store) => storeFigures(store, pairs, roundMs))));
    } else process.stderr.write(`j: ${kind.missing}\n`);
  }
  return { kind: "measured", figures };
}

async function storeFigures<Tx>(
  store: BenchStore<Tx>,
  pairs: number,
  roundMs: number,
): Promise<Figure[]> {
  const deliver = receiverOf(store);
  let count = 0;
  try {
    const figures: Figure[] = [];
    for (const concurrency of CONCURRENCIES) {
      const figure = await paired({
        name: `inbox on ${store.name}, fsync on, ${concurrency} at once: deliveries to bare transactions`,
        unit: "/s",
        wanted: null,
        pairs,
        ours: () => perSecond(roundMs, concurrency, () => deliver(`evt_${++count}`)),
        theirs: () => perSecond(roundMs, concurrency, () => store.bare(`bare_${++count}`)),
      });
      figures.push(figure);
    }
    return figures;
  } finally {
    await store.close();
  }
}

/** Verified, claimed, handled and ended as done, each time: anything else is no delivery. */
function receiverOf<Tx>(store: BenchStore<Tx>): (id: string) => Promise<void> {
  const { inbox, apply } = store;
  const options = { endpoint: "bench", provider: github({ secret: SECRET }), inbox };
  const receiver = createReceiver(options as ReceiverOptions<object, Schemas, Tx>).on(
    "*",
    async ({ id }, context) => {
      await apply((context as unknown as { readonly tx: Tx }).tx, id);
    },
  );
  return async (id) => {
    const { outcome } = await receiver.handle(signed(id));
    if (outcome !== "handled") throw new Error(`expected it to be handled, got ${outcome}`);
  };
}

function signed(id: string): RawRequest {
  const body = Buffer.from(JSON.stringify({ action: "opened", number: id }));
  const signature = createHmac("sha256", SECRET).update(body).digest("hex");
  return {
    method: "POST",
    url: "https://receiver.example/hooks",
    headers: {
      "content-type": "application/json",
      "x-github-event": "issues",
      "x-github-delivery": id,
      "x-hub-signature-256": `sha256=${signature}`,
    },
    body,
  };
}

async function perSecond(
  roundMs: number,
  concurrency: number,
  run: () => Promise<unknown>,
): Promise<number> {
  const startedAtMs = performance.now();
  let count = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() - startedAtMs < roundMs) {
      await run();
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return (count * 1_000) / (performance.now() - startedAtMs);
}
