import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import type { Plugin } from "rolldown";
import { ROOT } from "../built-package.ts";
import type { Installed } from "../built-package.ts";
import type { Build } from "./runtimes.ts";

const PROGRAM = fileURLToPath(new URL("program.ts", import.meta.url));
const SOURCES = join(ROOT, "sdk", "src");

/** workerd runs what the module exports, the others the module. */
const ENTRY = [
  `import { printReport } from ${JSON.stringify(PROGRAM)};`,
  'if (globalThis.navigator?.userAgent !== "Cloudflare-Workers") await printReport();',
  "export default { test: printReport };",
].join("\n");

/**
 * The vectors and their runner as one file for other runtimes, where the SDK is the built package: imported from its files
 * (`package`), so that the runtime itself decides which cryptography it gets, or bundled into the file for a place that has
 * nothing but Web standards (`web`), as bundlers do for browsers and Workers.
 */
export async function bundleVectors({ project, folder }: Installed, build: Build): Promise<string> {
  const bundle = await rolldown({
    input: "entry",
    platform: "neutral",
    plugins: [entry(), fromPackage(folder, build === "package" ? project : null)],
    // Conditions of wrangler, in its order.
    resolve: { conditionNames: ["workerd", "worker", "browser", "import", "default"] },
  });
  const file = join(project, `vectors-${build}.mjs`);
  await bundle.write({ file, format: "es", codeSplitting: false });
  await bundle.close();
  return file;
}

function entry(): Plugin {
  return {
    name: "entry",
    resolveId: (specifier) => (specifier === "entry" ? "\0entry" : null),
    load: (id) => (id === "\0entry" ? ENTRY : null),
  };
}

/** Imports of the sources mean the package's modules: as files beside the program, or to be bundled. */
function fromPackage(folder: string, project: string | null): Plugin {
  return {
    name: "from-package",
    async resolveId(specifier, importer) {
      if (importer === undefined || importer.startsWith(folder)) return null;
      const found = await this.resolve(specifier, importer, { skipSelf: true });
      if (found === null || !found.id.startsWith(SOURCES)) return found;
      const compiled = join(folder, relative(SOURCES, found.id).replace(/\.ts$/u, ".js"));
      if (project === null) return compiled;
      return { id: `./${relative(project, compiled)}`, external: true };
    },
  };
}
