/** A sender for tests: its clock stands still and its timers fire when they are told to. */
import type {
  Answered,
  EgressPolicy,
  Failed,
  Outcome,
  OutgoingRequest,
} from "../../daemon/domain/attempt.ts";
import { createSender, type CountedSender, type SenderNeeds } from "../../daemon/egress/post.ts";
import type { ResolvedAddress, Resolver } from "../../daemon/egress/resolver.ts";

export const CONNECT_TIMEOUT_MS = 5_000;
export const TIMEOUT_MS = 15_000;

export interface HandTimers {
  after(delayMs: number, run: () => void): () => void;
  /** Runs every timer that was set to this delay. Returns how many there were. */
  fire(delayMs: number): number;
  count(): number;
}

export function handTimers(): HandTimers {
  const set = new Set<{ delayMs: number; run: () => void }>();
  return {
    after(delayMs, run) {
      const timer = { delayMs, run };
      set.add(timer);
      return () => void set.delete(timer);
    },
    fire(delayMs) {
      const due = [...set].filter((timer) => timer.delayMs === delayMs);
      for (const timer of due) {
        set.delete(timer);
        timer.run();
      }
      return due.length;
    },
    count: () => set.size,
  };
}

/** Answers from a table; each name may have several answers, given one after the other. */
export function tableResolver(
  table: Readonly<Record<string, readonly (readonly string[])[]>>,
): Resolver & { readonly asked: string[] } {
  const asked: string[] = [];
  const resolve = (host: string): Promise<readonly ResolvedAddress[]> => {
    const before = asked.filter((name) => name === host).length;
    asked.push(host);
    const answers = table[host] ?? [];
    const answer = answers[Math.min(before, answers.length - 1)];
    if (answer === undefined) {
      return Promise.reject(Object.assign(new Error("not found"), { code: "ENOTFOUND" }));
    }
    return Promise.resolve(
      answer.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );
  };
  return Object.assign(resolve, { asked });
}

export interface TestSender extends CountedSender, AsyncDisposable {
  readonly timers: HandTimers;
}

/** May send to loopback, resolves nothing, unless told otherwise. */
export function createTestSender(needs: Partial<SenderNeeds> = {}): TestSender {
  const timers = handTimers();
  const sender = createSender({
    instanceGrants: ["127.0.0.0/8"],
    resolve: tableResolver({}),
    timers,
    nowMs: () => 0,
    proxy: null,
    ...needs,
  });
  return { ...sender, timers, [Symbol.asyncDispose]: () => sender.close() };
}

export function policyOf(change: Partial<EgressPolicy> = {}): EgressPolicy {
  return {
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    timeoutMs: TIMEOUT_MS,
    grants: [],
    ca: null,
    verifiesCertificate: true,
    ...change,
  };
}

export function requestTo(url: string, change: Partial<OutgoingRequest> = {}): OutgoingRequest {
  const headers = [["content-type", "application/json"]] as const;
  return { url, headers, body: Buffer.from('{"type":"invoice.paid"}'), ...change };
}

export function answeredOf(outcome: Outcome): Answered {
  if (outcome.kind === "answered") return outcome;
  throw new Error(`expected an answer, got ${JSON.stringify(outcome)}`);
}

export function failedOf(outcome: Outcome): Failed {
  if (outcome.kind === "failed") return outcome;
  throw new Error(`expected a failure, got ${JSON.stringify(outcome)}`);
}
