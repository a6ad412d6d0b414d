/** What a browser or a Worker downloads of the SDK: each part bundled as for it, minified and gzipped, within its budget. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";
import { installBuiltPackage } from "./built-package.ts";

const installed = installBuiltPackage();
after(installed.remove);

/** `verify` and one provider: 6 KB. */
const CORE_BYTES_MAX = 6_144;

/** Those that come to more, and for what; each a little over what it is. */
const HEAVY: Readonly<Record<string, number>> = {
  adyen: 6_550, // two schemes, batches, Basic credentials
  "aws-sns": 8_050, // X.509, fetching, the subscription's handshake
  hmac: 6_750, // all hashes and all writings: which, the options say, and checks of what they say
  hubspot: 6_800, // three versions, and the spellings of an address
  paypal: 7_650, // X.509, fetching, CRC-32
  posthorn: 7_650, // four wire profiles, and the check of header names that are set by a person
  twilio: 6_450, // the spellings of an address, and the body's digest in it
};

/** What the other parts add; each a little over what it is, so that growth is somebody's decision. */
const PARTS: Readonly<Record<string, number>> = {
  ".": 10_300, // with what only declarations of one's own need, which the core does without
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

const VERIFY = 'export { verify, verifyOrThrow, WebhookError } from "posthorn-sdk";';
const CORE = `${VERIFY}\nexport * from "posthorn-sdk/providers/stripe";`;
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
  for (const subpath of installed.subpaths) {
    // `wire` is the daemon's side and for Node alone.
    if (subpath.endsWith(".json") || subpath.startsWith("./wire/")) continue;
    const [, provider] = subpath.split("./providers/");
    if (provider === undefined) testPart(subpath);
    else testProvider(provider);
  }
});

function testProvider(provider: string): void {
  const budget = HEAVY[provider] ?? CORE_BYTES_MAX;
  test(`verify with ${provider} alone is at most ${budget} bytes`, async () => {
    const source = `${VERIFY}\nexport * from "posthorn-sdk/providers/${provider}";`;
    assertWithin(await gzippedBytes(source), budget);
  });
}

function testPart(subpath: string): void {
  const budget = PARTS[subpath];
  test(`${subpath} adds at most ${budget} bytes to verify with one provider`, async () => {
    assert.ok(budget !== undefined, `${subpath} has no budget yet`);
    assertWithin(await addedBytes(subpath), budget);
  });
}
