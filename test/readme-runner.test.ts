/** What runs the blocks of the READMEs, held to its own promises with blocks and daemons that are made up. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { startDaemon } from "./support/daemon-process.ts";
import { ROOT } from "./support/house-source.ts";
import { type Block, needsDaemon, readBlocks, type Run, runBlock } from "./support/readme.ts";
import { type Workplace } from "./support/readme.ts";

const FENCE = "`".repeat(3);

function markdown(...blocks: readonly (readonly [info: string, code: string])[]): string {
  return blocks.map(([info, code]) => `Words.\n\n${FENCE}${info}\n${code}\n${FENCE}\n`).join("\n");
}

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "posthorn-readme-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function placeOf(t: TestContext, address = "127.0.0.1:1"): Workplace {
  return { root: ROOT, folder: folderOf(t), address, env: process.env };
}

async function run(place: Workplace, language: string, code: string): Promise<Run> {
  const [block] = readBlocks("README.md", markdown([language, code]));
  assert.ok(block !== undefined);
  return await runBlock(block, place);
}

test("blocks are found with their language and line, indented ones and long fences too", () => {
  const text = [
    "# A",
    `${FENCE}js`,
    "one();",
    FENCE,
    "1. Item",
    `   ${FENCE}sh title`,
    "   echo",
    "     two",
    `   ${FENCE}`,
    `${FENCE}\`text`,
    FENCE,
    `${FENCE}\``,
  ].join("\n");
  const expected: readonly Block[] = [
    { language: "js", code: "one();", line: 2 },
    { language: "sh", code: "echo\n  two", line: 6 },
    { language: "text", code: FENCE, line: 10 },
  ];
  assert.deepEqual(readBlocks("README.md", text), expected);
});

test("no block is passed over: an unknown language, none at all and an open fence are errors", () => {
  const read = (text: string) => () => readBlocks("sdk/README.md", text);
  assert.throws(read(markdown(["bash", "ls"])), /sdk\/README\.md:3: expected .*, got "bash"/);
  assert.throws(read(markdown(["", "ls"])), /sdk\/README\.md:3: expected .*, got ""/);
  assert.throws(read(`${FENCE}js\n1`), /sdk\/README\.md:1: expected the block to be closed/);
});

test("a shell block needs the daemon, a program only when it names the address", () => {
  const needs = (language: string, code: string) => needsDaemon({ language, code, line: 1 });
  assert.equal(needs("sh", "ls"), true);
  assert.equal(needs("js", 'await fetch("http://127.0.0.1:7678/healthz")'), true);
  assert.equal(needs("js", "1 + 1"), false);
  assert.equal(needs("text", "127.0.0.1:7678"), false);
});

test("js and ts blocks are modules at the root of the repository", async (t) => {
  const place = placeOf(t);
  const js = 'import { readFileSync } from "node:fs"; await 0; readFileSync("package.json");';
  assert.deepEqual(await run(place, "js", js), { code: 0, output: "" });
  assert.equal((await run(place, "ts", "const a: number = 1; console.log(a);")).output, "1\n");
  assert.equal((await run(place, "js", "const a: number = 1;")).code, 1);
  const failed = await run(place, "js", 'throw new Error("so it goes")');
  assert.equal(failed.code, 1);
  assert.match(failed.output, /so it goes/);
});

test("a ts block may have decorators, as frameworks want them", async (t) => {
  const lines = [
    "const told: string[] = [];",
    "const Note = (name: string) => (what: object) => void told.push(name, typeof what);",
    "const Asks = () => (_what: object, key: string, at: number) => void told.push(`${key} ${at}`);",
    "// Beside a line of its own:",
    '@Note("class")',
    "class Desk { read(@Asks() _page: number) {} }",
    "console.log(told.join(), new Desk() instanceof Desk);",
  ];
  assert.deepEqual(await run(placeOf(t), "ts", lines.join("\n")), {
    code: 0,
    output: "read 0,class,function true\n",
  });
});

test("a shell block fails at its first failing command and at an unset name", async (t) => {
  const place = placeOf(t);
  assert.deepEqual(await run(place, "sh", "false\necho on"), { code: 1, output: "" });
  const unset = await run(place, "sh", "echo $NOT_SET_ANYWHERE");
  assert.notEqual(unset.code, 0);
});

test("what one shell block sets, with quotes and line breaks, the next one knows", async (t) => {
  const place = placeOf(t);
  assert.equal((await run(place, "sh", 'KEY="it\'s\n  two lines"')).code, 0);
  const { output } = await run(place, "sh", 'printf "%s" "$KEY"');
  assert.equal(output, "it's\n  two lines");
});

test("and so does a program after it, in its environment", async (t) => {
  const place = placeOf(t);
  assert.equal((await run(place, "sh", "KEY='one two'")).code, 0);
  assert.equal((await run(place, "js", "console.log(process.env.KEY)")).output, "one two\n");
});

test("a command that reads its input does not swallow the rest of the block", async (t) => {
  assert.deepEqual(await run(placeOf(t), "sh", "cat\necho after"), { code: 0, output: "after\n" });
});

test("what a shell block leaves in the background ends with it", { timeout: 10_000 }, async (t) => {
  // The sleeper holds the output open: only its end lets the run end.
  assert.deepEqual(await run(placeOf(t), "sh", "sleep 600 &\necho on"), {
    code: 0,
    output: "on\n",
  });
});

test("the default address in the text becomes the test's", async (t) => {
  const place = placeOf(t, "127.0.0.1:4321");
  const { output } = await run(place, "sh", "echo http://127.0.0.1:7678/v1 and 127.0.0.1:7678");
  assert.equal(output, "http://127.0.0.1:4321/v1 and 127.0.0.1:4321\n");
});

test("`node` in a shell block is the Node that the project brings", async (t) => {
  const { output } = await run(placeOf(t), "sh", "node --version");
  assert.equal(output, `${process.version}\n`);
});

const FAKE_DAEMON = `
  const [host, port] = process.env.POSTHORN_LISTEN.split(":");
  let asked = 0;
  require("node:http").createServer((request, response) => {
    if (request.url === "/readyz") response.statusCode = ++asked < 3 ? 503 : 200;
    response.end(process.env.POSTHORN_DATA_DIR + " " + asked);
  }).listen(Number(port), host);
`;

test("blocks talk to a daemon that was ready before the first of them, and is gone afterwards", async (t) => {
  const dataDir = folderOf(t);
  const command = [process.execPath, "-e", FAKE_DAEMON] as const;
  const daemon = await startDaemon({ command, cwd: dataDir, env: process.env, dataDir });
  const place = placeOf(t, daemon.address);
  const ask = 'console.log(await (await fetch("http://127.0.0.1:7678/")).text());';
  assert.deepEqual(await run(place, "js", ask), { code: 0, output: `${dataDir} 3\n` });
  await daemon.stop();
  assert.equal((await run(place, "js", ask)).code, 1);
});

test("a daemon that ends before it is ready is reported with what it said", async (t) => {
  const command = [process.execPath, "-e", 'console.error("no disk"); process.exit(2)'] as const;
  const started = startDaemon({ command, cwd: ROOT, env: process.env, dataDir: folderOf(t) });
  await assert.rejects(started, /expected .* to get ready, got:\nno disk/);
});

test("a daemon that is not there at all is reported, not waited for", async (t) => {
  const options = { cwd: ROOT, env: process.env, dataDir: folderOf(t) };
  await assert.rejects(
    startDaemon({ ...options, command: ["./no-such-daemon"] }),
    /no-such-daemon/,
  );
});
