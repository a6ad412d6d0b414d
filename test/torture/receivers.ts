import type { ServerResponse } from "node:http";

import { Webhook } from "standardwebhooks";

import type { DaemonClient } from "../support/daemon-client.ts";
import type { ReceivedRequest, Receiver } from "../support/receiver.ts";
import { startReceiver } from "../support/receiver.ts";
import type { Seeded } from "../support/seeded.ts";
import type { Ledger, Receipt } from "./ledger.ts";

/** What a receiver does with a request that it has seen `before` times already. */
interface Plan {
  readonly status: number | "reset";
  readonly delayMs: number;
}

interface Temper {
  readonly name: string;
  readonly isOrdered: boolean;
  plan(before: number, seeded: Seeded): Plan;
}

const OK = 204;

/** Not one of them throttles: a slowed endpoint would only make the run longer. */
const TEMPERS: readonly Temper[] = [
  { name: "good", isOrdered: false, plan: () => ({ status: OK, delayMs: 0 }) },
  {
    name: "slow",
    isOrdered: false,
    plan: (_before, seeded) => ({ status: OK, delayMs: seeded.whole(20, 250) }),
  },
  {
    name: "fails twice",
    isOrdered: false,
    plan: (before) => ({ status: before < 2 ? 500 : OK, delayMs: 0 }),
  },
  {
    name: "resets",
    isOrdered: false,
    plan: (before, seeded) => ({
      status: before === 0 && seeded.happens(0.5) ? "reset" : OK,
      delayMs: seeded.whole(0, 20),
    }),
  },
  {
    name: "ordered",
    isOrdered: true,
    plan: (before, seeded) => ({
      status: before === 0 && seeded.happens(0.03) ? 500 : OK,
      delayMs: seeded.whole(0, 10),
    }),
  },
];

/** Receivers that cost a flood as little time as can be. */
const QUICK: readonly Temper[] = ["good", "good, too", "fails seldom"].map((name, index) => ({
  name,
  isOrdered: false,
  plan: (before, seeded) => ({
    status: index === 2 && before === 0 && seeded.happens(0.01) ? 500 : OK,
    delayMs: 0,
  }),
}));

export interface TortureReceivers {
  readonly endpoints: readonly {
    readonly name: string;
    readonly isOrdered: boolean;
    readonly id: string;
  }[];
  close(): Promise<void>;
}

/** Starts the receivers, makes an endpoint for each, and writes into the ledger what they get. */
export async function openReceivers(
  client: DaemonClient,
  ledger: Ledger,
  seeded: Seeded,
  isFlood: boolean,
): Promise<TortureReceivers> {
  const receivers: Receiver[] = [];
  const endpoints = [];
  for (const temper of isFlood ? QUICK : TEMPERS) {
    // The secret is known only once the endpoint is made, and that needs the receiver's URL.
    let webhook: Webhook | null = null;
    const receiver = await startReceiver((request, response) => {
      if (webhook !== null) take(temper, webhook, request, response);
    });
    receivers.push(receiver);
    const { id, secret } = (await client.must("POST /v1/endpoints", {
      url: receiver.url,
      description: temper.name,
      // Long enough that nothing is given up, however often a kill falls into an attempt.
      backoff: Array.from({ length: 20 }, () => 1),
      ordered: temper.isOrdered,
      ...(isFlood && { concurrency: 64 }),
    })) as { id: string; secret: string };
    webhook = new Webhook(secret);
    endpoints.push({ name: temper.name, isOrdered: temper.isOrdered, id });
  }

  const seen = new Map<string, number>();

  function take(
    temper: Temper,
    webhook: Webhook,
    request: ReceivedRequest,
    response: ServerResponse,
  ): void {
    const receipt = receiptOf(temper.name, webhook, request, ledger);
    if (receipt === null) return void response.writeHead(401).end();
    const key = `${temper.name} ${receipt.number}`;
    const before = seen.get(key) ?? 0;
    seen.set(key, before + 1);
    ledger.received(receipt);
    answer(temper.plan(before, seeded), receipt, response);
  }

  function answer(plan: Plan, receipt: Receipt, response: ServerResponse): void {
    const { status, delayMs } = plan;
    const end = (ending: NonNullable<Receipt["ending"]>): void =>
      ledger.ended(receipt, ending, Date.now());
    response.once("close", () => end("cut"));
    const act = (): void => {
      if (response.destroyed) return;
      end(status === "reset" ? "reset" : status === OK ? "accepted" : "refused");
      if (status === "reset") response.socket?.resetAndDestroy();
      else response.writeHead(status).end();
    };
    if (delayMs === 0) act();
    else setTimeout(act, delayMs);
  }

  return {
    endpoints,
    async close() {
      await Promise.all(receivers.map((each) => each.close()));
    },
  };
}

function receiptOf(
  endpoint: string,
  webhook: Webhook,
  request: ReceivedRequest,
  ledger: Ledger,
): Receipt | null {
  const headers = Object.fromEntries(
    request.headers.map(([name, value]) => [name.toLowerCase(), value]),
  );
  try {
    const { data } = webhook.verify(request.body, headers) as {
      data: { number: number; key: string | null };
    };
    return {
      endpoint,
      number: data.number,
      eventId: headers["webhook-id"] ?? "",
      orderingKey: data.key,
      attempt: Number(headers["posthorn-attempt"]),
      life: Number(headers["user-agent"]?.split("life-")[1]),
      ending: null,
      endedAtMs: null,
    };
  } catch (error) {
    ledger.forged(endpoint, error instanceof Error ? error.message : String(error));
    return null;
  }
}
