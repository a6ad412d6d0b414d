/** How the operator's page comes to be built: the real scripts in temporary folders, with a builder that only notes its calls. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync } from "node:fs";
import { rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { ROOT } from "./support/house-source.ts";

interface Page {
  readonly root: string;
  readonly start: () => Promise<{ readonly code: number | null; readonly err: string }>;
  readonly builds: () => number;
}

/** Real scripts and a real Node; in the place of vite, a module that notes its call and copies the document. */
function checkout(t: TestContext, builderDoes = ""): Page {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "posthorn-page-")));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const root = join(folder, "posthorn");
  mkdirSync(join(root, "packaging"), { recursive: true });
  for (const script of ["setup.mjs", "build-web.mjs"])
    cpSync(join(ROOT, "packaging", script), join(root, "packaging", script));
  const vite = join(root, "node_modules", "vite");
  mkdirSync(vite, { recursive: true });
  writeFileSync(join(vite, "package.json"), '{"type":"module","exports":"./index.js"}');
  writeFileSync(
    join(vite, "index.js"),
    `import { appendFileSync, cpSync, mkdirSync } from "node:fs";
    export async function build({ root, build: { outDir } }) {
      appendFileSync(root + "/../builds.log", "x");
      ${builderDoes}
      mkdirSync(outDir, { recursive: true });
      cpSync(root + "/index.html", outDir + "/index.html");
    }`,
  );
  for (const name of ["package-lock.json", "node_modules/.package-lock.json"])
    writeFileSync(join(root, name), '{"packages":{}}');
  mkdirSync(join(root, "web", "src"), { recursive: true });
  writeFileSync(join(root, "web", "index.html"), "<head></head>");
  writeFileSync(join(root, "web", "src", "main.tsx"), "1");
  const bin = join(folder, "bin");
  mkdirSync(bin);
  symlinkSync(process.execPath, join(bin, "node"));
  const log = join(root, "builds.log");
  return {
    root,
    async start() {
      const child = spawn(process.execPath, ["packaging/setup.mjs"], {
        cwd: root,
        env: { PATH: bin, npm_lifecycle_event: "prestart" },
        stdio: ["ignore", "ignore", "pipe"],
      });
      const [err, [code]] = await Promise.all([
        child.stderr.setEncoding("utf8").toArray(),
        once(child, "close"),
      ]);
      return { code, err: err.join("") };
    },
    builds: () => (existsSync(log) ? readFileSync(log, "utf8").length : 0),
  };
}

function document({ root }: Page): string {
  return readFileSync(join(root, "web", "dist", "index.html"), "utf8");
}

test("the page is built once, without a word, and again when a source has changed, not when it was touched", async (t) => {
  const page = checkout(t);
  assert.deepEqual(await page.start(), { code: 0, err: "" });
  assert.match(document(page), /posthorn-build/);
  const source = join(page.root, "web", "src", "main.tsx");
  utimesSync(source, new Date(), new Date(Date.now() + 60_000));
  await page.start();
  assert.equal(page.builds(), 1);
  writeFileSync(source, "2");
  await page.start();
  assert.equal(page.builds(), 2);
});

test("two starts at once build the page once, and neither destroys it", async (t) => {
  const page = checkout(t);
  const both = await Promise.all([page.start(), page.start()]);
  assert.deepEqual(
    both.map(({ code }) => code),
    [0, 0],
  );
  assert.match(document(page), /posthorn-build/);
  assert.equal(page.builds(), 1);
  assert.equal(existsSync(join(page.root, ".tmp/setup.pid")), false);
});

test("a page that can't be built stops the script with a sentence, and leaves the page that was there", async (t) => {
  const page = checkout(t, 'if (process.env.npm_lifecycle_event) throw new Error("no such tag");');
  mkdirSync(join(page.root, "web", "dist"));
  writeFileSync(join(page.root, "web", "dist", "index.html"), "the last page");
  const { code, err } = await page.start();
  assert.equal(code, 1);
  assert.match(err, /no such tag/);
  assert.match(
    err,
    /posthorn: the page could not be built \(exit code 1\); its reason is above\n$/,
  );
  assert.equal(document(page), "the last page");
  assert.equal(existsSync(join(page.root, ".tmp/setup.pid")), false);
});

test("a page that came without its sources is left as it is", async (t) => {
  const page = checkout(t);
  rmSync(join(page.root, "web"), { recursive: true });
  assert.deepEqual(await page.start(), { code: 0, err: "" });
  assert.equal(page.builds(), 0);
});
