/** Who sees what: a viewer reads every screen and can change nothing, and whose session is ended is shown the door at once. */
import assert from "node:assert/strict";

import { pageTests } from "./support/browser.ts";
import type { Crowd } from "./support/page-crowd.ts";
import { fillHouse } from "./support/page-crowd.ts";
import { openPageHouse, together } from "./support/page-house.ts";
import { goTo, isSettled } from "./support/page-look.ts";

async function openWorld() {
  const house = await openPageHouse();
  return together({ house, crowd: await fillHouse(house.client) });
}

function hashesOf({ endpoints, deliveries, event }: Crowd): readonly string[] {
  return [
    "overview",
    "endpoints",
    `endpoints/${endpoints.well}`,
    `endpoints/${endpoints.blocked}`,
    `endpoints/${endpoints.paused}`,
    "events",
    `events/${event}`,
    "deliveries",
    `deliveries/${deliveries.exhausted}`,
    `deliveries/${deliveries.pending}`,
    "recover",
    "event-types",
    "event-types/order.paid",
    "settings",
    "settings/egress",
    "settings/defaults",
    "settings/sessions",
    "audit",
    "reference",
    "system",
  ];
}

/** What changes nothing but what is on the screen, or ends a session of the reader's own. */
const HARMLESS =
  /^(|Copy|Filter|Clear the filter|Show more|\d+ new|There may be new ones|Attempt \d.*|End)$/;
const BUTTONS = `[...document.querySelectorAll("main button:not([role=tab])")]
  .filter((each) => each.checkVisibility())
  .map((each) => each.textContent.trim())`;
const INPUTS = `[...document.querySelectorAll("main :is(input, textarea, select)")]
  .filter((each) => each.checkVisibility() && !each.disabled && !each.readOnly && each.closest("[role=search]") === null)
  .map((each) => each.labels[0]?.textContent ?? each.outerHTML)
  .filter((label) => label !== "Time span")`;

pageTests("people", openWorld, {
  async "a viewer reads every screen, and finds nothing on it that changes anything"(
    t,
    { house, crowd },
    browser,
  ) {
    const { page } = await browser.visit(t, house.url, await house.session("viewer"));
    const refused: string[] = [];
    page.on("response", (response) => {
      if (response.status() === 403) refused.push(response.url());
    });
    const found: Record<string, unknown> = {};
    for (const hash of hashesOf(crowd)) {
      await goTo(page, `#/${hash}`);
      assert.equal(
        await page.getByRole("alert").count(),
        0,
        `${hash} has something to complain of`,
      );
      const buttons = await page.evaluate<string[]>(BUTTONS);
      const others = buttons.filter((words) => !HARMLESS.test(words));
      const inputs = await page.evaluate<string[]>(INPUTS);
      if (others.length + inputs.length > 0) found[hash] = [...new Set([...others, ...inputs])];
    }
    assert.deepEqual(found, {});
    assert.deepEqual(refused, []);
    assert.equal(await page.getByRole("link", { name: "Keys" }).count(), 0);
  },

  async "a viewer is told so where a screen is not for them"(t, { house }, browser) {
    const { page } = await browser.visit(t, house.url, await house.session("viewer"));
    for (const hash of ["keys", "settings/accounts", "endpoints/new", "events/new"]) {
      await goTo(page, `#/${hash}`);
      await page
        .getByText(/Your account may|An admin/)
        .first()
        .waitFor();
    }
  },

  async "a session that is ended elsewhere leads to the door at once"(t, { house }, browser) {
    const session = await house.session("viewer");
    const { page } = await browser.visit(t, `${house.url}#/deliveries`, session);
    await isSettled(page);
    await page.getByText("Live", { exact: true }).waitFor();
    await house.client.must(`DELETE /v1/sessions/${session.id}`);
    await page.getByRole("heading", { name: "Sign in", level: 1 }).waitFor();
    assert.equal(await page.getByRole("grid").count(), 0);
  },
});
