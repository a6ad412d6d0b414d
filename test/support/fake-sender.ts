import type { Answered, EgressPolicy, Outcome, Sender } from "../../daemon/domain/attempt.ts";
import type { FakeTime } from "./fake-time.ts";

/** One POST that was begun. */
export interface FakePost {
  readonly url: string;
  readonly webhookId: string;
  readonly attempt: number;
  readonly body: string;
  readonly policy: EgressPolicy;
  /** What it was signed with, in seconds. */
  readonly timestampS: number;
  readonly atMs: number;
  /** Ends it, where the script left it hanging. */
  answer(outcome: Outcome): void;
}

/** How a receiver answers: at once, after a while, or not before the test says so. */
export type Script = (post: FakePost) => Outcome | { readonly afterMs: number } | "hang";

export interface FakeSender extends Sender {
  /** In the order in which they were begun. */
  readonly posts: readonly FakePost[];
  readonly forgotten: readonly EgressPolicy[];
  /** From now on. The first one answers 200 at once. */
  script(next: Script): void;
  /** Those to this URL. */
  to(url: { readonly settings: { readonly url: string } }): readonly FakePost[];
}

const ID_HEADERS = new Set(["webhook-id", "x-webhook-id", "x-posthorn-delivery"]);

export function createFakeSender(time: FakeTime): FakeSender {
  const posts: FakePost[] = [];
  const forgotten: EgressPolicy[] = [];
  let script: Script = () => answered(200);
  return {
    posts,
    forgotten,
    script(next) {
      script = next;
    },
    to: ({ settings }) => posts.filter(({ url }) => url === settings.url),
    post({ url, headers, body }, policy) {
      return new Promise((resolve) => {
        const find = (wanted: (name: string) => boolean) =>
          headers.find(([name]) => wanted(name.toLowerCase()))?.[1] ?? "";
        const post = {
          url,
          webhookId: find((name) => ID_HEADERS.has(name) || name === "x-posthorn-event-id"),
          attempt: Number(find((name) => name === "posthorn-attempt")),
          body: Buffer.from(body).toString(),
          policy,
          timestampS: Number(find((name) => name === "webhook-timestamp")),
          atMs: time.elapsedMs,
          answer: resolve,
        };
        posts.push(post);
        const wanted = script(post);
        if (wanted === "hang") return;
        if ("kind" in wanted) resolve(wanted);
        else time.timers.after(wanted.afterMs, () => resolve(answered(200)));
      });
    },
    forget: (policy) => void forgotten.push(policy),
    close: async () => undefined,
  };
}

export function answered(
  status: number,
  more: Partial<Pick<Answered, "retryAfter" | "control">> = {},
): Answered {
  const response = { headerLines: "", excerpt: new Uint8Array(), isCut: false };
  const calm = { retryAfter: null, control: null, response, durationMs: 1 };
  return { kind: "answered", status, ...calm, ...more };
}

export function refused(): Outcome {
  return { kind: "failed", code: "connect_refused", message: "nobody there", durationMs: 1 };
}

export function blocked(): Outcome {
  const grant = "10.0.0.1:80";
  return { kind: "blocked", address: "10.0.0.1", grant, message: "not granted", durationMs: 0 };
}
