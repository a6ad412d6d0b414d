import { parseArgs } from "node:util";
import type { Filter } from "../../daemon/domain/filter.ts";
import { parseFilter } from "../../daemon/domain/filter.ts";
import type { Pattern } from "../../daemon/domain/pattern.ts";
import { parsePattern } from "../../daemon/domain/pattern.ts";
import type { Route, Routes } from "../../daemon/domain/routes.ts";
import { createRoutes } from "../../daemon/domain/routes.ts";
import { scanObject } from "../../daemon/ingest/json.ts";
import type { Finding, Scale } from "./report.ts";

/** What an event costs before it is stored: finding its endpoints, and reading its body. */
interface MatchFigure {
  readonly name: string;
  readonly costUs: number;
  readonly note: string;
}

const ROUNDS = 15;
const ROUND_MS = 10;

/** The fastest of several rounds in microseconds per call: what else the machine does only ever makes it slower. */
function costUs(run: () => void): number {
  let callCount = 1;
  let fastestMs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS;) {
    const startMs = performance.now();
    for (let call = 0; call < callCount; call++) run();
    const tookMs = performance.now() - startMs;
    if (tookMs < ROUND_MS / 2) {
      callCount *= 2;
      continue;
    }
    fastestMs = Math.min(fastestMs, tookMs / callCount);
    round += 1;
  }
  return fastestMs * 1_000;
}

function value<T>(parsed: { ok: true; value: T } | { ok: false; problem: unknown }): T {
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problem));
  return parsed.value;
}

const pattern = (text: string): Pattern => value(parsePattern(text));

function route(text: string, tenant: string | null = null, filter: Filter | null = null): Route {
  return { patterns: [pattern(text)], tenant, filter };
}

interface Crowd {
  readonly name: string;
  readonly routeOf: (key: number) => Route;
  readonly typeOf: (key: number) => string;
  readonly tenantOf: (key: number) => string | null;
}

const CROWDS: readonly Crowd[] = [
  {
    name: "distinct types",
    routeOf: (key) => route(`order.shop-${key}.paid`),
    typeOf: (key) => `order.shop-${key}.paid`,
    tenantOf: () => null,
  },
  {
    name: "distinct tenants, all `*`",
    routeOf: (key) => route("*", `tenant-${key}`),
    typeOf: () => "order.paid",
    tenantOf: (key) => `tenant-${key}`,
  },
  {
    name: "distinct tenants, all `order.*`",
    routeOf: (key) => route("order.*", `tenant-${key}`),
    typeOf: () => "order.paid",
    tenantOf: (key) => `tenant-${key}`,
  },
  {
    name: "1 % `*`, others distinct types",
    routeOf: (key) => route(key % 100 === 0 ? "*" : `order.shop-${key}.paid`),
    typeOf: (key) => `order.shop-${key}.paid`,
    tenantOf: () => null,
  },
];

const SIZES = [10, 1_000, 10_000, 100_000];

function crowdFigures(crowd: Crowd, size: number): MatchFigure[] {
  const routes = filled(crowd, size);
  const name = `${crowd.name}, ${size.toLocaleString("en")} endpoints`;
  // Events for endpoints all over the index, prepared: making their names is not part of the match.
  const events = Array.from({ length: 1_024 }, (_, at) => {
    const key = (at * 7_919) % size;
    return { type: crowd.typeOf(key), tenant: crowd.tenantOf(key) };
  });
  let at = 0;
  let matchedCount = 0;
  const matchUs = costUs(() => {
    const event = events[at++ % events.length];
    if (event !== undefined) matchedCount = routes.match(event.type, event.tenant, noData).length;
  });
  const changed = route("order.changed", "tenant-changed");
  const changeUs = costUs(() => {
    routes.put(size, changed, size);
    routes.remove(size);
  });
  return [
    { name: `match: ${name}`, costUs: matchUs, note: `${matchedCount} matched` },
    { name: `put and remove: ${name}`, costUs: changeUs, note: "" },
  ];
}

function filled(crowd: Crowd, size: number): Routes<number> {
  const routes = createRoutes<number>();
  for (let key = 0; key < size; key++) routes.put(key, crowd.routeOf(key), key);
  return routes;
}

const noData = (): unknown => null;

const INVOICE = {
  id: "in_1M2x3Y",
  amount: 12_345,
  currency: "eur",
  customer: { id: "cus_81", email: "a@example.org", name: "Some Person", country: "DE" },
  address: { street: "Main street 1", city: "Berlin", zip: "10115" },
  lines: Array.from({ length: 9 }, (_, at) => ({
    sku: `sku-${at}`,
    quantity: at,
    price: 1_000 * at,
    title: `A line of the invoice ${at}`,
  })),
};

function filterFigure(): MatchFigure {
  const filter = value(
    parseFilter({
      amount: { $gte: 100 },
      "customer.country": { $in: ["AT", "DE"] },
      $or: [{ "lines.0.sku": "A-1" }, { currency: "eur" }],
    }),
  );
  const routes = createRoutes<number>();
  for (let key = 0; key < 100; key++) routes.put(key, route("*", null, filter), key);
  const parsed = (): unknown => INVOICE;
  const perMatchUs = costUs(() => void routes.match("invoice.paid", null, parsed));
  return { name: "filter: five conditions", costUs: perMatchUs / 100, note: "in a match of 100" };
}

function scanFigures(): MatchFigure[] {
  const text = JSON.stringify({ type: "invoice.paid", tenant: "cus_81", data: INVOICE });
  const long = JSON.stringify({ type: "file.made", data: { base64: "QUJD".repeat(16_384) } });
  return [text, long].flatMap((body) => {
    const bytes = Buffer.from(body);
    const size = `${bytes.length.toLocaleString("en")} bytes`;
    const scanUs = costUs(() => void scanObject(bytes));
    const parseUs = costUs(() => void JSON.parse(bytes.toString()));
    return [
      { name: `read a body of ${size}`, costUs: scanUs, note: "checked, parsed and cut" },
      { name: `JSON.parse alone, ${size}`, costUs: parseUs, note: "for comparison" },
    ];
  });
}

/** (i) What an event costs before it is stored. Told, not judged: the times are this machine's. */
export async function benchMatch({ isQuick, isFull }: Scale): Promise<Finding> {
  const endpointsMax = isQuick ? 1_000 : isFull ? 100_000 : 10_000;
  const figures = matchFigures(endpointsMax).map(({ name, costUs: us, note }) => ({
    name,
    value: us,
    unit: "µs",
    wanted: null,
    samples: [us],
    note,
  }));
  return { kind: "measured", figures };
}

/** Measures all of it, about ten seconds; sizes beyond `endpointsMax` are left out. */
function matchFigures(endpointsMax: number): readonly MatchFigure[] {
  const sizes = SIZES.filter((size) => size <= endpointsMax);
  return [
    ...CROWDS.flatMap((crowd) => sizes.flatMap((size) => crowdFigures(crowd, size))),
    filterFigure(),
    ...scanFigures(),
  ];
}

/** Endpoints' share of the heap in bytes each, where every one has a type of its own. Needs `--expose-gc`. */
function heapBytesPerEndpoint(size: number): number | null {
  if (globalThis.gc === undefined) return null;
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  const routes = filled(CROWDS[0] as Crowd, size);
  globalThis.gc();
  return routes.size === size ? (process.memoryUsage().heapUsed - before) / size : null;
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { max: { type: "string", default: "100000" } } });
  for (const { name, costUs: us, note } of matchFigures(Number(values.max))) {
    console.log(`${us.toFixed(2).padStart(9)} µs  ${name}${note === "" ? "" : ` (${note})`}`);
  }
  const bytes = heapBytesPerEndpoint(100_000);
  if (bytes !== null) console.log(`${bytes.toFixed(0).padStart(9)} bytes of heap per endpoint`);
}
