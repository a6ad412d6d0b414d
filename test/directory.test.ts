import assert from "node:assert/strict";
import { test } from "node:test";

import type { EventType } from "../daemon/domain/application.ts";
import type { Directory } from "../daemon/domain/directory.ts";
import { createDirectory, routeOf } from "../daemon/domain/directory.ts";
import type { Endpoint, EndpointSettings } from "../daemon/domain/endpoint.ts";
import { newEndpoint } from "./support/store-desk.ts";

const HERE = { seq: 1, id: "app_1", name: "default", createdAtMs: 1 };
const THERE = { seq: 2, id: "app_2", name: "shop", createdAtMs: 2 };

function endpoint(
  seq: number,
  settings: Partial<EndpointSettings> = {},
  applicationSeq = HERE.seq,
): Endpoint {
  return { seq, ...newEndpoint(`ep_${seq}`, applicationSeq, settings) };
}

function directoryOf(...endpoints: readonly Endpoint[]): Directory {
  const directory = createDirectory();
  directory.putApplication(HERE);
  directory.putApplication(THERE);
  for (const each of endpoints) directory.putEndpoint(each);
  return directory;
}

function matched(directory: Directory, type: string, applicationSeq = HERE.seq): string[] {
  return directory.match(applicationSeq, type, null, () => ({})).map(({ id }) => id);
}

test("an event goes by an endpoint's new settings as soon as they are put", () => {
  const first = endpoint(1, { eventTypes: ["invoice.paid"] });
  const directory = directoryOf(first);
  directory.putEndpoint({ ...first, settings: { ...first.settings, eventTypes: ["user.*"] } });
  assert.deepEqual(matched(directory, "invoice.paid"), []);
  assert.deepEqual(matched(directory, "user.created"), ["ep_1"]);
});

test("a removed endpoint gets nothing, is found by nothing, and can be removed again", () => {
  const directory = directoryOf(endpoint(1), endpoint(2));
  directory.removeEndpoint(1);
  directory.removeEndpoint(1);
  assert.deepEqual(matched(directory, "a"), ["ep_2"]);
  assert.equal(directory.endpoint(1), undefined);
  assert.equal(directory.endpointById(HERE.seq, "ep_1"), undefined);
  assert.deepEqual(
    directory.endpoints(HERE.seq).map(({ id }) => id),
    ["ep_2"],
  );
  assert.equal([...directory.allEndpoints()].length, 1);
});

test("another application's endpoints get nothing and can't be seen", () => {
  const directory = directoryOf(endpoint(1), endpoint(2, {}, THERE.seq));
  assert.deepEqual(matched(directory, "a"), ["ep_1"]);
  assert.deepEqual(matched(directory, "a", THERE.seq), ["ep_2"]);
  assert.equal(directory.endpointById(HERE.seq, "ep_2"), undefined);
  assert.equal(directory.endpointById(THERE.seq, "ep_2")?.seq, 2);
  assert.deepEqual(
    directory.endpoints(THERE.seq).map(({ id }) => id),
    ["ep_2"],
  );
  assert.deepEqual(matched(directory, "a", 99), []);
  assert.deepEqual(directory.endpoints(99), []);
});

test("a change of health or state leaves the routes and is seen by who is routed to", () => {
  const first = endpoint(1, { eventTypes: ["a"] });
  const directory = directoryOf(first);
  const health = { ...first.health, failedInARow: 3 };
  directory.putEndpoint({ ...first, health, state: "paused" });
  const [found] = directory.match(HERE.seq, "a", null, () => ({}));
  assert.equal(found?.health.failedInARow, 3);
  assert.equal(found?.state, "paused");
});

test("endpoints are listed oldest first, also after one of them has changed", () => {
  const [a, b, c] = [endpoint(1), endpoint(2), endpoint(3)];
  const directory = directoryOf(a, b, c);
  directory.putEndpoint({ ...a, settings: { ...a.settings, description: "new" } });
  assert.deepEqual(
    directory.endpoints(HERE.seq).map(({ seq }) => seq),
    [1, 2, 3],
  );
});

test("tenant and filter are part of the route", () => {
  const directory = directoryOf(
    endpoint(1, { tenant: "north" }),
    endpoint(2, { filter: { amount: { $gte: 50 } } }),
  );
  const to = (tenant: string | null, amount: number) =>
    directory.match(HERE.seq, "a", tenant, () => ({ amount })).map(({ seq }) => seq);
  assert.deepEqual(to("north", 10), [1]);
  assert.deepEqual(to("south", 50), [2]);
  assert.deepEqual(to(null, 49), []);
});

test("stored settings that can't be read any more match nothing rather than everything", () => {
  const broken = directoryOf(
    endpoint(1, { eventTypes: ["in valid", "*.x"] }),
    endpoint(2, { filter: { amount: { $nonsense: 1 } } }),
    endpoint(3, { eventTypes: ["in valid", "a"] }),
  );
  assert.deepEqual(matched(broken, "a"), ["ep_3"]);
  assert.deepEqual(routeOf(endpoint(2, { filter: { amount: { $nonsense: 1 } } })), {
    patterns: [],
    tenant: null,
    filter: null,
  });
});

test("an application is found by its id, its name and its number, and keeps its endpoints when put again", () => {
  const directory = directoryOf(endpoint(1));
  directory.putApplication(HERE);
  assert.equal(directory.application("app_1"), HERE);
  assert.equal(directory.application("default"), HERE);
  assert.equal(directory.applicationBySeq(2), THERE);
  assert.equal(directory.application("app_3"), undefined);
  assert.equal(directory.applicationBySeq(3), undefined);
  assert.deepEqual(directory.applications(), [HERE, THERE]);
  assert.deepEqual(matched(directory, "a"), ["ep_1"]);
});

test("an event type belongs to its application", () => {
  const directory = directoryOf();
  const stamps = { createdAtMs: 1, updatedAtMs: 1 };
  const type: EventType = {
    applicationSeq: HERE.seq,
    name: "a.b",
    description: "",
    schema: null,
    ...stamps,
  };
  directory.putEventType(type);
  assert.equal(directory.eventType(HERE.seq, "a.b"), type);
  assert.equal(directory.eventType(THERE.seq, "a.b"), undefined);
  assert.deepEqual(directory.eventTypes(THERE.seq), []);
  directory.removeEventType(THERE.seq, "a.b");
  assert.deepEqual(directory.eventTypes(HERE.seq), [type]);
  directory.removeEventType(HERE.seq, "a.b");
  assert.deepEqual(directory.eventTypes(HERE.seq), []);
});
