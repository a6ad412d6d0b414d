/** A daemon with a lot on its screens: receivers that are well, broken, silent and refused, and events of many kinds. */
import type { DaemonClient } from "./daemon-client.ts";
import { until } from "./post-office.ts";
import type { Receiver } from "./receiver.ts";
import { startReceiver } from "./receiver.ts";

export interface Crowd extends AsyncDisposable {
  readonly endpoints: Readonly<Record<keyof typeof KINDS, string>>;
  /** A delivery in each of these states. */
  readonly deliveries: Readonly<Record<"delivered" | "exhausted" | "pending" | "held", string>>;
  readonly event: string;
}

const LONG =
  "The warehouse in Rotterdam, whose receiver is older than all of us and has a description that goes on for longer than any line";
const TYPES = [
  "order.paid",
  "order.refunded",
  "invoice.payment_attempt.declined_by_issuer.with_a_name_that_does_not_end",
  "customer.created",
  "stock.low",
];

/** How each endpoint is set; `{well}` and the like stand for a receiver's address. */
const KINDS = {
  well: { url: "{well}/hooks", event_types: ["*"], description: "Shop" },
  failing: { url: "{failing}/hooks", event_types: ["order.*"], backoff: [3_600] },
  givenUp: { url: "{failing}/v1/tenants/4711/hooks", event_types: ["order.*"], backoff: [] },
  silent: { url: "{silent}/", event_types: ["stock.*"], description: LONG, timeout_ms: 1_000 },
  blocked: { url: "http://192.168.7.20:8123/api/webhook/posthorn", event_types: ["customer.*"] },
  paused: { url: "{well}/paused", event_types: ["*"], description: "Paused for the move" },
  disabled: { url: "{well}/off", event_types: ["customer.*"], ordered: true },
} as const;

/** Rows for lists to be long; few enough to be made in a second or two. */
const EVENTS = 150;

export async function fillHouse(client: DaemonClient): Promise<Crowd> {
  const receivers = await openReceivers();
  const endpoints = await makeEndpoints(client, receivers);
  await client.must(`POST /v1/endpoints/${endpoints.paused}/pause`);
  await client.must(`POST /v1/endpoints/${endpoints.disabled}/disable`);
  await makeTypesAndKeys(client);
  const events = await sendEvents(client);
  await client.must(`POST /v1/endpoints/${endpoints.well}/test`);
  const deliveries = {
    delivered: await firstIn(
      client,
      `state=delivered&endpoint_id=${endpoints.well}&type=order.paid`,
    ),
    exhausted: await firstIn(client, `state=exhausted&endpoint_id=${endpoints.givenUp}`),
    pending: await firstIn(client, `state=pending&status=503`),
    held: await firstIn(client, "state=held"),
  };
  return {
    endpoints,
    deliveries,
    event: events[0] ?? "",
    async [Symbol.asyncDispose]() {
      for (const each of Object.values(receivers)) await each.close();
    },
  };
}

async function openReceivers(): Promise<Readonly<Record<"well" | "failing" | "silent", Receiver>>> {
  const well = await startReceiver((_request, response) => {
    response.writeHead(200, { "content-type": "application/json", "x-request-id": "r-1" });
    response.end('{"ok":true,"order":"o_1","received":["order","customer"]}');
  });
  const failing = await startReceiver((_request, response) => {
    response.writeHead(503, { "content-type": "text/html; charset=utf-8" });
    response.end("<!doctype html><title>503</title><h1>Service Unavailable</h1>".repeat(20));
  });
  const silent = await startReceiver(() => undefined);
  return { well, failing, silent };
}

async function makeEndpoints(
  client: DaemonClient,
  receivers: Readonly<Record<string, Receiver>>,
): Promise<Crowd["endpoints"]> {
  const made: [string, string][] = [];
  for (const [name, { url, ...more }] of Object.entries(KINDS)) {
    const whole = url.replace(/\{(\w+)\}/, (_all, key: string) => receivers[key]?.url ?? "");
    const { id } = await client.must("POST /v1/endpoints", { url: whole, ...more });
    made.push([name, id]);
  }
  return Object.fromEntries(made) as Crowd["endpoints"];
}

async function makeTypesAndKeys(client: DaemonClient): Promise<void> {
  const schema = {
    type: "object",
    properties: { order: { type: "string" }, amount: { type: "integer", minimum: 0 } },
    required: ["order"],
  };
  for (const [index, name] of TYPES.entries()) {
    const description = `What ${name} means, ${index === 1 ? LONG : "in a sentence"}.`;
    const body = { description, schema: index === 0 ? schema : null };
    await client.must(`PUT /v1/event-types/${name}`, body);
  }
  for (const name of ["shop", "nightly-import-of-the-warehouse-in-rotterdam-and-its-customers"])
    await client.must("POST /v1/keys", { name, scopes: ["events:write", "read"] });
  const { id } = await client.must("POST /v1/keys", { name: "lost", scopes: ["read"] });
  await client.must(`DELETE /v1/keys/${id}`);
}

async function sendEvents(client: DaemonClient): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let n = 0; n < EVENTS; n++) {
    const data = { order: `o_${n}`, amount: n * 100, lines: [{ sku: "A-1", n }], note: "Grüße 👋" };
    const tenant = n % 3 === 0 ? { tenant: `customer-${n % 7}` } : {};
    const order = n % 4 === 0 ? { ordering_key: `o_${n % 5}` } : {};
    const type = TYPES[n % TYPES.length];
    ids.push((await client.must("POST /v1/events", { type, data, ...tenant, ...order })).id);
  }
  return ids;
}

function firstIn(client: DaemonClient, query: string): Promise<string> {
  return until(
    async () => {
      const { data } = await client.must(`GET /v1/deliveries?limit=1&${query}`);
      return data.length === 0 ? null : (data[0].id as string);
    },
    () => `a delivery with ${query}`,
  );
}
