import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { importWithWebCrypto } from "./web-variant.ts";
import { vectorProblem } from "./vectors.ts";
import type { ProviderVector } from "./vectors.ts";

const FILE = new URL("./vectors/provider-vectors.json", import.meta.url);
const { vectors } = JSON.parse(readFileSync(FILE, "utf8")) as {
  readonly vectors: readonly ProviderVector[];
};
const web = await importWithWebCrypto<{ vectorProblem: typeof vectorProblem }>(
  new URL("./vectors.ts", import.meta.url),
);

for (const vector of vectors) {
  test(`the known answer ${vector.id} comes out as it should`, async () => {
    assert.equal(await vectorProblem(vector), null);
    assert.equal(await web.vectorProblem(vector), null, "with WebCrypto");
  });
}
