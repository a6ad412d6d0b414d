import { createHash } from "node:crypto";

import type {
  Answered,
  EgressPolicy,
  FailureCode,
  Outcome,
  OutgoingRequest,
  Sender,
} from "../../daemon/domain/attempt.ts";
import type { FakeTime } from "../support/fake-time.ts";
import type { Seeded } from "../support/seeded.ts";
import type { Temper } from "./plan.ts";

/** One POST as the receivers' side saw it begin. */
export interface Post {
  readonly url: string;
  readonly webhookId: string;
  readonly attempt: number;
  readonly bodyHash: string;
}

/** Receivers that live outside the daemon: they keep what they got when it is killed. */
export interface Network extends Sender {
  /** Of (URL, webhook id): how often the receiver took it and answered 2xx, whether the sender learned it or not. */
  taken(url: string, webhookId: string): number;
  readonly posts: number;
  /** From now on every receiver is good. */
  heal(): void;
  /** The daemon was killed: its connections are gone. */
  cut(): void;
}

export interface NetworkNeeds {
  readonly time: FakeTime;
  readonly seeded: Seeded;
  readonly temperOf: (url: string) => Temper;
  readonly onPost: (post: Post) => void;
  readonly onEnd: (post: Post) => void;
}

const ID_HEADERS = new Set([
  "webhook-id",
  "x-webhook-id",
  "x-posthorn-delivery",
  "x-posthorn-event-id",
]);

export function createNetwork(needs: NetworkNeeds): Network {
  const { time, seeded } = needs;
  const taken = new Map<string, number>();
  let isHealed = false;
  let posts = 0;
  let generation = 0;

  function behave(url: string, policy: EgressPolicy): { outcome: Outcome; isTaken: boolean } {
    const temper = isHealed ? "good" : needs.temperOf(url);
    const outcome = outcomeOf(temper, policy.timeoutMs, time.elapsedMs, seeded);
    const isGood = outcome.kind === "answered" && outcome.status >= 200 && outcome.status < 300;
    return { outcome, isTaken: isGood || temper === "forgetful" };
  }

  return {
    post(request, policy) {
      const post = seen(request);
      const born = generation;
      posts += 1;
      needs.onPost(post);
      const { outcome, isTaken } = behave(request.url, policy);
      return new Promise((resolve) => {
        time.timers.after(outcome.durationMs, () => {
          if (born !== generation) return;
          if (isTaken) count(taken, `${request.url} ${post.webhookId}`);
          needs.onEnd(post);
          resolve(outcome);
        });
      });
    },
    forget: () => undefined,
    close: async () => undefined,
    taken: (url, webhookId) => taken.get(`${url} ${webhookId}`) ?? 0,
    get posts() {
      return posts;
    },
    heal() {
      isHealed = true;
    },
    cut() {
      generation += 1;
    },
  };
}

function seen({ url, headers, body }: OutgoingRequest): Post {
  const find = (wanted: (name: string) => boolean) =>
    headers.find(([name]) => wanted(name.toLowerCase()))?.[1] ?? "";
  return {
    url,
    webhookId: find((name) => ID_HEADERS.has(name)),
    attempt: Number(find((name) => name === "posthorn-attempt")),
    bodyHash: createHash("sha256").update(body).digest("hex"),
  };
}

function count(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

function outcomeOf(temper: Temper, timeoutMs: number, elapsedMs: number, seeded: Seeded): Outcome {
  const quickMs = seeded.whole(1, 50);
  switch (temper) {
    case "good":
      return answered(200, quickMs);
    case "slow":
      return seeded.happens(0.8)
        ? answered(204, Math.min(seeded.whole(500, 9_000), timeoutMs - 1))
        : failure("timeout", timeoutMs);
    case "hung":
      return failure("timeout", timeoutMs);
    case "flapping":
      return Math.floor(elapsedMs / 90_000) % 2 === 0
        ? failure("connect_refused", 1)
        : answered(200, quickMs);
    case "failing":
      return seeded.happens(0.5) ? answered(500, quickMs) : answered(200, quickMs);
    case "throttling":
      return throttled(seeded, quickMs);
    case "leaving":
      return leaving(seeded, quickMs);
    case "forgetful":
      return seeded.happens(0.5) ? failure("connection_reset", quickMs) : answered(200, quickMs);
    case "lying":
      return lying(seeded, quickMs);
  }
}

function throttled(seeded: Seeded, durationMs: number): Outcome {
  if (seeded.happens(0.4)) return answered(200, durationMs);
  const retryAfter = seeded.happens(0.5) ? `${seeded.whole(0, 400)}` : null;
  return answered(seeded.pick([429, 502, 503, 504]), durationMs, { retryAfter });
}

function leaving(seeded: Seeded, durationMs: number): Outcome {
  const dice = seeded.fraction();
  if (dice < 0.03) return answered(410, durationMs);
  if (dice < 0.06) return answered(400, durationMs, { control: "disable" });
  if (dice < 0.2) return answered(503, durationMs, { control: "abort-message" });
  return answered(200, durationMs);
}

function lying(seeded: Seeded, durationMs: number): Outcome {
  const status = seeded.pick([199, 299, 301, 304, 404, 418, 599, 999]);
  const retryAfter = seeded.pick(["soon", "-5", "99999999999999999999", "1.5", "", null]);
  return answered(status, durationMs, { retryAfter });
}

function answered(
  status: number,
  durationMs: number,
  more: Partial<Pick<Answered, "retryAfter" | "control">> = {},
): Outcome {
  const response = { headerLines: "", excerpt: new Uint8Array(), isCut: false };
  return {
    kind: "answered",
    status,
    retryAfter: null,
    control: null,
    response,
    durationMs,
    ...more,
  };
}

function failure(code: FailureCode, durationMs: number): Outcome {
  return { kind: "failed", code, message: `simulated ${code}`, durationMs };
}
