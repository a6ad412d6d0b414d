import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { Pool } from "undici";

import {
  end,
  endWithParent,
  launch,
  launchFile,
  makeFolder,
  nextMessage,
  tellParent,
} from "./children.ts";
import { requestBody } from "./event.ts";

/** What is to be sent to `POST /v1/events`, by 64 connections that each wait for their answer. */
export interface LoadPlan {
  readonly url: string;
  readonly key: string;
  readonly seconds: number;
  /** Sent in turn. */
  readonly types: readonly string[];
}

export interface LoadResult {
  readonly acceptedPerSecond: number;
  /** Answers other than 202, and connections that failed. */
  readonly refused: number;
}

const CONNECTIONS = 64;
const WRK = "/usr/bin/wrk";

export const hasWrk = existsSync(WRK);
export const WRK_MISSING =
  "skipped: its producer is wrk, which is missing (Debian: apt-get install wrk); a slower one would be what is measured";

/** Saturates the server for `seconds`, from a process of its own: wrk, or a slower one of ours where wrk is missing. */
export function runLoad(plan: LoadPlan): Promise<LoadResult> {
  return hasWrk ? runWrk(plan) : runOwn(plan);
}

async function runWrk(plan: LoadPlan): Promise<LoadResult> {
  const folder = makeFolder("wrk");
  const script = join(folder.path, "load.lua");
  writeFileSync(script, lua(plan));
  const args = ["-t1", `-c${CONNECTIONS}`, `-d${plan.seconds}s`, "-s", script, plan.url];
  const child = launch(WRK, args, { stdout: "pipe" });
  let said = "";
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => (said += chunk));
  await once(child, "close", { signal: AbortSignal.timeout(patienceMs(plan)) });
  folder.remove();
  const [, requests, errors, failed, tookUs] = /RESULT (\d+) (\d+) (\d+) (\d+)/.exec(said) ?? [];
  if (tookUs === undefined) throw new Error(`expected wrk to tell its result, got ${said}`);
  const refused = Number(errors) + Number(failed);
  const accepted = Number(requests) - Number(errors);
  return { acceptedPerSecond: accepted / (Number(tookUs) / 1e6), refused };
}

/** Requests are made once; wrk counts answers above 399 as errors of status. */
function lua({ key, types }: LoadPlan): string {
  const bodies = types.map((type) => `[==[${requestBody(type)}]==]`).join(", ");
  return `
    local bodies = { ${bodies} }
    local requests, at = {}, 0
    local headers = {
      ["Content-Type"] = "application/json", ["Authorization"] = "Bearer ${key}",
    }
    function init()
      for i, body in ipairs(bodies) do
        requests[i] = wrk.format("POST", "/v1/events", headers, body)
      end
    end
    function request()
      at = at % #requests + 1
      return requests[at]
    end
    function done(summary)
      local e = summary.errors
      local failed = e.connect + e.read + e.write + e.timeout
      io.write(string.format("RESULT %d %d %d %d\\n",
        summary.requests, e.status, failed, summary.duration))
    end`;
}

const patienceMs = (plan: LoadPlan) => plan.seconds * 1_000 + 30_000;

async function runOwn(plan: LoadPlan): Promise<LoadResult> {
  const child = launchFile(import.meta.filename, [JSON.stringify(plan)]);
  const result = await nextMessage<LoadResult>(child, patienceMs(plan));
  await end(child);
  return result;
}

async function sendAll({ url, key, seconds, types }: LoadPlan): Promise<LoadResult> {
  const pool = new Pool(url, { connections: CONNECTIONS, pipelining: 1 });
  const bodies = types.map((type) => Buffer.from(requestBody(type)));
  const headers = ["content-type", "application/json", "authorization", `Bearer ${key}`];
  const startedAtMs = performance.now();
  const endsAtMs = startedAtMs + seconds * 1_000;
  let [sent, accepted, refused] = [0, 0, 0];
  const post = (body: Buffer | undefined) =>
    new Promise<void>((resolve) => {
      pool.dispatch(
        { path: "/v1/events", method: "POST", headers, body: body ?? null },
        {
          onRequestStart: () => undefined,
          onResponseStart: (_, status) => void (status === 202 ? (accepted += 1) : (refused += 1)),
          onResponseData: () => undefined,
          onResponseEnd: () => resolve(),
          onResponseError: () => {
            refused += 1;
            resolve();
          },
        },
      );
    });
  const worker = async () => {
    while (performance.now() < endsAtMs) await post(bodies[sent++ % bodies.length]);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  const tookS = (performance.now() - startedAtMs) / 1_000;
  await pool.close();
  return { acceptedPerSecond: accepted / tookS, refused };
}

if (import.meta.main) {
  endWithParent();
  tellParent(await sendAll(JSON.parse(process.argv[2] ?? "") as LoadPlan));
}
