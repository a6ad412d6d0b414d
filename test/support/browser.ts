/** The operator's page in a real Chromium: what a test visits it with, and what no visit may bring to light. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { TestContext } from "node:test";
import { after, before, suite, test } from "node:test";

import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { chromium } from "playwright-core";

import { ROOT } from "./house-source.ts";

/** Debian's name for it, and those of others. */
const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** No host but this machine exists for the browser, under its own address or a name that a home network would give it. */
const RESOLVER = "MAP posthorn.lan 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1";
const FLAGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  `--host-resolver-rules=${RESOLVER}`,
];

const WAIT_MS_MAX = 10_000;
const TEST_MS_MAX = 120_000;

/** Widths that a phone and a desk have. */
export const PHONE = { width: 360, height: 740 } as const;
export const DESK = { width: 1440, height: 900 } as const;

export interface VisitOptions extends BrowserContextOptions {
  /** Faults that this visit is about, such as a connection that is cut. */
  readonly forgives?: readonly RegExp[];
  /** Runs in every document before the page's own script. */
  readonly script?: string;
  /** What has to stand before the page is asked for. */
  readonly prepare?: (page: Page) => Promise<void>;
}

/** A browser of its own for one reader: cookies, storage, one tab. */
export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What went wrong until now that nobody forgave. */
  faults(): readonly string[];
}

export interface TestBrowser {
  /** Closed at the test's end, which fails where the page complained, ran into its policy, or asked another host. */
  visit(t: TestContext, address: string, options?: VisitOptions): Promise<Visit>;
  close(): Promise<void>;
}

export function findChromium(): string | null {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const paths = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  return paths.find((path) => existsSync(path)) ?? null;
}

/** Why a test that needs a browser can't run here; false where it can. */
export function whyNoBrowser(): string | false {
  return findChromium() === null && "no Chromium is installed here, so the page was not looked at";
}

/** Tests by their sentences, one after the other, in one browser and what `open` makes; skipped where there is no browser. */
export function pageTests<House extends AsyncDisposable>(
  title: string,
  open: () => Promise<House>,
  tests: Readonly<
    Record<string, (t: TestContext, house: House, browser: TestBrowser) => Promise<void>>
  >,
): void {
  const skip = whyNoBrowser();
  suite(title, () => {
    let browser: TestBrowser | null = null;
    let house: House | null = null;
    before(async () => {
      if (skip !== false) return;
      await mustBeBuilt();
      [browser, house] = await Promise.all([openBrowser(), open()]);
    });
    after(async () => {
      await browser?.close();
      await house?.[Symbol.asyncDispose]();
    });
    for (const [sentence, run] of Object.entries(tests)) {
      test(sentence, { skip, timeout: TEST_MS_MAX }, async (t) => {
        if (house === null || browser === null) throw new Error("expected a browser, got none");
        await run(t, house, browser);
      });
    }
  });
}

/** A test of the page that was built last week proves nothing of this one. */
async function mustBeBuilt(): Promise<void> {
  const script = join(ROOT, "packaging", "build-web.mjs");
  const { isWebStale } = (await import(script)) as { isWebStale(): boolean };
  assert.equal(isWebStale(), false, `expected web/dist to be of these sources: run ${script}`);
}

export async function openBrowser(): Promise<TestBrowser> {
  const executablePath = findChromium();
  if (executablePath === null) throw new Error("expected a Chromium, got none");
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  return {
    visit: (t, address, options) => visit(browser, t, address, options ?? {}),
    close: () => browser.close(),
  };
}

async function visit(
  browser: Browser,
  t: TestContext,
  address: string,
  { forgives = [], script, prepare, ...options }: VisitOptions,
): Promise<Visit> {
  const context = await browser.newContext({
    viewport: DESK,
    reducedMotion: "reduce",
    locale: "en-GB",
    colorScheme: "light",
    ...options,
  });
  context.setDefaultTimeout(WAIT_MS_MAX);
  const found = watch(context, new URL(address).host);
  const faults = (): readonly string[] =>
    found.filter((each) => !forgives.some((pattern) => pattern.test(each)));
  t.after(async () => {
    await context.close();
    assert.deepEqual(faults(), []);
  });
  await context.addInitScript(TELL_OF_POLICY);
  if (script !== undefined) await context.addInitScript(script);
  const page = await context.newPage();
  await prepare?.(page);
  await page.goto(address);
  return { page, context, faults };
}

/** The policy's report-only twin says nothing in the console, so each violation is told as an error of the page. */
const TELL_OF_POLICY = `addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
  console.error("policy violated: " + violatedDirective + " " + blockedURI));`;

/** A refusal by the API is an answer that screens have to deal with, and no fault; Chromium writes each into the console. */
const REFUSED = /^Failed to load resource: the server responded with a status of 4\d\d/;

/** Gathers what no visit should have: complaints, errors, requests to others, files that are not there. */
function watch(context: BrowserContext, ownHost: string): readonly string[] {
  const faults: string[] = [];
  const mustBeOwn = (url: string): void => {
    const { host, protocol } = new URL(url);
    if (host !== ownHost && protocol !== "data:" && protocol !== "blob:")
      faults.push(`asked another host: ${url}`);
  };
  context.on("request", (request) => mustBeOwn(request.url()));
  context.on("page", (page) => page.on("websocket", (socket) => mustBeOwn(socket.url())));
  context.on("response", (response) => {
    const isFile = !response.url().includes("/v1/");
    if (response.status() >= (isFile ? 400 : 500))
      faults.push(`${response.status()} for ${response.url()}`);
  });
  context.on("weberror", (error) => faults.push(`threw: ${error.error().stack ?? ""}`));
  context.on("console", (message) => {
    const isComplaint = message.type() === "error" || message.type() === "warning";
    if (isComplaint && !REFUSED.test(message.text())) faults.push(`said: ${message.text()}`);
  });
  return faults;
}
