/** The laws about the shape of files and of the repository, each broken here on purpose. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import * as laws from "./support/house-laws.ts";
import { readRepository, readSource, type Source } from "./support/house-source.ts";

const PATH = "daemon/domain/a.ts";

function file(text: string, path: string = PATH): Source {
  return readSource({ path, text });
}

test("400 lines are a file, 401 are too many", () => {
  assert.deepEqual(laws.keepFilesShort([file("export {};\n".repeat(400))]), []);
  assert.deepEqual(laws.keepFilesShort([file("export {};\n".repeat(401))]), [
    `${PATH} has 401 lines, at most 400 are allowed`,
  ]);
});

test("70 lines are a function, 71 are too many, and each kind of function is measured", () => {
  const statements = (count: number): string => "  work();\n".repeat(count);
  assert.deepEqual(laws.keepFunctionsShort([file(`function a() {\n${statements(68)}}`)]), []);
  for (const [head, tail] of [
    ["function a() {", "}"],
    ["const a = () => {", "};"],
    ["const a = async function () {", "};"],
    ["const o = { a() {", "} };"],
    ["class A { a() {", "} }"],
  ] as const) {
    const long = file(`\n${head}\n${statements(69)}${tail}`);
    assert.deepEqual(laws.keepFunctionsShort([long]), [
      `${PATH}:2 a has 71 lines, at most 70 are allowed`,
    ]);
  }
});

test("a function with a name inside another counts for itself, a callback for the one around it", () => {
  const inner = `function b() {\n${"  work();\n".repeat(60)}}\n`;
  const callback = `run(() => {\n${"  work();\n".repeat(70)}});\n`;
  assert.deepEqual(laws.keepFunctionsShort([file(`function a() {\n${inner}${inner}}`)]), []);
  assert.equal(laws.keepFunctionsShort([file(`function a() {\n${callback}}`)]).length, 2);
});

test("a comment that switches a tool off is found, the same words in a text are not", () => {
  const ignore = ["@ts", "ignore"].join("-");
  assert.deepEqual(laws.muzzleNoTool([file(`const a = 1;\n// ${ignore}: because\n`)]), [
    `${PATH}:2 says ${ignore}`,
  ]);
  const disable = ["oxlint", "disable"].join("-");
  assert.equal(laws.muzzleNoTool([file(`/* ${disable} no-console */\n`)]).length, 1);
  assert.deepEqual(laws.muzzleNoTool([file(`const a = "${ignore}";`)]), []);
});

test("a default export is found in both its forms", () => {
  assert.deepEqual(laws.exportNames([file("\nexport default 1;")]), [
    `${PATH}:2 has a default export`,
  ]);
  assert.equal(laws.exportNames([file("const a = 1; export { a as default };")]).length, 1);
  assert.deepEqual(laws.exportNames([file("export const a = 1;")]), []);
});

test("a file that only hands on is a barrel, and so is any index.ts", () => {
  const complaint = "is a barrel: import from the file that has the thing";
  const handing = 'export * from "./b.ts"; export { c } from "./c.ts";';
  assert.deepEqual(laws.buildNoBarrels([file(handing)]), [`${PATH} ${complaint}`]);
  assert.deepEqual(laws.buildNoBarrels([file("export const a = 1;", "daemon/api/index.ts")]), [
    `daemon/api/index.ts ${complaint}`,
  ]);
  assert.deepEqual(laws.buildNoBarrels([file(`${handing} export const d = 1;`)]), []);
});

test("a new name at the top of the repository is refused, a dot file is not", () => {
  const paths = ["README.md", ".oxlintrc.json", "daemon/main.ts", "docs/a.md", "notes.txt"];
  const files = paths.map((path) => ({ path, text: "" }));
  assert.deepEqual(laws.keepTheTopClear(files), [
    "docs does not belong at the top",
    "notes.txt does not belong at the top",
  ]);
});

test("a room without a README, or whose README begins with two sentences, is named", () => {
  const source = { path: "daemon/egress/guard.ts", text: "" };
  const parent = { path: "daemon/README.md", text: "# Daemon\n\nIt runs." };
  const readme = (text: string) => ({ path: "daemon/egress/README.md", text });
  const path = "daemon/egress/README.md";
  assert.deepEqual(laws.sayWhatEachRoomIs([source, parent]), [`${path} is missing`]);
  for (const text of ["# Egress\n\nIt guards. It posts.", "# Egress\n\nIt guards", "# Egress\n"]) {
    assert.deepEqual(laws.sayWhatEachRoomIs([source, parent, readme(text)]), [
      `${path} does not begin with one sentence`,
    ]);
  }
  const good = readme("# Egress\n\nChecks `127.0.0.1` before\na packet leaves.\n\nMore. And more.");
  assert.deepEqual(laws.sayWhatEachRoomIs([source, parent, good]), []);
});

test("a note to self, a private path and a registry's host are found in any text file", () => {
  const check = (text: string) => laws.sayNothingBanned([{ path: "README.md", text }]);
  const path = ["", "work", "main"].join("/");
  const host = ["https://registry", "npmjs.org"].join(".");
  assert.deepEqual(check(`fine\n${["TO", "DO"].join("")}: later`), [
    "README.md:2 has a note to self",
  ]);
  assert.deepEqual(check(`cd ${path}/x`), ["README.md:1 has a path of a private machine"]);
  assert.deepEqual(check(host), ["README.md:1 has the host of a package registry"]);
  assert.equal(check(`"resolved": ${JSON.stringify("http://10.0.0.1/a.tgz")}`).length, 1);
  assert.deepEqual(check(`src${path}/x`), []);
  assert.deepEqual(check('"resolved": "sdk"'), []);
});

test("a lock file that leaves out an optional package is not whole", () => {
  const a = { optionalDependencies: { "a-linux": "1.0.0", "a-darwin": "1.0.0" } };
  const lock = (packages: object) => [
    { path: "package-lock.json", text: JSON.stringify({ packages }) },
  ];
  const linux = { "node_modules/a": a, "node_modules/a/node_modules/a-linux": {} };
  assert.deepEqual(laws.keepTheLockWhole(lock(linux)), [
    "package-lock.json lacks a-darwin: run packaging/complete-lock.mjs",
  ]);
  assert.deepEqual(laws.keepTheLockWhole(lock({ ...linux, "node_modules/a-darwin": {} })), []);
});

test("what .gitignore names is not part of the house", () => {
  const root = mkdtempSync(join(tmpdir(), "posthorn-house-"));
  try {
    for (const folder of ["node_modules", "daemon/domain", ".git"]) {
      mkdirSync(join(root, folder), { recursive: true });
      writeFileSync(join(root, folder, "a.ts"), "export {};");
    }
    writeFileSync(join(root, "x.cpuprofile"), "{}");
    writeFileSync(join(root, ".gitignore"), "node_modules/\n*.cpuprofile\n");
    const paths = readRepository(root).map(({ path }) => path);
    assert.deepEqual(paths.toSorted(), [".gitignore", "daemon/domain/a.ts"]);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test("a source that does not parse is named, not passed over", () => {
  assert.throws(() => file("export const = 1;"), /daemon\/domain\/a\.ts/);
});
