import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiHouse } from "./support/api-house.ts";
import { answered, DELIVERED, endLastAttempt, openHouse } from "./support/api-house.ts";
import { assertProblem, call, makeEndpoint } from "./support/api-call.ts";

const GIVEN_UP = { ...DELIVERED, state: "exhausted", endReason: "gone" } as const;

/** An event under this id, and how its one attempt ended. */
async function sent(house: ApiHouse, id: string, status: number | null, more: object = {}) {
  const body = { type: "a", data: 1, id, ...more };
  assert.equal((await call(house, "POST /v1/events", { body })).status, 202);
  if (status === null) {
    const outcome = { kind: "failed", code: "connect_timeout", message: "late" } as const;
    await endLastAttempt(house, { ...outcome, durationMs: 9 }, GIVEN_UP);
  } else {
    await endLastAttempt(house, answered(status, ""), status === 200 ? DELIVERED : GIVEN_UP);
  }
}

/** The events' own ids, oldest first, of what a list holds; each page is asked for until the last. */
async function found(house: ApiHouse, list: string, query: string): Promise<string> {
  const names: string[] = [];
  let cursor = "";
  do {
    const { status, json, text } = await call(house, `GET /v1/${list}?${query}${cursor}`);
    assert.equal(status, 200, text);
    for (const row of json.data) names.unshift(list === "events" ? row.id : row.event_id);
    cursor = json.next_cursor === null ? "" : `&cursor=${json.next_cursor}`;
  } while (cursor !== "");
  return names.join(" ");
}

test("deliveries are found by what the last attempt was answered with, one status, a class, or no answer", async () => {
  await using house = await openHouse();
  await makeEndpoint(house);
  for (const status of [200, 404, 410, 500]) await sent(house, `s${status}`, status);
  await sent(house, "silent", null);
  await call(house, "POST /v1/events", { body: { type: "a", data: 1, id: "unsent" } });
  assert.equal(await found(house, "deliveries", "status=500"), "s500");
  assert.equal(await found(house, "deliveries", "status=2xx"), "s200");
  assert.equal(await found(house, "deliveries", "status=4xx"), "s404 s410");
  assert.equal(await found(house, "deliveries", "status=4xx&state=delivered"), "");
  assert.equal(await found(house, "deliveries", "status=none"), "silent");
  for (const bad of ["5x", "050", "0xx", "none2", "99", ""]) {
    assertProblem(await call(house, `GET /v1/deliveries?status=${bad}`), 400, "invalid_request");
  }
});

test("tests can be left out of a list, or asked for alone", async () => {
  await using house = await openHouse();
  await makeEndpoint(house);
  await sent(house, "one", 200);
  assert.equal(await found(house, "deliveries", "is_test=false"), "one");
  assert.equal(await found(house, "deliveries", "is_test=true"), "");
  assertProblem(await call(house, "GET /v1/deliveries?is_test=1"), 400, "invalid_request");
});

test("a text is found in all that a list shows and in the body, whatever its case", async () => {
  await using house = await openHouse();
  const endpointId = await makeEndpoint(house, { event_types: ["*"] });
  await sent(house, "one", 500, { data: { name: "Zoë 100%" }, tenant: "Acme" });
  await sent(house, "two", 200, { type: "order.paid", ordering_key: "K_7" });
  for (const list of ["events", "deliveries"]) {
    assert.equal(await found(house, list, "text=ZO%C3%AB"), "one");
    assert.equal(await found(house, list, "text=100%25"), "one");
    assert.equal(await found(house, list, "text=acme"), "one");
    assert.equal(await found(house, list, "text=ORDER.P"), "two");
    assert.equal(await found(house, list, "text=k_7"), "two");
    assert.equal(await found(house, list, "text=two"), "two");
    assert.equal(await found(house, list, "text=kx7"), "");
    assert.equal(await found(house, list, "text=order&type=a"), "");
  }
  assert.equal(await found(house, "deliveries", "text=http_500"), "one");
  assert.equal(await found(house, "deliveries", `text=${endpointId}`), "one two");
  assert.equal(await found(house, "deliveries", "text=zo&state=exhausted"), "one");
});

test("a hostile text is refused or finds nothing", async () => {
  await using house = await openHouse();
  await makeEndpoint(house);
  await sent(house, "one", 200);
  for (const list of ["events", "deliveries"]) {
    for (const harmless of [
      "'; drop table event; --",
      '"',
      "%",
      "o_e",
      "\\",
      "*",
      "😀".repeat(60),
    ]) {
      assert.equal(await found(house, list, `text=${encodeURIComponent(harmless)}`), "", harmless);
    }
    for (const refused of ["", "%00", "a%00b", "%0A", "x".repeat(257)]) {
      assertProblem(await call(house, `GET /v1/${list}?text=${refused}`), 400, "invalid_request");
    }
  }
  assert.equal(await found(house, "events", ""), "one");
});

test("a page looks through a bounded number of bodies, and says that there is more", async () => {
  await using house = await openHouse({ backlogMax: 10_000 });
  const events = Array.from({ length: 500 }, (_, at) => ({ type: "a", data: at }));
  for (let batch = 0; batch < 5; batch++) {
    await call(house, "POST /v1/events/batch", { body: { events } });
  }
  const first = await call(house, "GET /v1/events?text=nowhere");
  assert.deepEqual(first.json.data, []);
  const second = await call(house, `GET /v1/events?text=nowhere&cursor=${first.json.next_cursor}`);
  assert.deepEqual(second.json, { data: [], next_cursor: null });
});
