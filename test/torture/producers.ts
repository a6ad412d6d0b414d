import { setTimeout as pause } from "node:timers/promises";

import type { ClientAnswer, DaemonClient } from "../support/daemon-client.ts";
import type { Seeded } from "../support/seeded.ts";
import type { Ledger } from "./ledger.ts";

interface TortureEvent {
  readonly type: string;
  readonly ordering_key?: string;
  readonly data: { readonly number: number; readonly key: string | null; readonly note: string };
}

interface NewRequest {
  readonly line: string;
  readonly key: string;
  readonly events: readonly TortureEvent[];
  readonly body: unknown;
}

export interface Producers {
  /** Requests that got no answer, or a refusal, and were repeated with the same key. */
  readonly repeatCount: number;
  /** Every request begun is repeated until it is acknowledged; then it resolves. */
  stop(): Promise<void>;
}

/** What producers send, and how fast. */
interface Habit {
  readonly streams: number;
  readonly pauseMsMax: number;
  /** Of all requests. */
  readonly batches: number;
  readonly batchEvents: readonly [min: number, max: number];
  /** Of all events. */
  readonly keyed: number;
}

export const TRICKLE: Habit = {
  streams: 5,
  pauseMsMax: 40,
  batches: 0.1,
  batchEvents: [2, 6],
  keyed: 0.6,
};

export const FLOOD: Habit = {
  streams: 3,
  pauseMsMax: 5,
  batches: 0.9,
  batchEvents: [50, 300],
  keyed: 0,
};

const REPEAT_AFTER_MS = 20;
/** Longer than any receiver or kill takes: a daemon that does not answer at all must end the run, not hang it. */
const PATIENCE_MS = 60_000;

/**
 * Streams of requests, each one after the other, so that the order within a stream is the order of acceptance. Each has
 * ordering keys of its own.
 */
export function startProducers(
  client: DaemonClient,
  ledger: Ledger,
  seeded: Seeded,
  habit: Habit,
): Producers {
  let number = 0;
  let repeatCount = 0;
  let isStopping = false;

  function newEvent(which: number): TortureEvent {
    number += 1;
    const key = seeded.happens(habit.keyed) ? `stream-${which}-${seeded.whole(1, 3)}` : null;
    const data = { number, key, note: "x".repeat(seeded.whole(0, 400)) };
    return { type: "torture.event", ...(key !== null && { ordering_key: key }), data };
  }

  function newRequest(which: number): NewRequest {
    if (!seeded.happens(habit.batches)) {
      const event = newEvent(which);
      const key = `request-${event.data.number}`;
      return { line: "POST /v1/events", key, events: [event], body: event };
    }
    const events = Array.from({ length: seeded.whole(...habit.batchEvents) }, () =>
      newEvent(which),
    );
    const key = `batch-${events[0]?.data.number}`;
    return { line: "POST /v1/events/batch", key, events, body: { events } };
  }

  async function send(request: NewRequest): Promise<void> {
    const { line, body, key } = request;
    const givenUpAtMs = Date.now() + PATIENCE_MS;
    for (;;) {
      const headers = { "idempotency-key": key };
      const answer = await client.ask(line, { body, headers }).catch(() => null);
      if (answer?.status === 202) return note(request, answer);
      if (answer !== null && answer.status !== 429 && answer.status !== 503) {
        return ledger.violate(`${line} was answered ${answer.status}: ${answer.text}`);
      }
      if (Date.now() > givenUpAtMs) return ledger.violate(`${line} got no answer for a minute`);
      repeatCount += 1;
      await pause(REPEAT_AFTER_MS);
    }
  }

  function note({ line, events }: NewRequest, { json }: ClientAnswer): void {
    const answers = (line.endsWith("/batch") ? json.data : [json]) as { id?: string }[];
    for (const [index, { data }] of events.entries()) {
      const id = answers[index]?.id;
      if (id === undefined)
        ledger.violate(`event ${data.number} got no id: ${JSON.stringify(json)}`);
      else ledger.acknowledged(data.number, id);
    }
  }

  async function runStream(which: number): Promise<void> {
    while (!isStopping) {
      const request = newRequest(which);
      await send(request);
      // A producer that did not trust its own eyes: the same once more must be the same event.
      if (seeded.happens(0.03)) await send(request);
      await pause(seeded.whole(0, habit.pauseMsMax));
    }
  }

  const streams = Array.from({ length: habit.streams }, (_, index) => runStream(index + 1));
  return {
    get repeatCount() {
      return repeatCount;
    },
    async stop() {
      isStopping = true;
      await Promise.all(streams);
    },
  };
}
