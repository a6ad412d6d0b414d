/** What strangers write is shown as they wrote it, on every screen that shows it, and none of it runs. */
import assert from "node:assert/strict";

import { pageTests } from "./support/browser.ts";
import { openPageHouse, together } from "./support/page-house.ts";
import { comesTrue, goTo } from "./support/page-look.ts";
import type { Poisoned } from "./support/page-poison.ts";
import { caught, poison, POISON, TRAP } from "./support/page-poison.ts";

async function openWorld() {
  const house = await openPageHouse();
  return together({ house, ids: await poison(house.client) });
}

const shownAs = (text: string): string =>
  `[...document.querySelectorAll("main, main input, main textarea")]
    .some((each) => (each.value ?? each.textContent).includes(${JSON.stringify(text)}))`;

/** Where each of it stands, by the hash of the screen. */
function places({ endpointId, eventId, deliveryId }: Poisoned): Readonly<Record<string, string>> {
  const { text, header } = POISON;
  const delivery = `deliveries/${deliveryId}`;
  return {
    overview: text,
    endpoints: text,
    [`endpoints/${endpointId}`]: text,
    [`endpoints/${endpointId}?tab=settings`]: text,
    events: text,
    [`events/${eventId}`]: text,
    [`events/${eventId}?view=raw`]: text.replaceAll('"', String.raw`\"`),
    [`events/new?like=${eventId}`]: text,
    deliveries: text,
    [`deliveries?tenant=${encodeURIComponent(text)}`]: text,
    [delivery]: header,
    [`${delivery}?tab=response`]: text,
    [`${delivery}?tab=request`]: text,
    [`${delivery}?tab=signature`]: "<img src=x",
    [`${delivery}?tab=curl`]: "<img src=x",
    recover: text,
    "event-types": text,
    "event-types/order.paid": text,
    keys: "<img src=x",
    reference: "",
    audit: "",
    [`event-types/${encodeURIComponent(text)}`]: "",
    [`endpoints/${encodeURIComponent(text)}`]: text,
    [`${encodeURIComponent(text)}/${encodeURIComponent(text)}`]: "",
  };
}

pageTests("what strangers write", openWorld, {
  async "is shown as text on every screen, and nothing of it runs"(t, { house, ids }, browser) {
    const session = await house.session();
    const { page } = await browser.visit(t, house.url, { ...session, script: TRAP });
    for (const [hash, text] of Object.entries(places(ids))) {
      await goTo(page, `#/${hash}`);
      await comesTrue(page, shownAs(text));
      assert.deepEqual(await caught(page), [], hash);
      assert.equal(await page.locator("main [onerror], main [onload], main script").count(), 0);
      assert.equal(
        await page.locator('[href^="javascript:" i], [src^="javascript:" i]').count(),
        0,
      );
    }
  },

  async "runs nowhere in the palette either"(t, { house }, browser) {
    const session = await house.session();
    const { page } = await browser.visit(t, house.url, { ...session, script: TRAP });
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.keyboard.press("Control+k");
    await page.keyboard.type("<img");
    await page.getByRole("dialog").getByRole("option", { name: "<img src=x" }).waitFor();
    assert.deepEqual(await caught(page), []);
  },

  async "would be stopped by the page's policy, had the page a hole"(t, { house }, browser) {
    const { page, faults } = await browser.visit(t, house.url, {
      script: TRAP,
      forgives: [/./],
    });
    await page.getByRole("heading", { level: 1 }).waitFor();
    const before = faults().length;
    await page.evaluate(
      `document.body.insertAdjacentHTML("beforeend", ${JSON.stringify(POISON.text)})`,
    );
    await page.evaluate(`new Promise((seen) => {
      addEventListener("securitypolicyviolation", seen, { once: true });
      const script = document.createElement("script");
      script.textContent = "trap('inline')";
      document.body.append(script);
    })`);
    assert.deepEqual(await caught(page), []);
    assert.equal(before, 0);
  },
});
