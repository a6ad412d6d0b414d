import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { suite, test } from "node:test";

import { recordedEvents } from "./demo/payloads.ts";
import type { Scene } from "./demo/screen.ts";
import { createPainter, ledgerLines, sceneLines } from "./demo/screen.ts";

const MAIN = join(import.meta.dirname, "demo", "main.ts");

/** The demonstration in a process of its own, whose temporary directory is the test's. */
function startDemo(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "posthorn-demo-test-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const child = spawn(process.execPath, [MAIN], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ["ignore", "pipe", "pipe"],
  });
  t.after(() => child.kill("SIGKILL"));
  return { child, folder, output: text(child.stdout), ended: once(child, "exit") };
}

suite("the demonstration", { concurrency: true }, () => {
  test("sends GitHub's webhooks to four receivers; its ledger shows that nothing was lost", async (t) => {
    const { output, ended, folder } = startDemo(t);
    const [code] = await ended;
    const said = await output;
    assert.equal(code, 0, said);
    const events = recordedEvents();
    const releases = events.filter(({ type }) => type.startsWith("github.release.")).length;
    const all = events.length.toLocaleString("en");
    const row = (name: string, ...cells: (string | number)[]): RegExp =>
      new RegExp(`^${name} +${cells.join(" +")}$`, "m");
    assert.match(said, row("archive", all, all, all, 0, 0));
    assert.match(said, row("chat bot", all, all, all, 2 * events.length, 0));
    assert.match(said, row("home server", all, all, all, 0, 0));
    assert.match(said, row("deployer", releases, releases, releases, "\\d+", 0));
    assert.match(said, /^all .* 0$/m);
    assert.match(said, /Given up at .* no\s+answer\s+within the time limit/s);
    assert.ok(!said.includes("\u001b"), "no escapes where no terminal is");
    assert.deepEqual(readdirSync(folder), [], "the temporary directory is gone");
  });

  test("stops on Ctrl-C at once and leaves nothing behind", async (t) => {
    const { child, output, ended, folder } = startDemo(t);
    await new Promise<void>((resolve) => {
      child.stdout.on("data", (chunk: Buffer) => {
        if (chunk.includes("accepted")) resolve();
      });
    });
    child.kill("SIGINT");
    assert.equal((await ended)[0], 130);
    assert.match(
      await output,
      /Interrupted\. The daemon is stopped, and nothing is left behind\.\n$/,
    );
    assert.deepEqual(readdirSync(folder), []);
  });
});

const SCENE: Scene = {
  elapsedMs: 12_400,
  accepted: 329,
  rows: [
    { name: "archive", mood: "answers at once", due: 329, delivered: 329, waiting: 0, givenUp: 0 },
    { name: "deployer", mood: "hangs", due: 13, delivered: 0, waiting: 11, givenUp: 2 },
  ],
  reasons: [{ name: "deployer", sentence: `Attempt 1 failed: ${"it hangs ".repeat(20)}` }],
};

test("no line of a scene is wider than a terminal of 80 columns, however long a reason is", () => {
  const lines = sceneLines(SCENE);
  assert.equal(lines.join(" ").match(/hangs/g)?.length, 21, "one mood, and a whole reason");
  for (const line of lines) assert.ok(line.length <= 80, `${line.length}: ${line}`);
  assert.ok(lines.some((line) => /^archive +answers at once +#{16} +329\/329 +0 +0$/.test(line)));
  assert.ok(lines.some((line) => /^deployer +hangs +\.{16} +0\/13 +11 +2$/.test(line)));
});

test("on a terminal a scene is painted over the last one, and the cursor comes back at the end", () => {
  let shown = "";
  const painter = createPainter((words) => void (shown += words), true);
  painter.show(SCENE, false);
  const first = shown.length;
  painter.show(SCENE, false);
  assert.ok(shown.slice(first).startsWith(`\u001b[${sceneLines(SCENE).length}A`));
  painter.end();
  assert.ok(shown.endsWith("\u001b[?25h"));
});

test("a lost event stands in the ledger's last column and in its sum", () => {
  const row = { name: "archive", accepted: 3, delivered: 2, verified: 2, repeated: 0, lost: 1 };
  const lines = ledgerLines([row, { ...row, name: "other" }]);
  assert.match(lines[2] ?? "", /^archive +3 +2 +2 +0 +1$/);
  assert.match(lines.at(-1) ?? "", /^all +6 +4 +4 +0 +2$/);
});
