/** Where the page may stand: under a path, behind a proxy that rewrites it, on plain http under a name of a home network. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";

import type { Page } from "playwright-core";

import type { TestBrowser } from "./support/browser.ts";
import { pageTests } from "./support/browser.ts";
import { openFreshHouse, openPageHouse, PASSWORD, together } from "./support/page-house.ts";
import type { PageHouse } from "./support/page-house.ts";
import { isSettled } from "./support/page-look.ts";
import { startPageProxy } from "./support/page-proxy.ts";

const press = (page: Page, name: string) =>
  page.getByRole("button", { name, exact: true }).first().click();
const heading = (page: Page, name: string) => page.getByRole("heading", { name, level: 1 });

async function signIn(page: Page): Promise<void> {
  await heading(page, "Sign in").waitFor();
  await page.getByLabel("Name").fill("admin");
  await page.getByLabel("Password").fill(PASSWORD);
  await press(page, "Sign in");
  await heading(page, "Overview").waitFor();
}

/** An event that comes while the page looks at it is on the screen without anybody asking. */
async function isLive(page: Page, house: PageHouse): Promise<void> {
  await page.getByText("Live", { exact: true }).waitFor();
  const tile = page.locator("dl.tiles div").filter({ hasText: "Accepted per minute" }).locator("b");
  const before = Number(await tile.innerText());
  await house.client.must("POST /v1/events", { type: "order.paid", data: {} });
  await tile.filter({ hasText: new RegExp(`^${before + 1}$`) }).waitFor();
}

async function works(
  t: TestContext,
  browser: TestBrowser,
  house: PageHouse,
  url: string,
): Promise<void> {
  const { page } = await browser.visit(t, url);
  await signIn(page);
  await isLive(page, house);
  await page.getByRole("link", { name: "Deliveries" }).click();
  await heading(page, "Deliveries").waitFor();
  await page.reload();
  await heading(page, "Deliveries").waitFor();
  await isSettled(page);
}

async function openPlaces() {
  const below = await openPageHouse({ POSTHORN_BASE_PATH: "/tools/post" });
  const behind = await openPageHouse({ POSTHORN_TRUSTED_PROXIES: "127.0.0.1" });
  const fresh = await openFreshHouse();
  const proxy = await startPageProxy(behind.address);
  return together({ below, proxy, behind, fresh });
}

pageTests("the page works", openPlaces, {
  async "under a base path"(t, { below }, browser) {
    assert.ok(below.url.endsWith("/tools/post/"));
    await works(t, browser, below, below.url.slice(0, -1));
  },

  "behind a proxy that takes a path off, and gives the daemon another name": (
    t,
    { behind, proxy },
    browser,
  ) => works(t, browser, behind, proxy.url),

  async "on plain http under a name that is no secure context, from set-up to the copy button"(
    t,
    { fresh: house },
    browser,
  ) {
    const url = house.url.replace("127.0.0.1", "posthorn.lan");
    // Chromium says that the header does nothing here, which is so.
    const forgives = [/Cross-Origin-Opener-Policy header has been ignored/];
    const { page } = await browser.visit(t, url, { forgives });
    assert.equal(await page.evaluate("isSecureContext"), false);
    await page.getByLabel("Password").fill(PASSWORD);
    await press(page, "Make the account");
    await heading(page, "Send a first event").waitFor();
    const key = await page.locator("main code").first().innerText();
    await press(page, "Copy");
    await page.getByRole("button", { name: "Copied" }).waitFor();
    await press(page, "To the overview");
    await press(page, "Sign out");
    await signIn(page);
    await isLive(page, house);
    // What was copied is what is pasted.
    await page.keyboard.press("Control+k");
    const field = page.getByRole("combobox", { name: "Go to" });
    await field.and(page.locator(":focus")).waitFor();
    await page.keyboard.press("Control+v");
    assert.equal(await field.inputValue(), key);
  },
});
