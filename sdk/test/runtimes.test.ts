/** The vectors where the package has to run: in each runtime that is here already. `npm run runtimes` fetches the others. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { installBuiltPackage } from "./built-package.ts";
import { bundleVectors } from "./runtimes/bundle.ts";
import { buildsOf, findRuntime, runProgram, RUNTIMES } from "./runtimes/runtimes.ts";
import type { Build } from "./runtimes/runtimes.ts";

const installed = installBuiltPackage();
after(installed.remove);
const files: Readonly<Record<Build, string>> = {
  package: await bundleVectors(installed, "package"),
  web: await bundleVectors(installed, "web"),
};
const HOW: Readonly<Record<Build, string>> = {
  package: "from the built package, with node:crypto",
  web: "bundled without Node's modules, with WebCrypto",
};

for (const runtime of RUNTIMES) {
  const present = findRuntime(runtime);
  for (const build of buildsOf(runtime)) {
    const skip = present === null && `${runtime.name} is not here; npm run runtimes fetches it`;
    test(`all known answers come out in ${runtime.name}, ${HOW[build]}`, { skip }, () => {
      assert.ok(present);
      const { vectors, problems, cryptography } = runProgram(present, files[build]);
      assert.deepEqual(problems, []);
      assert.ok(vectors >= 141);
      assert.equal(cryptography, build === "web" ? "WebCrypto" : "node:crypto");
    });
  }
}
