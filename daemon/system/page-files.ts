import { readdirSync, readFileSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import type { PageFile, PageFiles } from "../domain/page.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

/**
 * The built page, whole in memory: some hundred kilobytes, read once. Null where it was not built. Nothing is looked up on the
 * disk by a request's path, so there is no path to climb out of.
 */
export function readPageFiles(folder: string): PageFiles | null {
  const build = buildIn(folder);
  if (build === null) return null;
  const files = new Map<string, PageFile>();
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const type = TYPES[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const path = join(entry.parentPath, entry.name);
    const name = relative(folder, path).split(sep).join("/");
    files.set(name, {
      type,
      plain: readFileSync(path),
      gzip: twin(path, "gz"),
      brotli: twin(path, "br"),
    });
  }
  return { build, files };
}

function buildIn(folder: string): string | null {
  try {
    const { build } = JSON.parse(readFileSync(join(folder, "build.json"), "utf8")) as {
      build: string;
    };
    return build;
  } catch {
    return null; // never built: the daemon does all its work without
  }
}

function twin(path: string, ending: string): Uint8Array | null {
  try {
    return readFileSync(`${path}.${ending}`);
  } catch {
    return null; // too small to be worth it
  }
}
