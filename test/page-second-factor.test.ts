/** The second factor, set up as people do it: with a phone that looks at the screen. */
import assert from "node:assert/strict";

import { URI } from "otpauth";
import type { Locator, Page } from "playwright-core";
import { decodeQR } from "qr/decode.js";

import { pageTests } from "./support/browser.ts";
import { openPageHouse } from "./support/page-house.ts";
import { goTo, overflow, pixels, screenshot } from "./support/page-look.ts";

const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();

/** What a camera reads off the screen, by another library than the page draws with. */
async function readCode(page: Page, code: Locator): Promise<string> {
  return decodeQR(await pixels(page, await code.screenshot()));
}

pageTests("the second factor", openPageHouse, {
  async "is on once a phone has read the code on the screen, also in the dark and on a narrow one"(
    t,
    house,
    browser,
  ) {
    const session = await house.session();
    const { page } = await browser.visit(t, house.url, { ...session, colorScheme: "dark" });
    await goTo(page, "#/settings/me");
    await press(page, "Turn on");

    const code = page.getByRole("img", { name: "QR code of the secret" });
    const link = await page.getByRole("link", { name: /authenticator/ }).getAttribute("href");
    for (const width of [1440, 360]) {
      await page.setViewportSize({ width, height: 800 });
      await code.scrollIntoViewIfNeeded();
      await screenshot(page, `second-factor-${width}-dark`);
      assert.equal(await readCode(page, code), link);
      assert.deepEqual(await overflow(page), []);
    }

    const totp = URI.parse(await readCode(page, code));
    assert.equal(await page.locator(".code-box code").innerText(), totp.secret.base32);
    await page.getByLabel("Code", { exact: true }).fill(totp.generate());
    await page.locator("main form").last().locator("button[type=submit]").click();
    await page.getByText("The second factor is on.").waitFor();
  },
});
