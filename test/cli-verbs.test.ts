import assert from "node:assert/strict";
import { test } from "node:test";

import type { FakeAnswer } from "./support/cli.ts";
import { fakeDaemon, posthorn } from "./support/cli.ts";

const DELIVERY = {
  id: "dlv_1",
  event_id: "evt_1",
  event_type: "invoice.paid",
  tenant: null,
  endpoint_id: "ep_1",
  state: "pending",
  attempt_count: 1,
  due_at: "2026-03-01T12:00:05.000Z",
  reason: {
    code: "retry_scheduled",
    sentence: "Attempt 1 failed: 500. Attempt 2 is due.",
    next_at: null,
  },
  ordering_key: null,
  is_test: false,
  created_at: "2026-03-01T12:00:00.123Z",
  settled_at: null,
};

const ATTEMPT = {
  id: "att_1",
  number: 1,
  started_at: "2026-03-01T12:00:00.200Z",
  duration_ms: 12.4,
  status: 500,
  error: null,
  request_headers: {},
  response: {
    headers: {},
    excerpt: "no\nway\u001b[2J",
    excerpt_encoding: "text",
    truncated: false,
  },
};

const ENDPOINT = {
  id: "ep_1",
  url: "https://shop.example/hooks",
  description: "",
  event_types: ["invoice.*", "order.paid"],
  tenant: null,
  profile: { kind: "standard" },
  state: "disabled",
  disabled_reason: "gone",
  ordered: false,
  headers: { "X-Api-Key": "***", "X-Team": "***" },
  health: {
    failed_in_a_row: 3,
    last_success_at: null,
    last_failure_at: "2026-03-01T12:00:00.000Z",
  },
  created_at: "2026-03-01T11:00:00.000Z",
  warnings: [],
};

const answering =
  (json: unknown, status = 200) =>
  (): FakeAnswer => ({ status, json });

test("send puts the data into the request as it was written, number for number", async (t) => {
  const daemon = await fakeDaemon(t, answering({ id: "evt_1", deliveries: 2 }, 202));
  const data = '{"n":12345678901234567890,"x":1.0}';
  const line = ["send", "--type", "a.b", "--data", data, "--tenant", "acme", "--ordering-key", "k"];
  const said = await posthorn([...line, "--idempotency-key", "once", ...daemon.socket]);
  assert.deepEqual(said, { code: 0, out: "Accepted as evt_1, with 2 deliveries.\n", err: "" });
  const [heard] = daemon.heard;
  assert.equal(`${heard?.method} ${heard?.url}`, "POST /v1/events");
  assert.equal(heard?.body, `{"type":"a.b","tenant":"acme","ordering_key":"k","data":${data}}`);
  assert.equal(heard?.headers["idempotency-key"], "once");
  assert.equal(heard?.headers["content-type"], "application/json");
});

test("send reads its data from the standard input where it is -", async (t) => {
  const daemon = await fakeDaemon(t, answering({ id: "evt_1", deliveries: 0 }, 202));
  const readInput = () => Promise.resolve("[1,2]\n");
  const said = await posthorn(["send", "--type", "a", "--data", "-", ...daemon.socket], {
    readInput,
  });
  assert.equal(said.out, "Accepted as evt_1; no endpoint subscribes to it.\n");
  assert.deepEqual(JSON.parse(daemon.heard[0]?.body ?? ""), { type: "a", data: [1, 2] });
});

test("send says when the event was accepted before", async (t) => {
  const headers = { "Idempotent-Replayed": "true" };
  const daemon = await fakeDaemon(t, () => ({
    status: 202,
    headers,
    json: { id: "evt_1", deliveries: 1 },
  }));
  const said = await posthorn(["send", "--type", "a", "--data", "1", ...daemon.socket]);
  assert.equal(said.out, "Accepted before, as evt_1, with 1 delivery.\n");
});

test("--json prints the API's own answer, byte for byte", async (t) => {
  const json = { data: [DELIVERY], next_cursor: "abc" };
  const daemon = await fakeDaemon(t, answering(json));
  const said = await posthorn(["deliveries", "list", "--json", ...daemon.socket]);
  assert.equal(said.out, `${JSON.stringify(json)}\n`);
});

test("a list of deliveries shows each one's reason and how to go on", async (t) => {
  const daemon = await fakeDaemon(t, answering({ data: [DELIVERY], next_cursor: "abc" }));
  const filters = ["--state", "pending", "--endpoint", "ep_1", "--from", "2h", "--limit", "1"];
  const { out } = await posthorn(["deliveries", "list", ...filters, ...daemon.socket]);
  assert.equal(
    out,
    `${[
      "ID     STATE    EVENT TYPE    ENDPOINT  ATTEMPTS  REASON",
      "dlv_1  pending  invoice.paid  ep_1      1         Attempt 1 failed: 500. Attempt 2 is due.",
      "",
      "More with --cursor abc",
    ].join("\n")}\n`,
  );
  const query = new URL(daemon.heard[0]?.url ?? "", "http://x").searchParams;
  assert.deepEqual(Object.fromEntries(query), {
    endpoint_id: "ep_1",
    state: "pending",
    from: "2026-03-01T10:00:00.000Z",
    limit: "1",
  });
});

test("a delivery is shown with its attempts, and a receiver's answer can't paint the terminal", async (t) => {
  const daemon = await fakeDaemon(t, answering({ ...DELIVERY, attempts: [ATTEMPT] }));
  const { out } = await posthorn(["deliveries", "show", "dlv_1", ...daemon.socket]);
  assert.match(out, /^reason {4}Attempt 1 failed: 500\. Attempt 2 is due\.$/m);
  assert.match(out, /^1 +2026-03-01T12:00:00Z +12 ms +500 +no way \[2J$/m);
  assert.ok(!out.includes("\u001b"));
});

for (const action of ["resend", "cancel"]) {
  test(`deliveries ${action} asks for just that`, async (t) => {
    const daemon = await fakeDaemon(t, answering({ ...DELIVERY, attempts: [] }));
    await posthorn(["deliveries", action, "dlv_1/../x", ...daemon.socket]);
    const [heard] = daemon.heard;
    assert.equal(`${heard?.method} ${heard?.url}`, `POST /v1/deliveries/dlv_1%2F..%2Fx/${action}`);
  });
}

test("endpoints are listed with their state and how they do", async (t) => {
  const daemon = await fakeDaemon(t, answering({ data: [ENDPOINT] }));
  const { out } = await posthorn(["endpoints", "list", ...daemon.socket]);
  assert.match(
    out,
    /^ep_1 +disabled +invoice\.\*,order\.paid +3 +- +https:\/\/shop\.example\/hooks$/m,
  );
});

test("endpoints show adds the counts; why it is disabled stands beside its state", async (t) => {
  const stats = {
    pending: 1,
    held: 2,
    delivered: 3,
    exhausted: 4,
    cancelled: 5,
    attempts: 6,
    failed_attempts: 7,
    in_flight: 0,
    ready: 0,
  };
  const daemon = await fakeDaemon(t, ({ url }) => ({
    json: url.endsWith("/stats") ? stats : ENDPOINT,
  }));
  const { out } = await posthorn(["endpoints", "show", "ep_1", ...daemon.socket]);
  assert.match(out, /^state +disabled \(gone\)$/m);
  assert.match(out, /^waiting +1 pending \(0 in flight\), 2 held$/m);
  assert.match(out, /^ended +3 delivered, 4 exhausted, 5 cancelled$/m);
});

test("endpoints create sends the settings that were given, and only those", async (t) => {
  const daemon = await fakeDaemon(t, answering({ ...ENDPOINT, secret: "whsec_x" }, 201));
  const settings = '{"rate_per_second":5,"headers":{"X-A":"b"}}';
  const line = ["endpoints", "create", "https://a.example", "--event-types", "a.*, b"];
  const others = ["--timeout", "30s", "--ordered", "--settings", settings];
  const { out } = await posthorn([...line, ...others, ...daemon.socket]);
  assert.deepEqual(JSON.parse(daemon.heard[0]?.body ?? ""), {
    url: "https://a.example",
    event_types: ["a.*", "b"],
    timeout_ms: 30_000,
    ordered: true,
    rate_per_second: 5,
    headers: { "X-A": "b" },
  });
  assert.match(out, /\nwhsec_x\n$/);
});

test("endpoints secret prints nothing but the secret", async (t) => {
  const daemon = await fakeDaemon(t, answering({ secret: "whsec_x", secrets: [] }));
  assert.equal(
    (await posthorn(["endpoints", "secret", "ep_1", ...daemon.socket])).out,
    "whsec_x\n",
  );
});

test("a test that was not delivered exits with 1, after it was shown", async (t) => {
  const failed = { ...DELIVERY, state: "exhausted", attempts: [ATTEMPT] };
  const daemon = await fakeDaemon(t, answering(failed));
  const said = await posthorn(["endpoints", "test", "ep_1", ...daemon.socket]);
  assert.equal(said.code, 1);
  assert.match(said.out, /^Attempt 1 failed[^]+12 ms/);
  const good = await fakeDaemon(t, answering({ ...failed, state: "delivered" }));
  assert.equal((await posthorn(["endpoints", "test", "ep_1", ...good.socket])).code, 0);
});

test("resume says which held deliveries go", async (t) => {
  const daemon = await fakeDaemon(t, answering(ENDPOINT));
  const said = await posthorn([
    "endpoints",
    "resume",
    "ep_1",
    "--held",
    "latest",
    ...daemon.socket,
  ]);
  assert.equal(said.out, "Resumed ep_1.\n");
  assert.deepEqual(JSON.parse(daemon.heard[0]?.body ?? ""), { held: "latest" });
});

test("recover and replay take a time or how long ago it was", async (t) => {
  const daemon = await fakeDaemon(t, ({ url }) => ({
    status: 202,
    json: url.endsWith("recover") ? { recovered: 3 } : { created: 1, resent: 2, waiting: 4 },
  }));
  const recovered = await posthorn(["recover", "ep_1", "--since", "6h", ...daemon.socket]);
  assert.match(recovered.out, /^3 deliveries that failed since 2026-03-01T06:00:00\.000Z will be/);
  const span = ["--from", "2026-02-01", "--to", "1d"];
  const replayed = await posthorn(["replay", "ep_1", ...span, ...daemon.socket]);
  assert.equal(
    replayed.out,
    "3 events will be sent (1 for the first time, 2 again); 4 were on their way anyway.\n",
  );
  assert.deepEqual(JSON.parse(daemon.heard[1]?.body ?? ""), {
    from: "2026-02-01T00:00:00Z",
    to: "2026-02-28T12:00:00.000Z",
  });
});

test("keys create shows the key this once, with the scope that a producer needs", async (t) => {
  const daemon = await fakeDaemon(t, answering({ id: "key_1", name: "n", key: "phk_x" }, 201));
  const { out } = await posthorn(["keys", "create", "n", ...daemon.socket]);
  assert.equal(out, "Created key_1. The key is shown here and never again:\nphk_x\n");
  assert.deepEqual(JSON.parse(daemon.heard[0]?.body ?? ""), {
    name: "n",
    scopes: ["events:write"],
  });
});

test("events show prints the data as the producer wrote it", async (t) => {
  const { createServer } = await import("node:http");
  const body = `{"id":"evt_1","type":"a","tenant":null,"ordering_key":null,"occurred_at":"2026-03-01T12:00:00.000Z","accepted_at":"2026-03-01T12:00:00.000Z","content_type":null,"body_bytes":9,"deliveries":1,"data":{"n": 12345678901234567890}}`;
  const server = createServer((_, response) => response.end(body)).listen(0, "127.0.0.1");
  t.after(() => server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const url = ["--url", `http://127.0.0.1:${port}`, "--key", "k"];
  const { out } = await posthorn(["events", "show", "evt_1", ...url]);
  assert.match(out, /\n\n\{"n": 12345678901234567890\}\n$/);
});

test("tail tells each new delivery and each change of one, and nothing twice", async (t) => {
  const old = { ...DELIVERY, id: "dlv_0" };
  const made = { ...DELIVERY, id: "dlv_1", attempt_count: 0 };
  const retried = { ...made, attempt_count: 1 };
  const ended = { ...made, attempt_count: 2, state: "delivered" };
  const later = { ...made, id: "dlv_2" };
  const first = [[old], [old], [later, made, old], [later, retried, old]];
  const pages = [...first, [later, retried, old], [later, ended, old]];
  let asked = 0;
  const daemon = await fakeDaemon(t, () => ({
    json: { data: pages[Math.min(asked++, pages.length - 1)], next_cursor: null },
  }));
  const controller = new AbortController();
  const pause = async () => {
    if (asked === pages.length) controller.abort();
  };
  const world = { pause, interrupted: controller.signal };
  const { code, out } = await posthorn(["tail", "--json", ...daemon.socket], world);
  assert.equal(code, 0);
  const told = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual(told, [made, later, retried, ended]);
});

test("healthcheck exits with 0 or 1 and no other code", async (t) => {
  const checks = [
    { name: "disk", ok: false, detail: "the disk is full" },
    { name: "database", ok: true, detail: "writable" },
  ];
  const daemon = await fakeDaemon(t, ({ url }) =>
    url === "/healthz" ? { json: { status: "ok" } } : { status: 503, json: { checks } },
  );
  assert.deepEqual(await posthorn(["healthcheck", ...daemon.socket]), {
    code: 0,
    out: "well\n",
    err: "",
  });
  const ready = await posthorn(["healthcheck", "--ready", ...daemon.socket]);
  assert.deepEqual([ready.code, ready.out], [1, "not well: the disk is full\n"]);
  assert.equal((await posthorn(["healthcheck", "--data-dir", "/nowhere"])).code, 1);
  assert.equal((await posthorn(["healthcheck", "--url", "nowhere"])).code, 1);
});

/** What applications, keys and event types have, all in one. */
const ROW = {
  id: "x",
  name: "x",
  application_id: null,
  scopes: ["read"],
  hint: "phk_",
  description: "",
  schema: null,
  created_at: "2026-03-01T12:00:00.000Z",
  updated_at: "2026-03-01T12:00:00.000Z",
  last_used_at: null,
  revoked_at: null,
};

test("endpoints show names the extra headers, and nothing of their values", async (t) => {
  const daemon = await fakeDaemon(t, () => ({ json: ENDPOINT }));
  const { out } = await posthorn(["endpoints", "show", "ep_1", ...daemon.socket]);
  assert.match(out, /^extra headers +X-Api-Key, X-Team$/m);
});

test("endpoints cancel-pending tells how many were called off", async (t) => {
  const daemon = await fakeDaemon(t, () => ({ json: { cancelled: 2 } }));
  const { out } = await posthorn(["endpoints", "cancel-pending", "ep_1", ...daemon.socket]);
  assert.equal(out, "Called off 2 deliveries.\n");
  const [heard] = daemon.heard;
  assert.deepEqual(
    [heard?.method, heard?.url, heard?.body],
    ["POST", "/v1/endpoints/ep_1/cancel-pending", ""],
  );
});

test("event-types show ends with the schema, ready to be put again", async (t) => {
  const schema = { type: "object", required: ["invoice"] };
  const daemon = await fakeDaemon(t, () => ({ json: { ...ROW, name: "invoice.paid", schema } }));
  const { out } = await posthorn(["event-types", "show", "invoice.paid", ...daemon.socket]);
  assert.match(out, /^name +invoice\.paid$/m);
  assert.deepEqual(JSON.parse(out.slice(out.indexOf("{"))), schema);
});

test("every list tells how it goes on", async (t) => {
  const daemon = await fakeDaemon(t, ({ url }) => {
    const row = url.startsWith("/v1/endpoints") ? ENDPOINT : ROW;
    return { json: { data: [row], next_cursor: "abc" } };
  });
  for (const noun of ["endpoints", "applications", "keys", "event-types"]) {
    const { out } = await posthorn([noun, "list", "--limit", "1", ...daemon.socket]);
    assert.ok(out.endsWith("\n\nMore with --cursor abc\n"), out);
    assert.equal(daemon.heard.at(-1)?.url, `/v1/${noun}?limit=1`);
  }
});
