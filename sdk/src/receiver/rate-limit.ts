import { addressKey, parseAddress } from "./addresses.ts";

export interface Rate {
  readonly perSecond: number;
  /** How many may come at once after a quiet time. Default: those of one second, at least 1. */
  readonly burst?: number;
}

/** Counts requests before anything is hashed, so that a flood of forgeries costs little. */
export interface RateLimit extends Rate {
  /** The same for each remote address (each /64 of IPv6). Requests without an address share one bucket. */
  readonly perAddress?: Rate & {
    /** How many addresses are remembered; the one that was silent longest is forgotten. Default 10,000. */
    readonly addressesMax?: number;
  };
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** How long to wait, or null where the request may pass. */
export type Limiter = (remoteAddress: string | undefined, nowMs: number) => number | null;

const ADDRESSES_MAX = 10_000;

/** An address's own bucket is asked first, so that one that floods does not use up what all share. */
export function createLimiter(limit: RateLimit | undefined): Limiter {
  if (limit === undefined) return () => null;
  const shared: Bucket = full(limit, 0);
  const { perAddress } = limit;
  if (perAddress === undefined) return (_address, nowMs) => draw(limit, shared, nowMs);
  const buckets = new Map<string, Bucket>();
  const addressesMax = perAddress.addressesMax ?? ADDRESSES_MAX;
  return (remoteAddress, nowMs) => {
    const key = keyOf(remoteAddress);
    const bucket = buckets.get(key) ?? full(perAddress, nowMs);
    // Set anew, so that the map's order is that of the last visit.
    buckets.delete(key);
    buckets.set(key, bucket);
    if (buckets.size > addressesMax) forgetOldest(buckets);
    return draw(perAddress, bucket, nowMs) ?? draw(limit, shared, nowMs);
  };
}

function keyOf(remoteAddress: string | undefined): string {
  const bytes = remoteAddress === undefined ? null : parseAddress(remoteAddress);
  return bytes === null ? "" : addressKey(bytes);
}

function forgetOldest(buckets: Map<string, Bucket>): void {
  for (const key of buckets.keys()) {
    buckets.delete(key);
    return;
  }
}

function burstOf({ perSecond, burst }: Rate): number {
  return burst ?? Math.max(1, Math.ceil(perSecond));
}

function full(rate: Rate, atMs: number): Bucket {
  return { tokens: burstOf(rate), atMs };
}

function draw(rate: Rate, bucket: Bucket, nowMs: number): number | null {
  // A clock that was set back gives nothing and takes nothing.
  const passedMs = Math.max(nowMs - bucket.atMs, 0);
  bucket.tokens = Math.min(burstOf(rate), bucket.tokens + (passedMs * rate.perSecond) / 1_000);
  bucket.atMs = nowMs;
  if (bucket.tokens >= 1) {
    bucket.tokens -= 1;
    return null;
  }
  return Math.ceil(((1 - bucket.tokens) * 1_000) / rate.perSecond);
}
