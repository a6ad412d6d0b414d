import assert from "node:assert/strict";
import { test } from "node:test";

import type { Ending, Ledger, Receipt } from "./torture/ledger.ts";
import { createLedger } from "./torture/ledger.ts";
import { reportText } from "./torture/report.ts";
import { torture } from "./torture/run.ts";

const SHOP = [{ name: "shop", isOrdered: true }];

/** A request for event `number` in its `life`, answered at 1 s with `ending`. */
function arrives(ledger: Ledger, number: number, more: Partial<Receipt>, ending: Ending): void {
  const receipt: Receipt = {
    endpoint: "shop",
    number,
    eventId: `evt_${number}`,
    orderingKey: null,
    attempt: 1,
    life: 1,
    ending: null,
    endedAtMs: null,
    ...more,
  };
  ledger.received(receipt);
  ledger.ended(receipt, ending, 1_000);
}

function accountOf(ledger: Ledger) {
  const [account] = ledger.close(SHOP).accounts;
  assert.ok(account !== undefined);
  return account;
}

test("the real daemon, killed three times under load, loses nothing and repeats only what a kill explains", async () => {
  const report = await torture({
    kills: 3,
    seed: 11,
    lifeMsMax: 600,
    isFlood: false,
    say: () => {},
  });
  assert.deepEqual(report.violations, [], reportText(report));
  assert.ok(report.acknowledged > 10, reportText(report));
  for (const { owed, received, accepted, unexplained, endpoint } of report.accounts) {
    assert.equal(owed, report.acknowledged, endpoint);
    assert.equal(received, owed, endpoint);
    assert.equal(accepted, owed, endpoint);
    assert.equal(unexplained, 0, endpoint);
  }
  assert.equal(report.afterLastKill.integrity, "ok");
  assert.match(reportText(report), /Every promise held\.$/);
});

test("the ledger notices an acknowledged event that never came, or never was accepted", () => {
  const ledger = createLedger();
  ledger.acknowledged(1, "evt_1");
  ledger.acknowledged(2, "evt_2");
  arrives(ledger, 2, {}, "refused");
  const account = accountOf(ledger);
  assert.deepEqual([account.owed, account.received, account.accepted], [2, 1, 0]);
  assert.match(ledger.violations.join("\n"), /event 1 .* is lost\n.*event 2 .* never accepted/);
});

test("the ledger takes a repeat for explained only by a failing answer, or by a kill right after the request", () => {
  const repeats: [string, Partial<Receipt>, Ending, killedAtMs: number][] = [
    ["askedFor", { attempt: 2 }, "refused", 0],
    ["askedFor", { attempt: 2 }, "reset", 0],
    ["unexplained", { attempt: 2 }, "accepted", 0],
    ["unexplained", { attempt: 3 }, "refused", 0],
    ["killed", { life: 2 }, "accepted", 1_050],
    ["killed", { life: 2 }, "cut", 1_050],
    ["unexplained", { life: 1 }, "accepted", 1_050],
    ["unexplained", { life: 2 }, "accepted", 9_000],
  ];
  for (const [kind, again, ending, killedAtMs] of repeats) {
    const ledger = createLedger();
    ledger.acknowledged(1, "evt_1");
    arrives(ledger, 1, {}, ending);
    ledger.killed(1, killedAtMs);
    arrives(ledger, 1, again, "accepted");
    const { askedFor, killed, unexplained } = accountOf(ledger);
    const counted: Record<string, number> = { askedFor, killed, unexplained };
    assert.equal(counted[kind], 1, `${kind} ${JSON.stringify(again)} after ${ending}`);
    assert.equal(ledger.violations.length, kind === "unexplained" ? 1 : 0);
  }
});

test("the ledger notices one event under two ids, one nobody was told of, and one out of order", () => {
  const ledger = createLedger();
  for (const number of [1, 2, 3]) ledger.acknowledged(number, `evt_${number}`);
  ledger.acknowledged(3, "evt_4");
  arrives(ledger, 2, { orderingKey: "a" }, "accepted");
  arrives(ledger, 1, { orderingKey: "a" }, "accepted");
  arrives(ledger, 3, { orderingKey: "b", eventId: "evt_9" }, "accepted");
  arrives(ledger, 7, {}, "accepted");
  assert.equal(accountOf(ledger).disordered, 1);
  const found = ledger.violations.join("\n");
  assert.match(found, /event 3 has two ids/);
  assert.match(found, /event 3 came as evt_9/);
  assert.match(found, /event 7 came and was never acknowledged/);
  assert.match(found, /key a: event 1 came after 2/);
});
