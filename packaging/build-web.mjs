/**
 * Builds the operator's page into web/dist: hashed files, their brotli and gzip twins, and a build id that changes exactly when
 * the page does. Says nothing when there is nothing to do; `--force` builds anyway.
 */
import { createHash } from "node:crypto";
import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const web = join(root, "web");
const dist = join(web, "dist");
const buildFile = join(dist, "build.json");
/** What the page is made of besides its own sources: the frames and shapes that it shares with the daemon. */
const SOURCES = [
  join(web, "src"),
  join(web, "index.html"),
  join(root, "daemon", "domain", "live.ts"),
  join(root, "package-lock.json"),
  fileURLToPath(import.meta.url),
];
const COMPRESSED = new Set([".js", ".css", ".html", ".svg", ".json"]);
const COMPRESSED_BYTES_MIN = 512;

/** Whether the build that is there, if any, is of other sources. False where there are no sources: then what is there was brought. */
export function isWebStale() {
  return existsSync(join(web, "index.html")) && builtFrom() !== fingerprint(SOURCES);
}

/** Builds the page if its sources are not those of the build that is there. */
async function buildWebIfStale({ isForced = false } = {}) {
  if (!isForced && !isWebStale()) return;
  const sources = fingerprint(SOURCES);
  const { build } = await import("vite");
  const made = `${dist}.new`;
  await build({
    root: web,
    configFile: false,
    logLevel: "warn",
    // Relative addresses, so that the page works under any path and behind any proxy.
    base: "./",
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    build: {
      outDir: made,
      emptyOutDir: true,
      target: "es2022",
      // The page's own Content-Security-Policy refuses what stands in the document itself.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
    },
  });
  finish(made, sources);
  rmSync(dist, { recursive: true, force: true });
  renameSync(made, dist);
}

/** Puts the build id into the document, and the twins beside each file. */
function finish(made, sources) {
  const id = fingerprint([made]).slice(0, 12);
  const index = join(made, "index.html");
  const head = `<meta name="posthorn-build" content="${id}" />\n  </head>`;
  writeFileSync(
    index,
    readFileSync(index, "utf8").replace("</head>", () => head),
  );
  for (const file of filesIn(made)) {
    const bytes = readFileSync(file);
    if (!COMPRESSED.has(extname(file)) || bytes.length < COMPRESSED_BYTES_MIN) continue;
    writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
    writeFileSync(
      `${file}.br`,
      brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
    );
  }
  writeFileSync(join(made, "build.json"), `${JSON.stringify({ build: id, sources })}\n`);
}

function builtFrom() {
  try {
    return JSON.parse(readFileSync(buildFile, "utf8")).sources;
  } catch {
    return null; // never built, or half
  }
}

/** Of names and contents, not of times: a fresh clone gives every file a new one. */
function fingerprint(paths) {
  const hash = createHash("sha256");
  for (const file of paths.flatMap(filesIn))
    hash.update(file.slice(root.length)).update("\0").update(readFileSync(file)).update("\0");
  return hash.digest("hex");
}

function filesIn(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await buildWebIfStale({ isForced: process.argv.includes("--force") });
