import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const FOLDER = new URL("../src/adapters/", import.meta.url);

test("no adapter imports a framework, nor anything else but the SDK's own files", () => {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith(".ts"));
  assert.ok(files.length > 9, "the adapters are found");
  for (const file of files) {
    const text = readFileSync(new URL(file, FOLDER), "utf8");
    for (const [, from = ""] of text.matchAll(/^(?:import|export)\b[^"]*from "([^"]+)"/gm)) {
      assert.match(from, /^\.\.?\//, `${file} imports ${from}`);
    }
    assert.doesNotMatch(text, /\b(?:require|import)\(/, file);
  }
});
