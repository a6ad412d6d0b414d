/**
 * What the READMEs and the pages beside them show is what happens: each `js`, `ts` and `sh` block runs and has to succeed. The blocks of one README
 * run in order; where they need the daemon, they share one, on a port and a data directory of its own.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { startDaemon } from "./support/daemon-process.ts";
import { readRepository, ROOT } from "./support/house-source.ts";
import { type Block, DEFAULT_ADDRESS, isRun, needsDaemon } from "./support/readme.ts";
import { readBlocks, runBlock, type Workplace } from "./support/readme.ts";

const readmes = readRepository().filter(({ path }) => extname(path) === ".md");

for (const { path, text } of readmes) {
  test(`${path} shows what happens`, async (t) => {
    const blocks = readBlocks(path, text).filter(isRun);
    const place = await openWorkplace(t, blocks);
    for (const block of blocks) {
      await t.test(`line ${block.line}, ${block.language}`, async () => {
        const { code, output } = await runBlock(block, place);
        assert.equal(
          code,
          0,
          `${path}:${block.line} ended with ${code}:\n${block.code}\n\n${output}`,
        );
      });
    }
  });
}

async function openWorkplace(t: TestContext, blocks: readonly Block[]): Promise<Workplace> {
  const folder = mkdtempSync(join(tmpdir(), "posthorn-readme-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const dataDir = join(folder, "data");
  const place = { root: ROOT, folder, address: DEFAULT_ADDRESS, env: process.env };
  if (!blocks.some(needsDaemon)) return place;
  const command = [join(ROOT, "packaging", "posthorn"), "serve"] as const;
  const daemon = await startDaemon({ command, cwd: folder, env: process.env, dataDir });
  t.after(() => daemon.stop());
  const env = { ...process.env, POSTHORN_LISTEN: daemon.address, POSTHORN_DATA_DIR: dataDir };
  return { ...place, address: daemon.address, env };
}
