/** A link of a README leads to a file that is there, and to a heading that it has. */
import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { extname, join, posix } from "node:path";
import { test } from "node:test";

import { readRepository, ROOT } from "./support/house-source.ts";

const pages = readRepository().filter(({ path }) => extname(path) === ".md");
const texts = new Map(pages.map(({ path, text }) => [path, withoutBlocks(text)]));

function withoutBlocks(text: string): string {
  return text.replaceAll(/^ *(`{3,}|~{3,})[\s\S]*?^ *\1$/gmu, "");
}

/** As the pages of repositories make them: lower case, words joined by hyphens, other signs left out. */
function headingsOf(text: string): Set<string> {
  const headings = [...text.matchAll(/^#{1,6} (.+)$/gmu)].map(([, heading = ""]) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

function brokenLinksOf(path: string, text: string): string[] {
  const links = [...text.matchAll(/\]\((?!https?:)([^)\s]+)\)/gu)].map(([, link = ""]) => link);
  return links.filter((link) => {
    const [file = "", heading] = link.split("#");
    const target = file === "" ? path : posix.join(posix.dirname(path), file);
    if (!existsSync(join(ROOT, target))) return true;
    if (heading === undefined) return false;
    const isPage = statSync(join(ROOT, target)).isFile() && texts.has(target);
    return !isPage || !headingsOf(texts.get(target) ?? "").has(heading);
  });
}

for (const [path, text] of texts) {
  test(`${path} links to what is there`, () => assert.deepEqual(brokenLinksOf(path, text), []));
}

test("a link to a file or a heading that is not there is found", () => {
  const text = "[a](README.md) [b](#none) [c](gone.md) [d](README.md#the-map) [e](https://x.y/z)";
  assert.deepEqual(brokenLinksOf("README.md", text), ["#none", "gone.md"]);
});
