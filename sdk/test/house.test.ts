import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

// What its files import is the business of test/house.test.ts, which reads them with a parser.
test("the SDK's package asks for no other package", () => {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  const manifest = JSON.parse(text) as object;
  for (const kind of ["dependencies", "peerDependencies", "optionalDependencies"]) {
    assert.ok(!(kind in manifest), kind);
  }
});
