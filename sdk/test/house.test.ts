import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

// `import … from "x"`, `export … from "x"`, `import "x"`, `import("x")`, `require("x")`.
const IMPORT = /\b(?:from\s*|import\s*\(?\s*|require\s*\(\s*)["'`]([^"'`]+)/g;
const SOURCES = new URL("../src/", import.meta.url);

test("the SDK imports nothing but node:crypto and its own files", () => {
  const files = readdirSync(SOURCES, { recursive: true, encoding: "utf8" });
  const sources = files.filter((file) => file.endsWith(".ts"));
  const seen = new Set<string>();
  for (const file of sources) {
    const text = readFileSync(new URL(file, SOURCES), "utf8");
    const imports = [...text.matchAll(IMPORT)];
    for (const [, from = ""] of imports) {
      seen.add(from);
      assert.match(from, /^(?:#crypto|node:crypto|\.\.?\/.+\.ts)$/, `${file} imports ${from}`);
    }
  }
  assert.ok(seen.has("node:crypto") && seen.has("./errors.ts"), "the pattern finds imports");
});

test("the SDK's package asks for no other package", () => {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  const manifest = JSON.parse(text) as object;
  for (const kind of ["dependencies", "peerDependencies", "optionalDependencies"]) {
    assert.ok(!(kind in manifest), kind);
  }
});
