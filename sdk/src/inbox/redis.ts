/**
 * Suppression of duplicates in Redis, for receivers whose effects are in no database that could keep the inbox. An event has its
 * effect at least once, and nearly always once. Not once: where the process ends between the effect and its note, where a handler
 * runs longer than its lease, and where Redis forgets what it had accepted (eviction, fail-over, a restart without its log).
 */
import { assertOptions } from "../verify/options.ts";
import { expected, kindOf, WebhookError } from "../verify/webhook-error.ts";
import type { Answer } from "../verify/error.ts";
import type {
  Claim,
  Failure,
  Finished,
  InboxEntry,
  InboxKey,
  InboxStatus,
  SuppressionInbox,
} from "./inbox.ts";
import {
  BUSY,
  BUSY_RETRY_AFTER_MS,
  checkEntry,
  isStorableName,
  keptAnswer,
  keptError,
  statusAfter,
} from "./state.ts";

/** Runs a Lua script over one key: all that is asked of a client. */
export type RedisEval = (script: string, key: string, values: string[]) => Promise<unknown>;

export interface RedisInboxOptions {
  /** What every key begins with; default `posthorn:inbox:`. */
  readonly prefix?: string;
  /** How long an event is remembered after its last change; default 30 days. Longer than the sender's last retry. */
  readonly rememberMs?: number;
}

const DAY_MS = 86_400_000;
const IDS_AT_ONCE = 100;

/** `ioredis`, by its shape. */
export function ioredisEval(client: {
  eval(script: string, keyCount: number, ...keysAndValues: string[]): Promise<unknown>;
}): RedisEval {
  return (script, key, values) => client.eval(script, 1, key, ...values);
}

/** `redis` (node-redis), by its shape. */
export function nodeRedisEval(client: {
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}): RedisEval {
  return (script, key, values) => client.eval(script, { keys: [key], arguments: values });
}

/** `redisInbox(ioredisEval(client))` or `redisInbox(nodeRedisEval(client))`. Needs Redis 5 or later, or what speaks like it. */
export function redisInbox(run: RedisEval, options: RedisInboxOptions = {}): SuppressionInbox {
  if (typeof run !== "function") {
    throw expected("CONFIG_INVALID", "run to be ioredisEval(client) or the like", kindOf(run));
  }
  assertOptions("redisInbox", options, ["prefix", "rememberMs"]);
  const { prefix = "posthorn:inbox:", rememberMs = 30 * DAY_MS } = options;
  const memory = `${checkedRememberMs(rememberMs)}`;
  // With its length before it, no endpoint's name can reach into another one's ids.
  const keyOf = ({ endpoint, id }: InboxKey) => `${prefix}${endpoint.length}:${endpoint}:${id}`;

  return {
    guarantee: "suppression",
    async claim(entry, { token, leaseMs }) {
      checkEntry(entry);
      const values = [token, `${leaseMs}`, entry.bodySha256 ?? "", memory];
      return claimOf(await run(CLAIM, keyOf(entry), values));
    },
    async finish(key, token, { status, answer }: Finished) {
      const kept = keptAnswer(answer);
      const text = kept === null ? "" : JSON.stringify(kept);
      await run(END, keyOf(key), [token, memory, status, text, ""]);
    },
    async fail(entry: InboxEntry, token, failure: Failure) {
      checkEntry(entry);
      const values = [token, memory, statusAfter(failure), "", keptError(failure.error)];
      await run(END, keyOf(entry), values);
    },
    async statusOf(endpoint, ids) {
      const known = new Map<string, InboxStatus>();
      const possible = ids.filter(isStorableName);
      for (let from = 0; from < possible.length; from += IDS_AT_ONCE) {
        const some = possible.slice(from, from + IDS_AT_ONCE);
        const found = await Promise.all(some.map((id) => run(STATUS, keyOf({ endpoint, id }), [])));
        for (const [i, id] of some.entries()) {
          const status = found[i];
          if (typeof status !== "string") continue;
          known.set(id, status === "claimed" ? "pending" : (status as InboxStatus));
        }
      }
      return known;
    },
  };
}

function checkedRememberMs(rememberMs: number): number {
  if (Number.isInteger(rememberMs) && rememberMs > 0) return rememberMs;
  throw new WebhookError(
    "CONFIG_INVALID",
    `expected rememberMs to be a whole number above 0, got ${rememberMs}`,
  );
}

/** By the server's clock, so that receivers need not agree on the time. */
const CLAIM = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local row = redis.call('HMGET', KEYS[1], 'status', 'hash', 'attempts', 'until', 'answer')
local status, hash = row[1], row[2]
if hash and hash ~= '' and ARGV[3] ~= '' and hash ~= ARGV[3] then return {'conflict'} end
if status == 'done' or status == 'ignored' then return {'done', row[5] or ''} end
if status == 'dead' then return {'dead'} end
if status == 'claimed' and tonumber(row[4]) > now then return {'busy', tostring(tonumber(row[4]) - now)} end
local attempts = (tonumber(row[3]) or 0) + 1
redis.call('HSET', KEYS[1], 'status', 'claimed', 'token', ARGV[1], 'until', string.format('%.0f', now + ARGV[2]),
  'attempts', tostring(attempts))
if not hash or hash == '' then redis.call('HSET', KEYS[1], 'hash', ARGV[3]) end
redis.call('PEXPIRE', KEYS[1], math.max(tonumber(ARGV[4]), tonumber(ARGV[2])))
return {'claimed', tostring(attempts)}`;

/** Nothing where the lease went to somebody else. */
const END = `
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'status', ARGV[3], 'answer', ARGV[4], 'error', ARGV[5])
redis.call('HDEL', KEYS[1], 'token', 'until')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1`;

const STATUS = "return redis.call('HGET', KEYS[1], 'status')";

function claimOf(result: unknown): Claim {
  const [kind = "", value = ""] = (Array.isArray(result) ? result : []) as string[];
  switch (kind) {
    case "claimed":
      return { kind, attempt: Number(value) };
    case "done":
      return { kind, answer: value === "" ? null : (JSON.parse(value) as Answer) };
    case "dead":
    case "conflict":
      return { kind };
    case "busy":
      return { kind, retryAfterMs: Math.min(Number(value), BUSY_RETRY_AFTER_MS) };
    default:
      return BUSY;
  }
}
