/** What the page weighs, how its files are served, and that they name no other host. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { get } from "node:http";
import { extname, join } from "node:path";
import { after, before, suite, test } from "node:test";
import { brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";

import { ROOT } from "./support/house-source.ts";
import type { PageHouse } from "./support/page-house.ts";
import { openFreshHouse } from "./support/page-house.ts";

const DIST = join(ROOT, "web", "dist");
const ASSETS = join(DIST, "assets");
const INDEX = readFileSync(join(DIST, "index.html"), "utf8");
const SCRIPT_GZIP_BYTES_MAX = 60 * 1024;
const STYLE_GZIP_BYTES_MAX = 12 * 1024;
/** Small files are sent as they are: compressed, they would hardly be smaller. */
const COMPRESSED_BYTES_MIN = 512;

const names = readdirSync(ASSETS).filter((name) => !/\.(?:gz|br)$/.test(name));
const textOf = (name: string): string => readFileSync(join(ASSETS, name), "utf8");

/** What the browser reads before anything is on the screen: what the document names, and what that imports in turn. */
function firstLoad(): readonly string[] {
  const found = new Set<string>();
  const open = [...INDEX.matchAll(/(?:src|href)="\.\/assets\/([^"]+)"/g)].map(([, name]) => name);
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    if (extname(name) !== ".js") continue;
    const imports = textOf(name).matchAll(/(?:^|[;}\s])(?:import|from)\s*["']\.\/([^"']+)["']/g);
    open.push(...[...imports].map(([, each]) => each));
  }
  return [...found];
}

const gzipBytes = (extension: string): number =>
  firstLoad()
    .filter((name) => extname(name) === extension)
    .reduce((sum, name) => sum + gzipSync(readFileSync(join(ASSETS, name))).length, 0);

suite("the page's files", () => {
  test("are small before the first screen: at most 60 KB of script and 12 KB of style", (t) => {
    const [script, style] = [gzipBytes(".js"), gzipBytes(".css")];
    t.diagnostic(`${script} bytes of script, ${style} bytes of style, gzipped`);
    assert.ok(script > 0 && script <= SCRIPT_GZIP_BYTES_MAX, `${script} bytes of script`);
    assert.ok(style > 0 && style <= STYLE_GZIP_BYTES_MAX, `${style} bytes of style`);
  });

  test("have names with a hash in them, and their compressed twins beside them", () => {
    for (const name of names) {
      assert.match(name, /-[\w-]{8}\.(?:js|css|svg)$/);
      const plain = readFileSync(join(ASSETS, name));
      if (plain.length < COMPRESSED_BYTES_MIN) continue;
      assert.deepEqual(gunzipSync(readFileSync(join(ASSETS, `${name}.gz`))), plain, name);
      assert.deepEqual(brotliDecompressSync(readFileSync(join(ASSETS, `${name}.br`))), plain, name);
    }
  });

  test("have no script and no style in the document itself", () => {
    assert.doesNotMatch(INDEX, /<style|\sstyle=|\son\w+=|javascript:/);
    assert.doesNotMatch(INDEX, /<script(?![^>]*\ssrc=)/);
  });

  test("name no other host to ask, and only relative files", () => {
    const namespaces = /^https?:\/\/www\.w3\.org\//;
    for (const name of names) {
      const urls = textOf(name).match(/(?:https?|wss?):\/\/[\w.-]+\.[a-z]{2,}[^\s"'`)]*/g) ?? [];
      assert.deepEqual(
        urls.filter((url) => !namespaces.test(url)),
        [],
        name,
      );
      assert.doesNotMatch(textOf(name), /@import|url\(\s*["']?(?!data:|\.?\/?[\w-]+-[\w-]{8}\.)/);
    }
    assert.doesNotMatch(INDEX, /(?:src|href)="(?!\.\/)/);
  });
});

suite("the daemon serves the page", () => {
  let house: PageHouse;
  before(async () => {
    house = await openFreshHouse();
  });
  after(() => house[Symbol.asyncDispose]());

  const ask = (path: string, encoding: string) =>
    new Promise<Readonly<Record<string, unknown>>>((resolve, reject) => {
      const headers = { "accept-encoding": encoding };
      get(`${house.url}${path}`, { headers }, (response) => {
        response.resume();
        resolve({ status: response.statusCode, ...response.headers });
      }).on("error", reject);
    });

  test("the document never from a store, the rest for ever", async () => {
    for (const path of ["", "index.html"]) {
      const { status, "cache-control": kept } = await ask(path, "br");
      assert.deepEqual([status, kept], [200, "no-store"]);
    }
    for (const name of names) {
      const answer = await ask(`assets/${name}`, "gzip, br");
      assert.equal(answer["status"], 200, name);
      assert.equal(answer["cache-control"], "public, max-age=31536000, immutable", name);
    }
  });

  test("in the form that the browser takes", async () => {
    const script = firstLoad().find((name) => extname(name) === ".js");
    const encodingFor = async (encoding: string) =>
      (await ask(`assets/${script ?? ""}`, encoding))["content-encoding"];
    assert.equal(await encodingFor("gzip, br"), "br");
    assert.equal(await encodingFor("gzip"), "gzip");
    assert.equal(await encodingFor("identity"), undefined);
  });

  test("under a policy that lets nothing in but its own files", async () => {
    const { "content-security-policy": policy, ...others } = await ask("", "br");
    assert.equal(
      policy,
      "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    );
    assert.equal(others["x-content-type-options"], "nosniff");
    assert.equal(others["referrer-policy"], "no-referrer");
    assert.equal(others["cross-origin-opener-policy"], "same-origin");
  });
});
