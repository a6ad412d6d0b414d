/**
 * A receiver in a process of its own: delivers many at once when told to, works off what is stored, or dies at a step. Its one
 * argument is the job.
 */
import { once } from "node:events";
import { writeSync } from "node:fs";

import { PermanentError } from "../../src/receiver/handler-errors.ts";

import { openStore, type StoreName } from "./inbox-torture-stores.ts";

export interface Job {
  readonly name: StoreName;
  readonly at: string;
  readonly id: string;
  readonly task:
    /** So many deliveries at once, each tried again while it is told to. */
    | { readonly kind: "deliver"; readonly count: number }
    /** SIGKILL at the nth step, from 1. `isFailing`: the handler throws. */
    | { readonly kind: "die"; readonly step: number; readonly isFailing: boolean }
    | Deferred;
}

/** Of the endpoint of that name, in `deferred` mode; SIGKILL at the nth step. */
export interface Deferred {
  readonly kind: "deferred";
  readonly endpoint: string;
  readonly step: number;
  readonly aheadMs: number;
  /** `work`: until nothing is due. The others are what a person does with the dead letter `id`. */
  readonly act: "work" | "redrive" | "discard";
  readonly handler: "ends well" | "fails" | "gives up";
}

/** When a worker's handler began, and when it ended or died with its process; by the machine's steady clock. */
export interface Span {
  readonly word: "begin" | "end" | "die";
  readonly id: string;
  readonly atNs: string;
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
    if (task.kind === "deliver" || steps !== task.step) return;
    if (task.kind === "deferred") note("die", id);
    // The process ends within this call; what was sent before it is on its way.
    process.kill(process.pid, "SIGKILL");
  },
});

if (task.kind === "die") {
  const { isFailing } = task;
  await store.deliver(id, () => {
    if (isFailing) throw new Error("as every handler does some day");
  });
} else if (task.kind === "deferred") {
  await act(task);
} else {
  console.log("ready");
  await once(process.stdin, "data");
  const told = await Promise.all(Array.from({ length: task.count }, () => untilAccepted()));
  console.log(JSON.stringify(told.flat()));
  process.stdin.destroy();
}
await store.close();

/** Synchronous: what is said before the kill is heard after it. */
function note(word: Span["word"], event: string): void {
  const span: Span = { word, id: event, atNs: `${process.hrtime.bigint()}` };
  writeSync(1, `${JSON.stringify(span)}\n`);
}

async function act({ endpoint, aheadMs, act: what, handler }: Deferred): Promise<void> {
  const { worker, deadLetters } = store.deferred({
    endpoint,
    aheadMs,
    before(event) {
      note("begin", event);
      if (handler === "fails") throw new Error("as every handler does some day");
      if (handler === "gives up") throw new PermanentError("as some events deserve");
    },
    after: (event) => note("end", event),
  });
  if (what === "redrive") await deadLetters.redrive(id);
  else if (what === "discard") await deadLetters.discard(id, "seen by a person");
  else await worker().runOnce();
}

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
