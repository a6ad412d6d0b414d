/** Looking at a screen as a tester would: whether it is there, holds what it should, is legible for all, and how it looks. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import type { Page } from "playwright-core";

import { ROOT } from "./house-source.ts";
import { until } from "./post-office.ts";

/** Where a person can look at them; not part of the repository. */
export const SCREENSHOTS = join(ROOT, ".tmp", "screenshots");

/** Goes to a screen by its address in the hash, and waits until it has shown what it has. */
export async function goTo(page: Page, hash: string): Promise<void> {
  // Before the next frame the screen before would still stand there, as settled as can be.
  await page.evaluate(`new Promise((gone) => {
    const frame = () => requestAnimationFrame(() => setTimeout(gone));
    if (location.hash === ${JSON.stringify(hash)}) return frame();
    addEventListener("hashchange", frame, { once: true });
    location.hash = ${JSON.stringify(hash)};
  })`);
  await isSettled(page);
}

const SETTLED = `(() => {
  const place = document.querySelector("main");
  if (place === null || place.querySelector("h1, h2") === null) return "no heading";
  if (place.querySelector(".waiting, [aria-busy=true]") !== null) return "waiting";
  return /^(Loading|Lädt |Counting|Zähle |Wird gezählt )…$/m.test(place.innerText) ? "loading" : "";
})()`;

/** Playwright's own waiting for a condition needs `eval`, which the page's policy forbids. */
export async function isSettled(page: Page): Promise<void> {
  let why: unknown = "";
  await until(
    async () => (why = await page.evaluate(SETTLED)) === "",
    () => `${page.url()} to show what it has, got ${String(why)}`,
  );
}

/** Waits until a script in the page says yes. */
export async function comesTrue(page: Page, condition: string): Promise<void> {
  await until(
    async () => (await page.evaluate(condition)) === true,
    () => `${condition} to come true`,
  );
}

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

interface Violation {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/** What axe-core has to say against what is on the screen; `colours` asks only what another theme can change. */
export async function violations(page: Page, what: "all" | "colours" = "all") {
  if ((await page.evaluate("typeof axe")) === "undefined") await page.evaluate(AXE);
  const runOnly =
    what === "all"
      ? { type: "tag", values: LEVELS }
      : { type: "rule", values: ["color-contrast", "link-in-text-block"] };
  const options = JSON.stringify({ runOnly, resultTypes: ["violations"], elementRef: false });
  const found = await page.evaluate<readonly Violation[]>(
    `axe.run(document, ${options}).then(({ violations }) => violations)`,
  );
  return found.map(({ id, help, nodes }) => {
    const first = nodes
      .slice(0, 3)
      .map((node) => `${node.html.slice(0, 200)} ${node.failureSummary ?? ""}`);
    return `${id} (${help}) at ${nodes.length}: ${first.join(" | ").replace(/\s+/g, " ")}`;
  });
}

const OVERFLOW = `(() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll("body *")]
    .filter((each) => each.getBoundingClientRect().right > width + 1 || each.getBoundingClientRect().left < -1)
    .slice(0, 5)
    .map((each) => each.outerHTML.slice(0, 120));
})()`;

/** What stands out of the document's sides; nothing where the document need not be moved sideways to be read. */
export function overflow(page: Page): Promise<readonly string[]> {
  return page.evaluate(OVERFLOW);
}

export async function screenshot(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
}

/** The text of the screen has this in it. */
export async function shows(page: Page, text: string): Promise<void> {
  assert.ok(
    (await page.locator("main").innerText()).includes(text),
    `expected "${text}" on the screen`,
  );
}

interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue and opacity of each, row by row. */
  readonly data: Uint8ClampedArray;
}

/** What is in a screenshot. The browser is at hand, and reads its own pictures. */
export async function pixels(page: Page, png: Buffer): Promise<Pixels> {
  const { data, ...size } = await page.evaluate<{ width: number; height: number; data: string }>(
    `(async () => {
      const picture = new Image();
      picture.src = "data:image/png;base64,${png.toString("base64")}";
      await picture.decode();
      const { width, height } = picture;
      const canvas = Object.assign(document.createElement("canvas"), { width, height });
      const look = canvas.getContext("2d");
      look.drawImage(picture, 0, 0);
      const { data } = look.getImageData(0, 0, width, height);
      return { width, height, data: new Uint8Array(data.buffer).toBase64() };
    })()`,
  );
  return { ...size, data: Uint8ClampedArray.from(Buffer.from(data, "base64")) };
}
