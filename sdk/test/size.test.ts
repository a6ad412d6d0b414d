/** What a browser or a Worker downloads of the SDK: each part bundled as for it, minified and gzipped, within its budget. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";
import { installBuiltPackage } from "./built-package.ts";

const installed = installBuiltPackage();
after(installed.remove);

/** `verify` and one provider. The goal is 6 KB and is missed: this holds what it is, so that it only shrinks. */
const CORE_BYTES_MAX = 6_720;

/** What one more provider adds where the core is there already: 1 KB. */
const PROVIDER_BYTES_MAX = 1_024;

/** Providers that may have more, and for what. */
const PROVIDERS_WITH_MORE: Readonly<Record<string, number>> = {
  "./providers/adyen": 1_200, // two schemes, batches, Basic credentials
  "./providers/aws-sns": 2_700, // X.509, fetching, the subscription's handshake
  "./providers/paypal": 2_300, // X.509, fetching, CRC-32
  "./providers/twilio": 1_150, // the spellings of an address, and the body's digest in it
  "./providers/posthorn": 1_650, // four wire profiles, and the check of header names that are set by a person
};

/** What the other parts add; each a little over what it is, so that growth is somebody's decision. */
const PARTS: Readonly<Record<string, number>> = {
  ".": 9_000,
  "./inbox/drizzle": 7_100,
  "./inbox/inbox": 0,
  "./inbox/kysely": 6_900,
  "./inbox/memory": 2_500,
  "./inbox/mysql2": 6_400,
  "./inbox/pg": 6_500,
  "./inbox/prisma": 6_200,
  "./inbox/redis": 1_400,
  "./inbox/sql": 6_100,
  "./inbox/sqlite": 7_000,
  "./adapters/express": 2_050,
  "./adapters/fastify": 2_150,
  "./adapters/fetch": 1_200,
  "./adapters/hono": 1_550,
  "./adapters/koa": 2_050,
  "./adapters/lambda": 1_800,
  "./adapters/nest": 2_550,
  "./adapters/next": 2_250,
  "./adapters/node": 2_050,
  "./receiver/reconcile": 800,
  "./receiver/posthorn-deliveries": 750,
  "./testing": 9_000, // not for what is deployed
};

const CORE = [
  'export { verify, verifyOrThrow, WebhookError } from "posthorn-sdk";',
  'export { stripe } from "posthorn-sdk/providers/stripe";',
].join("\n");
const coreBytes = await gzippedBytes(CORE);

async function gzippedBytes(source: string): Promise<number> {
  const file = join(installed.project, "entry.js");
  const entry = {
    name: "entry",
    resolveId: (id: string) => (id === file ? id : null),
    load: (id: string) => (id === file ? source : null),
  };
  const bundle = await rolldown({
    input: file,
    platform: "browser",
    resolve: { conditionNames: ["browser", "import", "default"] },
    plugins: [entry],
  });
  const { output } = await bundle.generate({ format: "es", minify: true });
  await bundle.close();
  return gzipSync(output[0].code, { level: 9 }).length;
}

async function addedBytes(subpath: string): Promise<number> {
  const name = subpath.replace(".", "posthorn-sdk");
  return (await gzippedBytes(`${CORE}\nexport * from "${name}";`)) - coreBytes;
}

function assertWithin(bytes: number, bytesMax: number): void {
  assert.ok(bytes <= bytesMax, `expected at most ${bytesMax} bytes, got ${bytes}`);
}

describe("minified and gzipped,", () => {
  test(`the core with one provider is at most ${CORE_BYTES_MAX} bytes`, () => {
    assertWithin(coreBytes, CORE_BYTES_MAX);
  });

  for (const subpath of installed.subpaths) {
    // `wire` is the daemon's side and for Node alone.
    if (subpath.endsWith(".json") || subpath.startsWith("./wire/")) continue;
    const isProvider = subpath.startsWith("./providers/");
    const budget = isProvider
      ? (PROVIDERS_WITH_MORE[subpath] ?? PROVIDER_BYTES_MAX)
      : PARTS[subpath];
    test(`${subpath} adds at most ${budget} bytes to that`, async () => {
      assert.ok(budget !== undefined, `${subpath} has no budget yet`);
      assertWithin(await addedBytes(subpath), budget);
    });
  }
});
