/** A receiver in a process of its own: delivers many at once when told to, or dies at a step. Its one argument is the job. */
import { once } from "node:events";

import { openStore, type StoreName } from "./inbox-torture-stores.ts";

export interface Job {
  readonly name: StoreName;
  readonly at: string;
  readonly id: string;
  readonly task:
    /** So many deliveries at once, each tried again while it is told to. */
    | { readonly kind: "deliver"; readonly count: number }
    /** SIGKILL at the nth step, from 1. `isFailing`: the handler throws. */
    | { readonly kind: "die"; readonly step: number; readonly isFailing: boolean };
}

export interface Told {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly outcome: string;
}

const TRIES_MAX = 100;

const { name, at, id, task } = JSON.parse(process.argv[2] ?? "") as Job;
let steps = 0;
const store = openStore({
  name,
  at,
  step() {
    steps += 1;
    // The process ends within this call; what was sent before it is on its way.
    if (task.kind === "die" && steps === task.step) process.kill(process.pid, "SIGKILL");
  },
});

if (task.kind === "die") {
  const { isFailing } = task;
  await store.deliver(id, () => {
    if (isFailing) throw new Error("as every handler does some day");
  });
} else {
  console.log("ready");
  await once(process.stdin, "data");
  const told = await Promise.all(Array.from({ length: task.count }, () => untilAccepted()));
  console.log(JSON.stringify(told.flat()));
  process.stdin.destroy();
}
await store.close();

/** As a sender does: again, as long as it is told to come again. */
async function untilAccepted(): Promise<Told[]> {
  const told: Told[] = [];
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const { answer, outcome } = await store.deliver(id);
    const { status, headers } = answer;
    told.push({ status, retryAfter: headers["retry-after"] ?? null, outcome });
    if (status < 300) break;
  }
  return told;
}
