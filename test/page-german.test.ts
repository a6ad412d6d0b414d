/** For a German reader: what the daemon says in English is on the screen in German. */
import assert from "node:assert/strict";

import { pageTests } from "./support/browser.ts";
import { openPageHouse, PASSWORD, together } from "./support/page-house.ts";
import { goTo, screenshot } from "./support/page-look.ts";
import { until } from "./support/post-office.ts";
import { startReceiver } from "./support/receiver.ts";

async function openWorld() {
  const house = await openPageHouse();
  await using receiver = await startReceiver();
  const { client } = house;
  await client.must("POST /v1/endpoints", { url: receiver.url });
  const { id } = await client.must("POST /v1/events", { type: "order.paid", data: {} });
  const delivery = await until(async () => {
    const { data } = await client.must(`GET /v1/deliveries?event_id=${id}&state=delivered`);
    return data.length > 0 && (data[0].id as string);
  }, "the delivery");
  return together({ house, delivery });
}

pageTests("in German", openWorld, {
  async "are the steps of a signature"(t, { house, delivery }, browser) {
    const { page } = await browser.visit(t, house.url, {
      ...(await house.session()),
      locale: "de-DE",
    });
    await goTo(page, `#/deliveries/${delivery}?tab=signature`);
    const steps = page.locator(".steps li");
    await steps.first().waitFor();
    const titles = await steps.locator("> p").allInnerTexts();
    assert.deepEqual(
      titles.map((title) => title.replace(/: sec_.+$/, "")),
      [
        "Was signiert wird",
        "Dasselbe ausgeschrieben",
        "Geheimnis 1 von 1",
        "Kopfzeile webhook-signature",
        "Verglichen",
      ],
    );
    assert.match(await steps.last().innerText(), /dasselbe, was gesendet wurde/);
    await screenshot(page, "de-signature");
  },

  async "is why something was refused, before what the daemon says of this very case"(
    t,
    { house },
    browser,
  ) {
    const { page } = await browser.visit(t, house.url, {
      ...(await house.session()),
      locale: "de-DE",
    });
    await goTo(page, "#/settings/accounts");
    await page.getByRole("button", { name: "Neues Konto" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").fill("viewer");
    await dialog.getByLabel("Passwort").fill(PASSWORD);
    await dialog.getByRole("button", { name: "Konto anlegen" }).click();
    const said = await dialog.getByRole("alert").innerText();
    assert.match(said, /^Das widerspricht dem, was da ist: expected .*"viewer"/);
    await screenshot(page, "de-refused");
  },
});
