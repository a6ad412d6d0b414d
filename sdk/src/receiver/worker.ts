import type { LeasedEntry, TransactionalInbox } from "../inbox/inbox.ts";
import type { Timers } from "../verify/timers.ts";
import { check, checkNames, isIntegerIn } from "./checks.ts";
import type { Context } from "./context.ts";
import { handleLeased, reportInbox } from "./leased.ts";
import type { Worker, WorkerOptions } from "./receiver.ts";

const CONCURRENCY = 4;
const POLL_MS = 1_000;
/** A lease outlives the handler by this: time to commit, or to note the failure. */
const LEASE_MARGIN_MS = 30_000;

/** Wakes workers of the same process as soon as something is stored, so that polling only finds what others stored. */
export interface Bell {
  ring(): void;
  /** Returns how to stop listening. */
  listen(wake: () => void): () => void;
}

export function createBell(): Bell {
  const listeners = new Set<() => void>();
  return {
    ring() {
      for (const wake of listeners) wake();
    },
    listen(wake) {
      listeners.add(wake);
      return () => listeners.delete(wake);
    },
  };
}

export function createWorker<Tx>(
  context: Context<Tx>,
  inbox: TransactionalInbox<Tx>,
  bell: Bell,
  options: WorkerOptions = {},
): Worker {
  checkNames("worker option", options, ["concurrency", "pollMs"]);
  check("concurrency", options.concurrency, isIntegerIn(1, 1_000), "1 to 1000");
  check("pollMs", options.pollMs, isIntegerIn(1, 3_600_000), "1 to 3600000");
  const { concurrency = CONCURRENCY, pollMs = POLL_MS } = options;
  const { timers, clock } = context.settings;
  const running = new Set<Promise<void>>();
  const pause = createPause(timers, pollMs);
  let loop: { readonly ended: Promise<void>; stop(): void } | null = null;

  /** Starts what is due, as far as there is room. An inbox that is down is reported, and counts as empty. */
  async function take(): Promise<readonly LeasedEntry[]> {
    const entries = await lease(context, inbox, concurrency - running.size);
    for (const entry of entries) {
      const run = handleLeased(context, inbox, entry);
      running.add(run);
      void run.finally(() => {
        running.delete(run);
        // An end makes room, and may free the next event of its key.
        pause.end();
      });
    }
    return entries;
  }

  function begin(): NonNullable<typeof loop> {
    const silence = bell.listen(pause.end);
    let isStopping = false;
    async function turn(): Promise<void> {
      while (!isStopping) {
        // Begun before looking: what is stored while the inbox is asked is not slept through.
        const isOver = pause.begin();
        const taken = await take();
        if (taken.length === 0 || running.size >= concurrency) await isOver;
      }
    }
    return {
      ended: turn().finally(silence),
      stop() {
        isStopping = true;
        pause.end();
      },
    };
  }

  return {
    start() {
      loop ??= begin();
    },
    async stop() {
      const stopped = loop;
      stopped?.stop();
      await stopped?.ended;
      if (loop === stopped) loop = null;
      await Promise.all(running);
    },
    async runOnce() {
      const startedAtMs = clock();
      const seen = new Set<string>();
      for (;;) {
        const entries = await take();
        await Promise.all(running);
        const isOver = entries.some(({ id, nowMs }) => seen.has(id) || nowMs > startedAtMs);
        for (const { id } of entries) seen.add(id);
        if (entries.length === 0 || isOver) return seen.size;
      }
    },
  };
}

interface Pause {
  /** Resolves after the poll's time, or with the next `end`. */
  begin(): Promise<void>;
  end(): void;
}

function createPause(timers: Timers, pollMs: number): Pause {
  let finish: (() => void) | null = null;
  const end = (): void => finish?.();
  return {
    end,
    begin() {
      end();
      return new Promise((resolve) => {
        const cancel = timers.after(pollMs, end);
        finish = () => {
          finish = null;
          cancel();
          resolve();
        };
      });
    },
  };
}

async function lease<Tx>(
  context: Context<Tx>,
  inbox: TransactionalInbox<Tx>,
  limit: number,
): Promise<readonly LeasedEntry[]> {
  const { endpoint, clock, chance, handlerTimeoutMs } = context.settings;
  if (limit < 1) return [];
  const startedAtMs = clock();
  const leaseMs = handlerTimeoutMs + LEASE_MARGIN_MS;
  try {
    const token = chance.token();
    return await inbox.lease({ endpoint, limit, nowMs: startedAtMs, leaseMs, token });
  } catch (error) {
    reportInbox(context, { id: null, type: null, attempt: null, startedAtMs }, error);
    return [];
  }
}
