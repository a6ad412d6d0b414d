import { globalFetch } from "../verify/fetch.ts";
import { assertOptions } from "../verify/options.ts";
import { isRecord } from "./checks.ts";
import type { SentDelivery } from "./reconcile.ts";

/** What is asked of a `fetch`; the global one fits. */
export type ApiFetch = (
  url: string,
  init: {
    readonly method: "GET" | "POST";
    readonly headers: Readonly<Record<string, string>>;
    readonly redirect: "manual";
    readonly signal: AbortSignal;
  },
) => Promise<Response>;

export interface PosthornDeliveriesOptions {
  /** Where the daemon is, its base path included: `http://127.0.0.1:7678`. */
  readonly baseUrl: string;
  /** With the scopes `read` and, for sending again, `manage`. */
  readonly apiKey: string;
  /** Posthorn's own id of the endpoint, `ep_…`. */
  readonly endpointId: string;
  /** Deliveries made at this time or later. */
  readonly sinceMs: number;
  /** By name or id; only an instance-wide key has a choice. */
  readonly application?: string;
  readonly fetch?: ApiFetch;
}

/** The sender's side of a reconciliation. */
export interface PosthornDeliveries {
  /** All pages, tests left out. Can be gone through again. Throws where a page can't be had. */
  readonly deliveries: AsyncIterable<SentDelivery>;
  resend(deliveryId: string): Promise<void>;
}

const KNOWN = ["baseUrl", "apiKey", "endpointId", "sinceMs", "application", "fetch"];
const PAGE = 250;
const TIMEOUT_MS = 30_000;

/**
 * Posthorn's own list of what it has for an endpoint, in the form that `reconcile` reads. Throws `CONFIG_INVALID` for an option
 * that there is not.
 */
export function posthornDeliveries(options: PosthornDeliveriesOptions): PosthornDeliveries {
  assertOptions("posthornDeliveries", options, KNOWN);
  return {
    deliveries: { [Symbol.asyncIterator]: () => allPages(options) },
    async resend(deliveryId) {
      await ask(options, "POST", `/v1/deliveries/${encodeURIComponent(deliveryId)}/resend`);
    },
  };
}

async function* allPages(options: PosthornDeliveriesOptions): AsyncGenerator<SentDelivery> {
  const from = new Date(options.sinceMs).toISOString();
  let cursor: string | null = null;
  do {
    const query = new URLSearchParams({ endpoint_id: options.endpointId, from, limit: `${PAGE}` });
    if (cursor !== null) query.set("cursor", cursor);
    const page = await ask(options, "GET", `/v1/deliveries?${query.toString()}`);
    yield* deliveriesOf(page);
    const next = nextOf(page);
    if (next !== null && next === cursor) throw wrong("another next_cursor", "the same again");
    cursor = next;
  } while (cursor !== null);
}

async function ask(
  { baseUrl, apiKey, application, fetch: get = globalFetch }: PosthornDeliveriesOptions,
  method: "GET" | "POST",
  path: string,
): Promise<unknown> {
  const response = await get(baseUrl.replace(/\/+$/, "") + path, {
    method,
    headers: {
      authorization: `Bearer ${apiKey}`,
      ...(application !== undefined && { "posthorn-app": application }),
    },
    redirect: "manual",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await response.text();
  const json = jsonOf(text);
  if (response.status === 200 && json !== undefined) return json;
  const code = isRecord(json) && typeof json["code"] === "string" ? ` (${json["code"]})` : "";
  const said = path.split("?")[0];
  throw new Error(`expected ${method} ${said} to be answered 200, got ${response.status}${code}`);
}

function deliveriesOf(page: unknown): SentDelivery[] {
  const data = isRecord(page) ? page["data"] : undefined;
  if (!Array.isArray(data)) throw wrong("a list", typeof data);
  return data.filter((each) => !isRecord(each) || each["is_test"] !== true).map(deliveryOf);
}

function deliveryOf(json: unknown): SentDelivery {
  const { id, event_id, state, created_at } = isRecord(json) ? json : {};
  const createdAtMs = typeof created_at === "string" ? Date.parse(created_at) : Number.NaN;
  const isWhole =
    typeof id === "string" && typeof event_id === "string" && typeof state === "string";
  if (!isWhole || Number.isNaN(createdAtMs)) throw wrong("deliveries", "something else");
  return { eventId: event_id, deliveryId: id, state, createdAtMs };
}

function nextOf(page: unknown): string | null {
  const next = isRecord(page) ? page["next_cursor"] : null;
  if (next === null || typeof next === "string") return next;
  throw wrong("a next_cursor", typeof next);
}

function wrong(wanted: string, got: string): Error {
  return new Error(`expected Posthorn's deliveries to have ${wanted}, got ${got}`);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
