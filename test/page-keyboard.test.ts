/** Without a mouse: signing in, going anywhere, reading lists, and dialogs that keep the focus and give it back. */
import assert from "node:assert/strict";

import type { Page } from "playwright-core";

import { pageTests } from "./support/browser.ts";
import { openPageHouse, PASSWORD, together } from "./support/page-house.ts";
import { comesTrue, goTo, isSettled } from "./support/page-look.ts";
import { startReceiver } from "./support/receiver.ts";

const EVENTS = 5;

async function openWorld() {
  const house = await openPageHouse();
  const receiver = await startReceiver();
  const { id } = await house.client.must("POST /v1/endpoints", { url: receiver.url });
  for (let n = 0; n < EVENTS; n++)
    await house.client.must("POST /v1/events", { type: "order.paid", data: { n } });
  return together({ house, receiver, endpointId: String(id) });
}

const IS_IN_DIALOG = `document.activeElement.closest("dialog[open]") !== null`;
const focused = (page: Page, what: string) =>
  page.evaluate<string>(`document.activeElement.${what}`);
const isAt = (page: Page, hash: string) =>
  comesTrue(page, `location.hash === ${JSON.stringify(hash)}`);

async function keys(page: Page, ...names: readonly string[]): Promise<void> {
  for (const name of names) await page.keyboard.press(name);
}

/** Goes on with Tab until the focus is on what a script finds; fails where it comes round without. */
async function tabTo(page: Page, isThere: string): Promise<void> {
  for (let n = 0; n < 60; n++) {
    if ((await page.evaluate(isThere)) === true) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`expected Tab to lead to ${isThere}`);
}

pageTests("with the keyboard alone", openWorld, {
  async "one signs in"(t, { house }, browser) {
    const { page } = await browser.visit(t, house.url);
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await tabTo(page, `document.activeElement.autocomplete === "username"`);
    await page.keyboard.type("admin");
    await page.keyboard.press("Tab");
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
  },

  async "the first stop leads past the navigation"(t, { house }, browser) {
    const { page } = await browser.visit(t, `${house.url}#/keys`, await house.session());
    await isSettled(page);
    await page.evaluate("document.activeElement.blur()");
    await tabTo(page, `document.activeElement.classList.contains("skip")`);
    await keys(page, "Enter");
    assert.equal(await focused(page, "id"), "content");
    await isAt(page, "#/keys");
  },

  async "the palette leads to a screen, an endpoint, and an id"(t, { house, endpointId }, browser) {
    const { page } = await browser.visit(t, house.url, await house.session());
    await isSettled(page);
    const palette = page.getByRole("dialog").getByRole("combobox");
    const openPalette = async () => {
      await keys(page, "Control+k");
      await palette.waitFor();
    };
    await openPalette();
    await page.keyboard.type("deliv");
    await keys(page, "Enter");
    await isAt(page, "#/deliveries");
    await palette.waitFor({ state: "detached" });
    await openPalette();
    await page.keyboard.type("127.0.0.1");
    await page
      .getByRole("dialog")
      .getByRole("option", { name: /127\.0\.0\.1/ })
      .waitFor();
    await keys(page, "Enter");
    await isAt(page, `#/endpoints/${endpointId}`);
    const { data } = await house.client.must("GET /v1/events?limit=1");
    await palette.waitFor({ state: "detached" });
    await openPalette();
    await page.keyboard.type(data[0].id);
    await keys(page, "Enter");
    await isAt(page, `#/events/${data[0].id}`);
    await comesTrue(page, 'document.activeElement?.id === "content"');
  },

  async "lists are read with j and k, opened with Enter, and left with Escape"(
    t,
    { house },
    browser,
  ) {
    const { page } = await browser.visit(t, `${house.url}#/deliveries`, await house.session());
    // A key that is pressed before there is a list leads nowhere.
    await page.locator('.table-row[aria-rowindex="4"]').waitFor();
    await isSettled(page);
    const at = (index: number) => page.locator(`.table-row.at[aria-rowindex="${index}"]`).waitFor();
    await keys(page, "j");
    assert.equal(await focused(page, 'getAttribute("role")'), "grid");
    await keys(page, "j", "j", "k");
    await at(3);
    const id = (await page.locator(".table-row.at").getAttribute("id"))?.slice("row-".length);
    assert.equal(await focused(page, 'getAttribute("aria-activedescendant")'), `row-${id ?? ""}`);
    await keys(page, "Enter");
    await isAt(page, `#/deliveries/${id ?? ""}`);
    await page.getByRole("heading", { level: 1, name: /order\.paid/ }).waitFor();
    await keys(page, "Escape");
    await isAt(page, "#/deliveries");
    await page.getByRole("heading", { level: 1, name: "Deliveries" }).waitFor();
    await page.locator('.table-row[aria-rowindex="4"]').waitFor();
    await isSettled(page);
    await keys(page, "/");
    assert.equal(await focused(page, "type"), "search");
    await page.keyboard.type("j?");
    assert.equal(await page.getByRole("dialog").count(), 0);
    assert.equal(await focused(page, "value"), "j?");
  },

  async "dialogs keep the focus inside, close with Escape, and give it back"(
    t,
    { house, endpointId },
    browser,
  ) {
    const { page } = await browser.visit(t, house.url, await house.session());
    await goTo(page, `#/endpoints/${endpointId}`);
    const pause = `document.activeElement.textContent === "Pause"`;
    await tabTo(page, pause);
    await keys(page, "Enter");
    const dialog = page.getByRole("dialog", { name: /^Pause/ });
    await dialog.waitFor();
    for (let n = 0; n < 8; n++) {
      await keys(page, "Tab");
      const isOutside = (await page.evaluate("document.activeElement === document.body")) === true;
      assert.ok(
        isOutside || (await page.evaluate(IS_IN_DIALOG)) === true,
        "the focus left the dialog",
      );
    }
    await keys(page, "Escape");
    await dialog.waitFor({ state: "hidden" });
    assert.equal(await page.evaluate(pause), true);
    await keys(page, "?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    await keys(page, "Escape");
    assert.equal(await page.evaluate(pause), true);
  },

  async "what happens is said politely, and by one voice at a time"(t, { house }, browser) {
    const { page } = await browser.visit(t, `${house.url}#/deliveries`, await house.session());
    await isSettled(page);
    await page.getByText("Live", { exact: true }).waitFor();
    await house.client.must("POST /v1/events", { type: "order.paid", data: {} });
    await page.getByRole("button", { name: "1 new" }).waitFor();
    const said = `[...document.querySelectorAll("[role=status], [aria-live=polite]")]
      .map((each) => each.textContent.trim()).filter((words) => words !== "" && words !== "Copy")`;
    await comesTrue(page, `JSON.stringify(${said}) === '["1 new"]'`);
    assert.equal(await page.locator("[aria-live=assertive], [role=alert]").count(), 0);
  },
});
