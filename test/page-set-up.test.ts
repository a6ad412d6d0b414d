/** The first two minutes: from an instance that nobody owns to the first event, and who may own it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestContext } from "node:test";

import type { Page } from "playwright-core";

import { call } from "./support/api-call.ts";
import type { TestBrowser } from "./support/browser.ts";
import { pageTests } from "./support/browser.ts";
import { openFreshHouse, openPageHouse, PASSWORD, together } from "./support/page-house.ts";
import type { PageHouse } from "./support/page-house.ts";
import { shows } from "./support/page-look.ts";

/** As from the internet, by way of the operator's own proxy. */
const FROM_AFAR = { "X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "http" };

async function openHouses() {
  const [fresh, behindProxy, withPassword] = await Promise.all([
    openFreshHouse(),
    openFreshHouse({ POSTHORN_TRUSTED_PROXIES: "127.0.0.1" }),
    openPageHouse(),
  ]);
  return together({ fresh, behindProxy, withPassword });
}

type Houses = Awaited<ReturnType<typeof openHouses>>;

const heading = (page: Page, name: string) => page.getByRole("heading", { name, level: 1 });
const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();

/** What a program does that was given the command on the screen. */
async function sendAsShown(page: Page, house: PageHouse, key: string): Promise<void> {
  const command = await page.locator("main pre").innerText();
  assert.match(command, /^curl '/);
  assert.ok(command.includes(`Authorization: Bearer ${key}`), command);
  const [, url = ""] = /curl '([^']+)'/.exec(command) ?? [];
  assert.equal(url, `${house.url}v1/events`);
  const [, body = ""] = /-d '([^']+)'/.exec(command) ?? [];
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const { status } = await fetch(url, { method: "POST", headers, body });
  assert.equal(status, 202);
}

async function walk(t: TestContext, { fresh }: Houses, browser: TestBrowser): Promise<void> {
  const { page } = await browser.visit(t, fresh.url);
  await heading(page, "Set up Posthorn").waitFor();
  assert.equal(await page.getByLabel("Claim code").count(), 0);
  await page.getByLabel("Password").fill("short");
  await press(page, "Make the account");
  await page.getByRole("alert").waitFor();
  await page.getByLabel("Password").fill(PASSWORD);
  await press(page, "Make the account");
  await heading(page, "Send a first event").waitFor();
  const key = await page.locator("main code").first().innerText();
  assert.match(key, /^phk_/);
  await page.getByText("Waiting for your event…").waitFor();
  await sendAsShown(page, fresh, key);
  await page.getByText("It has come.").waitFor();
  await press(page, "To the overview");
  await heading(page, "Overview").waitFor();
  await page.getByRole("link", { name: "New endpoint" }).waitFor();
}

pageTests("setting up", openHouses, {
  "leads from nobody's instance to the first event, which the page sees come": walk,

  async "asks whoever comes from afar for the claim code, and takes no other"(
    t,
    { behindProxy: house },
    browser,
  ) {
    const { page } = await browser.visit(t, house.url, { extraHTTPHeaders: FROM_AFAR });
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByLabel("Claim code").fill("0000-0000");
    await press(page, "Make the account");
    assert.match(await page.getByRole("alert").innerText(), /claim.code/i);
    const socketPath = join(house.dataDir, "posthorn.sock");
    const at = { port: 0, socketPath };
    const { json } = await call(at, "GET /v1/setup/claim-code", { local: true });
    await page.getByLabel("Claim code").fill(` ${String(json.claim_code)} `);
    await press(page, "Make the account");
    await heading(page, "Send a first event").waitFor();
  },

  async "is over where POSTHORN_ADMIN_PASSWORD was given: one signs in"(
    t,
    { withPassword: house },
    browser,
  ) {
    const { page } = await browser.visit(t, house.url);
    await heading(page, "Sign in").waitFor();
    await page.getByLabel("Name").fill("admin");
    await page.getByLabel("Password").fill("not the password");
    await press(page, "Sign in");
    const said = await page.getByRole("alert").innerText();
    assert.match(said, /^The name, the password or the code is wrong\.$/m);
    await page.getByLabel("Password").fill(PASSWORD);
    await press(page, "Sign in");
    await heading(page, "Overview").waitFor();
    await press(page, "Sign out");
    await heading(page, "Sign in").waitFor();
    await page.reload();
    await heading(page, "Sign in").waitFor();
    await shows(page, "posthorn admin reset-password");
  },
});
