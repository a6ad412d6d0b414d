import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import type { Filter } from "../daemon/domain/filter.ts";
import { filterHolds, parseFilter } from "../daemon/domain/filter.ts";
import type { Pattern } from "../daemon/domain/pattern.ts";
import { parsePattern, patternMatches } from "../daemon/domain/pattern.ts";
import type { Route } from "../daemon/domain/routes.ts";
import { createRoutes } from "../daemon/domain/routes.ts";

interface Wish {
  readonly patterns: readonly string[];
  readonly tenant?: string | null;
  readonly filter?: unknown;
}

function route({ patterns, tenant = null, filter }: Wish): Route {
  return {
    patterns: patterns.map(pattern),
    tenant,
    filter: filter === undefined ? null : readFilter(filter),
  };
}

function pattern(text: string): Pattern {
  const parsed = parsePattern(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

function readFilter(json: unknown): Filter {
  const parsed = parseFilter(json);
  assert.ok(parsed.ok);
  return parsed.value;
}

const noData = (): never => assert.fail("nobody asked for the data");

test("an event goes to the endpoints whose pattern picks its type, in the order of their keys", () => {
  const routes = createRoutes<string>();
  routes.put(3, route({ patterns: ["*"] }), "everything");
  routes.put(1, route({ patterns: ["invoice.*"] }), "invoices");
  routes.put(2, route({ patterns: ["invoice.paid", "order.paid"] }), "payments");
  assert.deepEqual(routes.match("invoice.paid", null, noData), [
    "invoices",
    "payments",
    "everything",
  ]);
  assert.deepEqual(routes.match("order.paid", null, noData), ["payments", "everything"]);
  assert.deepEqual(routes.match("invoice", null, noData), ["everything"]);
});

test("an endpoint with several matching patterns gets the event once", () => {
  const routes = createRoutes<string>();
  const patterns = ["*", "invoice.*", "invoice.paid", "invoice.paid.*", "invoice.paid"];
  routes.put(7, route({ patterns }), "once");
  routes.put(8, route({ patterns }), "also once");
  assert.deepEqual(routes.match("invoice.paid.late", null, noData), ["once", "also once"]);
  assert.deepEqual(routes.match("invoice.paid", null, noData), ["once", "also once"]);
});

test("an endpoint without a tenant hears all tenants; one with a tenant hears only its own", () => {
  const routes = createRoutes<string>();
  routes.put(1, route({ patterns: ["*"] }), "all");
  routes.put(2, route({ patterns: ["*"], tenant: "anna" }), "anna's");
  routes.put(3, route({ patterns: ["invoice.*"], tenant: "ben" }), "ben's");
  assert.deepEqual(routes.match("invoice.paid", "anna", noData), ["all", "anna's"]);
  assert.deepEqual(routes.match("invoice.paid", "ben", noData), ["all", "ben's"]);
  assert.deepEqual(routes.match("invoice.paid", null, noData), ["all"]);
  assert.deepEqual(routes.match("invoice.paid", "Anna", noData), ["all"]);
});

test("the daemon's own events reach those who asked for them, not those who asked for all", () => {
  const routes = createRoutes<string>();
  routes.put(1, route({ patterns: ["*"] }), "all");
  routes.put(2, route({ patterns: ["posthorn.*"] }), "notices");
  routes.put(3, route({ patterns: ["posthorn.test"] }), "test");
  assert.deepEqual(routes.match("posthorn.test", null, noData), ["notices", "test"]);
});

test("the data is asked for once, and only when a candidate has a filter", () => {
  const routes = createRoutes<string>();
  const filter = { amount: { $gte: 100 } };
  routes.put(1, route({ patterns: ["*"], filter }), "large");
  routes.put(2, route({ patterns: ["*", "invoice.*"], filter: { amount: { $lt: 100 } } }), "small");
  routes.put(3, route({ patterns: ["order.*"] }), "orders");
  routes.put(4, route({ patterns: ["ping"], tenant: "anna", filter }), "anna's");
  let asked = 0;
  const data = (): unknown => {
    asked += 1;
    return { amount: 250 };
  };
  assert.deepEqual(routes.match("invoice.paid", null, data), ["large"]);
  assert.equal(asked, 1);
  routes.remove(1);
  routes.remove(2);
  assert.deepEqual(routes.match("order.paid", "anna", noData), ["orders"]);
});

test("data that is undefined or null is asked for once too", () => {
  const routes = createRoutes<number>();
  for (const key of [1, 2, 3]) {
    routes.put(key, route({ patterns: ["*"], filter: { a: { $exists: false } } }), key);
  }
  let asked = 0;
  const data = (): unknown => void (asked += 1);
  assert.deepEqual(routes.match("ping", null, data), [1, 2, 3]);
  assert.equal(asked, 1);
});

test("an endpoint that is put again is routed by its new settings only", () => {
  const routes = createRoutes<string>();
  routes.put(1, route({ patterns: ["invoice.*", "*"], tenant: "anna" }), "before");
  routes.put(1, route({ patterns: ["order.*"] }), "after");
  assert.equal(routes.size, 1);
  assert.deepEqual(routes.match("invoice.paid", "anna", noData), []);
  assert.deepEqual(routes.match("order.paid", "anna", noData), ["after"]);
});

test("an endpoint without patterns gets nothing, and removing an unknown one is no error", () => {
  const routes = createRoutes<string>();
  routes.put(1, route({ patterns: [] }), "nothing");
  routes.remove(99);
  assert.equal(routes.size, 1);
  assert.deepEqual(routes.match("ping", null, noData), []);
});

test("a hundred thousand endpoints that all match are all returned", () => {
  const routes = createRoutes<number>();
  const all = route({ patterns: ["*"] });
  for (let key = 100_000; key >= 1; key--) routes.put(key, all, key);
  const targets = routes.match("ping", null, noData);
  assert.equal(targets.length, 100_000);
  assert.equal(targets[0], 1);
  assert.equal(targets.at(-1), 100_000);
});

const type = fc.constantFrom("a", "a.b", "a.b.c", "a.bc", "b.a", "posthorn.test", "posthorn");
const patternText = fc.constantFrom("*", "a", "a.*", "a.b", "a.b.*", "a.b.c", "b.*", "posthorn.*");
const tenant = fc.constantFrom(null, "t1", "t2");
const wish = fc.record({
  patterns: fc.array(patternText, { maxLength: 4 }),
  tenant,
  filter: fc.constantFrom(undefined, { x: 1 }, { x: { $gt: 1 } }),
});
const change = fc.record({
  key: fc.integer({ min: -3, max: 12 }),
  wish: fc.option(wish, { freq: 3 }),
});
const event = fc.record({ type, tenant, x: fc.integer({ min: 0, max: 3 }) });

test("after any puts and removals the index answers as one that asks every endpoint", () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), fc.array(event), (changes, events) => {
      const routes = createRoutes<string>();
      const model = new Map<number, { readonly route: Route; readonly target: string }>();
      for (const [step, { key, wish: wanted }] of changes.entries()) {
        if (wanted === null) {
          routes.remove(key);
          model.delete(key);
        } else {
          const entry = { route: route(wanted), target: `${key} since ${step}` };
          routes.put(key, entry.route, entry.target);
          model.set(key, entry);
        }
      }
      assert.equal(routes.size, model.size);
      for (const { type: sent, tenant: of, x } of events) {
        const asked = [...model]
          .toSorted(([a], [b]) => a - b)
          .filter(([, entry]) => accepts(entry.route, sent, of, { x }))
          .map(([, entry]) => entry.target);
        assert.deepEqual(
          routes.match(sent, of, () => ({ x })),
          asked,
        );
      }
    }),
    { seed: 7, numRuns: 500 },
  );
});

function accepts(asked: Route, sent: string, of: string | null, data: unknown): boolean {
  return (
    asked.patterns.some((one) => patternMatches(one, sent)) &&
    (asked.tenant === null || asked.tenant === of) &&
    (asked.filter === null || filterHolds(asked.filter, data))
  );
}
