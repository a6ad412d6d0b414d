/** A hundred thousand deliveries in the list: read by pages, scrolled through smoothly, with few rows in the document. */
import assert from "node:assert/strict";
import { join } from "node:path";

import Database from "better-sqlite3";

import { pageTests } from "./support/browser.ts";
import type { PageHouse } from "./support/page-house.ts";
import { openPageHouse } from "./support/page-house.ts";
import { isSettled } from "./support/page-look.ts";

const DELIVERIES = 100_000;
const PAGE_ROWS_MAX = 250;
const DOCUMENT_ROWS_MAX = 100;
/** A wheel that is turned fast: nine rows a frame. */
const STEP_PX = 400;
const FRAMES = 400;
/** Half of the frames at least have to come in time, and none so late that the list seems to hang. */
const FRAME_MS_P50_MAX = 34;
const FRAME_MS_MAX = 1_000;
const TO_THE_END_MS_MAX = 90_000;

/** Delivered ones, as old as minutes. One statement a table: through the API they would take longer than all other tests. */
function fill(dataDir: string, nowMs: number): void {
  const file = new Database(join(dataDir, "posthorn.db"));
  const span = `with recursive n (i) as (select 1 union all select i + 1 from n where i < ${DELIVERIES})`;
  const at = `${nowMs - DELIVERIES} + i`;
  const application = "(select seq from application)";
  const endpoint = "(select seq from endpoint)";
  file.pragma("synchronous = OFF");
  file.exec(`begin;
    insert into event (seq, id, application_seq, type, occurred_at_ms, accepted_at_ms, body_bytes, data_start)
      ${span} select i, printf('evt_%026d', i), ${application}, 'order.paid', ${at}, ${at}, 40, 30 from n;
    insert into event_body (event_seq, bytes)
      ${span} select i, cast('{"type":"order.paid","data":{"n":1000}}' as blob) from n;
    insert into delivery (seq, id, event_seq, endpoint_seq, application_seq, state, attempt_count, created_at_ms,
        settled_at_ms, last_status, end_reason)
      ${span} select i, printf('dlv_%026d', i), i, ${endpoint}, ${application}, 'delivered', 1, ${at}, ${at}, 204, 'accepted'
      from n;
    insert into endpoint_count (endpoint_seq, delivered, attempts) values (${endpoint}, ${DELIVERIES}, ${DELIVERIES})
      on conflict do update set delivered = ${DELIVERIES}, attempts = ${DELIVERIES};
    update counter set value = ${DELIVERIES} where name = 'events';
    commit;`);
  file.close();
}

async function openFullHouse(): Promise<PageHouse> {
  const house = await openPageHouse();
  await house.client.must("POST /v1/endpoints", { url: "http://127.0.0.1:9/hook" });
  await house.restart(() => Promise.resolve(fill(house.dataDir, Date.now())));
  return house;
}

interface Ride {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly longestMs: number;
  readonly rowsMax: number;
  readonly rowsRead: number;
}

/** Scrolls on by so much a frame, for so many frames or until the list's end, and measures each frame. */
const ride = (stepPx: string, framesMax: number): string => `(async () => {
  const view = document.querySelector(".table-view");
  const frames = [];
  let rowsMax = 0;
  let beforeMs = await new Promise(requestAnimationFrame);
  while (frames.length < ${framesMax}) {
    view.scrollTop += ${stepPx};
    const nowMs = await new Promise(requestAnimationFrame);
    frames.push(nowMs - beforeMs);
    beforeMs = nowMs;
    rowsMax = Math.max(rowsMax, view.querySelectorAll("[role=row]").length);
    if (view.querySelector(".table-end").textContent === "That is all.") break;
  }
  frames.sort((a, b) => a - b);
  const at = (share) => Math.round(frames[Math.floor(frames.length * share)]);
  const rowsRead = Math.round(view.querySelector(".table-rows").offsetHeight / 44);
  return { p50Ms: at(0.5), p95Ms: at(0.95), longestMs: Math.round(frames.at(-1)), rowsMax, rowsRead };
})()`;

pageTests("a hundred thousand deliveries", openFullHouse, {
  async "are scrolled through smoothly, a page after the other, with few rows in the document"(
    t,
    house,
    browser,
  ) {
    const { page } = await browser.visit(t, house.url, await house.session());
    const pages: URLSearchParams[] = [];
    page.on("request", (request) => {
      const { pathname, searchParams } = new URL(request.url());
      if (pathname === "/v1/deliveries" && searchParams.has("cursor")) pages.push(searchParams);
    });
    await page.getByRole("link", { name: "Deliveries" }).click();
    await page.locator(".table-view [role=row]").first().waitFor();
    await isSettled(page);
    const smooth = await page.evaluate<Ride>(ride(`${STEP_PX}`, FRAMES));
    t.diagnostic(`at ${STEP_PX} px a frame: ${JSON.stringify(smooth)}`);
    assert.ok(smooth.p50Ms <= FRAME_MS_P50_MAX, JSON.stringify(smooth));
    assert.ok(smooth.longestMs <= FRAME_MS_MAX, JSON.stringify(smooth));
    assert.ok(smooth.rowsMax < DOCUMENT_ROWS_MAX, JSON.stringify(smooth));

    const beganAtMs = performance.now();
    const whole = await page.evaluate<Ride>(ride("view.scrollHeight", TO_THE_END_MS_MAX / 17));
    t.diagnostic(
      `to the end in ${Math.round(performance.now() - beganAtMs)} ms: ${JSON.stringify(whole)}`,
    );
    assert.equal(whole.rowsRead, DELIVERIES);
    assert.ok(whole.rowsMax < DOCUMENT_ROWS_MAX, JSON.stringify(whole));
    await page.getByRole("grid").press("End");
    await page.locator(`[id="row-dlv_${"1".padStart(26, "0")}"]`).waitFor();

    // Each page after the first was asked for once, by the cursor of the one before.
    const rowsAPage = Number(pages[0]?.get("limit"));
    assert.ok(rowsAPage <= PAGE_ROWS_MAX, `${rowsAPage} rows a page`);
    assert.equal(pages.length, DELIVERIES / rowsAPage - 1);
    assert.equal(new Set(pages.map((each) => each.get("cursor"))).size, pages.length);
  },
});
