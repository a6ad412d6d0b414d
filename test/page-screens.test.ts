/** Every screen, crowded and empty, in both themes, on a phone and on a desk: legible for all, nothing out of sight. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";

import type { Page } from "playwright-core";

import { DESK, pageTests, PHONE } from "./support/browser.ts";
import type { TestBrowser } from "./support/browser.ts";
import type { Crowd } from "./support/page-crowd.ts";
import { fillHouse } from "./support/page-crowd.ts";
import type { PageHouse } from "./support/page-house.ts";
import { openFreshHouse, openPageHouse, together } from "./support/page-house.ts";
import {
  goTo,
  isSettled,
  overflow,
  pixels,
  screenshot,
  SCREENSHOTS,
  violations,
} from "./support/page-look.ts";

async function openHouses() {
  const [full, empty, fresh] = await Promise.all([
    openPageHouse(),
    openPageHouse(),
    openFreshHouse(),
  ]);
  return together({ full, empty, fresh, crowd: await fillHouse(full.client) });
}

const LISTS = [
  "overview",
  "endpoints",
  "events",
  "deliveries",
  "recover",
  "event-types",
  "keys",
  "settings",
  "audit",
  "reference",
  "system",
];

/** Screens by the name of their screenshot, with the hash that leads there. */
type Screens = readonly (readonly [name: string, hash: string])[];

function detailsOf({ endpoints, deliveries, event }: Crowd): Screens {
  const endpoint = `endpoints/${endpoints.well}`;
  const delivery = `deliveries/${deliveries.exhausted}`;
  return [
    ["endpoint-new", "endpoints/new"],
    ["endpoint", endpoint],
    ["endpoint-settings", `${endpoint}?tab=settings`],
    ["endpoint-signing", `${endpoint}?tab=signing`],
    ["endpoint-blocked", `endpoints/${endpoints.blocked}`],
    ["endpoint-disabled", `endpoints/${endpoints.disabled}`],
    ["event", `events/${event}`],
    ["event-new", "events/new"],
    ["event-type", "event-types/order.paid"],
    ["delivery-delivered", `deliveries/${deliveries.delivered}`],
    ["delivery-pending", `deliveries/${deliveries.pending}`],
    ["delivery-held", `deliveries/${deliveries.held}`],
    ["delivery-exhausted", delivery],
    ...["response", "signature", "curl", "compare"].map(
      (tab) => [`delivery-${tab}`, `${delivery}?tab=${tab}`] as const,
    ),
    ...["egress", "defaults", "accounts", "sessions", "me"].map(
      (section) => [`settings-${section}`, `settings/${section}`] as const,
    ),
    ["deliveries-none-match", "deliveries?type=no.such"],
    ["not-found", "no-such-screen"],
  ];
}

const lists: Screens = LISTS.map((path) => [path, path]);

interface Placeholder {
  readonly text: string;
  readonly width: number;
  readonly room: number;
}

const PLACEHOLDER = `(() => {
  const input = document.querySelector("main input[placeholder]");
  const { paddingLeft, paddingRight } = getComputedStyle(input);
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = getComputedStyle(input, "::placeholder").font;
  const room = input.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
  return { text: input.placeholder, width: pen.measureText(input.placeholder).width, room };
})()`;

/** How bright it is at the right edge, below the head: in what is left of the scrollbar's gutter, and in the gutter. */
async function edge(page: Page): Promise<readonly number[]> {
  const { width, height, data } = await pixels(page, await page.screenshot());
  return [width - 20, width - 14, width - 8, width - 2].flatMap((x) =>
    [height / 2, height - 3].map((y) => {
      const at = (y * width + x) * 4;
      return data.subarray(at, at + 3).reduce((sum, each) => sum + each, 0) / 3;
    }),
  );
}

/** Both themes at both widths. The second theme is asked for colours alone: the rest is the same document. */
async function look(page: Page, name: string): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const size of [DESK, PHONE]) {
    await page.setViewportSize(size);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      const label = `${name}-${size.width}-${colorScheme}`;
      const found = await violations(page, colorScheme === "light" ? "all" : "colours");
      faults.push(...found.map((each) => `${label}: ${each}`));
      await screenshot(page, label);
    }
    const out = await overflow(page);
    if (out.length > 0) faults.push(`${name} is wider than ${size.width} px: ${out.join(" ")}`);
  }
  return faults;
}

async function lookAtAll(
  t: TestContext,
  browser: TestBrowser,
  house: PageHouse,
  { screens, prefix, locale = "en-GB" }: { screens: Screens; prefix: string; locale?: string },
): Promise<void> {
  const session = await house.session();
  const { page } = await browser.visit(t, house.url, { ...session, locale });
  const faults: string[] = [];
  for (const [name, hash] of screens) {
    await page.setViewportSize(DESK);
    await goTo(page, `#/${hash}`);
    faults.push(...(await look(page, `${prefix}${name}`)));
  }
  t.diagnostic(`screenshots: ${SCREENSHOTS}/${prefix}*.png`);
  assert.deepEqual(faults, []);
}

pageTests("every screen is legible in both themes, at 360 and at 1440 px", openHouses, {
  "its lists when they are full": (t, { full }, browser) =>
    lookAtAll(t, browser, full, { screens: lists, prefix: "full-" }),

  "what is in the lists": (t, { full, crowd }, browser) =>
    lookAtAll(t, browser, full, { screens: detailsOf(crowd), prefix: "" }),

  "its lists when they are empty": (t, { empty }, browser) =>
    lookAtAll(t, browser, empty, { screens: lists.slice(0, 7), prefix: "empty-" }),

  async "in German, whose words are longer"(t, { full, crowd }, browser) {
    const wanted = new Set(["overview", "deliveries", "recover", "settings"]);
    const screens = lists.filter(([name]) => wanted.has(name));
    const some = detailsOf(crowd).filter(([name]) =>
      /^(endpoint|delivery)-(blocked|exhausted|settings)$/.test(name),
    );
    await lookAtAll(t, browser, full, {
      screens: [...screens, ...some],
      prefix: "de-",
      locale: "de-DE",
    });
  },

  async "setting up and signing in"(t, { full, fresh }, browser) {
    const faults: string[] = [];
    for (const [name, url] of [
      ["set-up", fresh.url],
      ["sign-in", full.url],
    ] as const) {
      const { page } = await browser.visit(t, url);
      await isSettled(page);
      faults.push(...(await look(page, name)));
    }
    assert.deepEqual(faults, []);
  },

  async "what stands over a screen: the palette, the keys, a question"(
    t,
    { full, crowd },
    browser,
  ) {
    const { page } = await browser.visit(t, full.url, await full.session());
    await goTo(page, `#/endpoints/${crowd.endpoints.well}`);
    const faults: string[] = [];
    for (const [name, open] of [
      ["palette", () => page.keyboard.press("Control+k")],
      ["keys-help", () => page.keyboard.press("?")],
      ["pause", () => page.getByRole("button", { name: "Pause" }).click()],
    ] as const) {
      await page.setViewportSize(DESK);
      await open();
      await page.getByRole("dialog").waitFor();
      faults.push(...(await look(page, `over-${name}`)));
      await page.keyboard.press("Escape");
    }
    assert.deepEqual(faults, []);
  },

  async "on a phone the search says all of what it finds, and what is done with rows stands side by side"(
    t,
    { full },
    browser,
  ) {
    for (const locale of ["en-GB", "de-DE"]) {
      const session = await full.session();
      const { page } = await browser.visit(t, full.url, { ...session, locale, viewport: PHONE });
      for (const hash of ["endpoints", "events", "audit", "reference", "deliveries"]) {
        await goTo(page, `#/${hash}`);
        const { text, width, room } = await page.evaluate<Placeholder>(PLACEHOLDER);
        assert.ok(width <= room, `${hash}: "${text}" is ${width} px wide, and has ${room}`);
      }
      const buttons = page.locator(".chosen button");
      const [resend, cancel] = [
        await buttons.first().boundingBox(),
        await buttons.last().boundingBox(),
      ];
      assert.equal(cancel?.y, resend?.y);
      await page.locator(".table input").first().click();
      await screenshot(page, `chosen-360-${locale}`);
      assert.deepEqual(await buttons.last().boundingBox(), cancel);
    }
  },

  async "what lies behind a question is dark up to the edge, where the scrollbar was, too"(
    t,
    { full, empty },
    browser,
  ) {
    // One that needs no scrollbar, and one that does.
    for (const [house, hash] of [
      [empty, "keys"],
      [full, "reference"],
    ] as const) {
      const { page } = await browser.visit(t, house.url, await house.session());
      await goTo(page, `#/${hash}`);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        const before = await edge(page);
        await page.keyboard.press("?");
        await page.getByRole("dialog").waitFor();
        await screenshot(page, `over-${hash}-edge-${colorScheme}`);
        const behind = await edge(page);
        const [least, most] = [Math.min(...behind), Math.max(...behind)];
        assert.ok(most - least < 2, `${colorScheme}: ${behind.join(" ")} at the edge`);
        assert.ok(most < Math.min(...before));
        await page.keyboard.press("Escape");
      }
    }
  },
});
