/** By clicks alone: an endpoint made, tested, broken, repaired, and what failed meanwhile recovered. */
import assert from "node:assert/strict";

import type { Page } from "playwright-core";

import { pageTests } from "./support/browser.ts";
import { openPageHouse, together } from "./support/page-house.ts";
import { isSettled } from "./support/page-look.ts";
import type { Receiver } from "./support/receiver.ts";
import { startReceiver } from "./support/receiver.ts";

const press = (page: Page, name: string | RegExp) => page.getByRole("button", { name }).click();

async function toScreen(page: Page, name: string): Promise<void> {
  await page.getByRole("navigation", { name: "Screens" }).getByRole("link", { name }).click();
  await page.getByRole("heading", { name, level: 1 }).waitFor();
  await isSettled(page);
}

/** A receiver whose owner breaks and repairs it. */
async function openReceiver(): Promise<Receiver & { isBroken: boolean }> {
  const state = { isBroken: false };
  const receiver = await startReceiver((_request, response) => {
    response.writeHead(state.isBroken ? 500 : 200, { "content-type": "text/plain" });
    response.end(state.isBroken ? "the disk of the shop is full" : "thank you");
  });
  return Object.assign(state, receiver);
}

async function makeAndTest(page: Page, url: string): Promise<void> {
  await toScreen(page, "Endpoints");
  await page.getByRole("link", { name: "New endpoint" }).first().click();
  await page.getByLabel("URL").fill(url);
  await page.getByLabel("Description").fill("Shop");
  await press(page, "Create endpoint");
  await page.getByRole("heading", { name: "The endpoint is there" }).waitFor();
  assert.match(await page.locator("main code").first().innerText(), /^whsec_/);
  await press(page, "Send test");
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Delivered").first().waitFor();
  await dialog.getByText("thank you").waitFor();
  await dialog.getByRole("button", { name: "Close" }).last().click();
}

async function sendEvent(page: Page): Promise<void> {
  await toScreen(page, "Events");
  await page.getByRole("link", { name: "Send an event" }).first().click();
  await page.getByLabel("Type").fill("order.paid");
  await page.getByLabel("Data").fill('{"order": "o_1"}');
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByText("Accepted", { exact: false }).first().waitFor();
}

async function seeWhyItFails(page: Page): Promise<void> {
  await toScreen(page, "Deliveries");
  const row = page.getByRole("row").filter({ hasText: "order.paid" });
  await row.getByText("500").waitFor();
  await row.getByRole("link", { name: "order.paid" }).click();
  await page.getByRole("heading", { level: 1, name: /order\.paid/ }).waitFor();
  await page.getByText("the disk of the shop is full").first().waitFor();
  assert.match(await page.locator(".why").innerText(), /500/);
}

async function recover(page: Page): Promise<void> {
  await toScreen(page, "Recover");
  await page.getByRole("heading", { name: "Shop" }).waitFor();
  await press(page, "Recover everything");
  const dialog = page.getByRole("dialog");
  await dialog.getByText("1 delivery would be sent again.").waitFor();
  await dialog.getByRole("button", { name: "Recover 1 delivery" }).click();
  await page.getByText("1 delivery is on its way again.").waitFor();
}

async function openHouses() {
  const house = await openPageHouse();
  const strict = await openPageHouse({ POSTHORN_EGRESS_ALLOW: "" });
  return together({ house, strict, receiver: await openReceiver() });
}

pageTests("what breaks is repaired by clicks alone", openHouses, {
  async "make, test, break, see why, repair, recover, see it delivered"(
    t,
    { house, receiver },
    browser,
  ) {
    const { page } = await browser.visit(t, house.url, await house.session());
    await makeAndTest(page, `${receiver.url}/hooks`);
    receiver.isBroken = true;
    await sendEvent(page);
    await seeWhyItFails(page);
    receiver.isBroken = false;
    await recover(page);
    await toScreen(page, "Deliveries");
    const row = page.getByRole("row").filter({ hasText: "order.paid" });
    await row.getByText("Delivered").waitFor();
    await toScreen(page, "Recover");
    await page.getByText("Nothing has failed").waitFor();
  },

  async "a target that the guard refuses is allowed in one click where it was refused"(
    t,
    { strict, receiver },
    browser,
  ) {
    const { id } = await strict.client.must("POST /v1/endpoints", { url: receiver.url });
    const { page } = await browser.visit(
      t,
      `${strict.url}#/endpoints/${id}`,
      await strict.session(),
    );
    await press(page, "Send test");
    const dialog = page.getByRole("dialog");
    const grant = `127.0.0.1:${receiver.port}`;
    await dialog.getByRole("button", { name: `Allow ${grant}` }).click();
    await dialog.getByText("thank you").waitFor();
    const endpoint = await strict.client.must(`GET /v1/endpoints/${id}`);
    assert.deepEqual(endpoint.egress_allow, [grant]);
  },
});
