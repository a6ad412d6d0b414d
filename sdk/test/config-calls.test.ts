/** Options that are given with each call: those that there are not are refused as config-table.test.ts has it of factories. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import {
  defineProvider,
  HEX,
  HMAC_SHA256,
  verify,
  verifyOrThrow,
  WebhookError,
} from "../src/index.ts";
import type { VerifyOptions } from "../src/index.ts";
import { memoryInbox } from "../src/inbox/memory.ts";
import type { PosthornDeliveriesOptions } from "../src/receiver/posthorn-deliveries.ts";
import { posthornDeliveries } from "../src/receiver/posthorn-deliveries.ts";
import type { ReconcileOptions } from "../src/receiver/reconcile.ts";
import { reconcile } from "../src/receiver/reconcile.ts";
import { diagnose, fakeClock, signRaw, signRequest } from "../src/testing/testing.ts";
import type { DiagnoseOptions, SignOptions } from "../src/testing/testing.ts";
import { systemTimers } from "../src/verify/timers.ts";

const provider = defineProvider({
  name: "acme",
  schemes: [
    {
      kind: "signature",
      secret: "a secret of some length",
      signature: { header: "x-signature" },
      encoding: HEX,
      algorithm: HMAC_SHA256,
      signed: "{body}",
    },
  ],
  id: { body: "id" },
  type: { body: "type" },
  attempt: { body: "attempt" },
});
const request = { method: "POST", url: "/", headers: {}, body: new Uint8Array() };

type Call = (options: never) => unknown;

const CALLS: Readonly<Record<string, Call>> = {
  verify: (options) => verify(request, provider, options),
  reconcile,
  posthornDeliveries,
  signRaw: (options) => signRaw(provider, options),
  signRequest: (options) => signRequest(provider, options),
  diagnose: (options) => diagnose(request, provider, options),
};

/** What it throws or rejects with, called as JavaScript would, without the compiler's help. */
async function problemOf(call: Call, options: unknown): Promise<WebhookError> {
  try {
    await (call as (options: unknown) => unknown)(options);
  } catch (error) {
    assert.ok(error instanceof WebhookError, String(error));
    assert.equal(error.code, "CONFIG_INVALID");
    return error;
  }
  throw new assert.AssertionError({ message: `${call.name} takes it` });
}

for (const [name, call] of Object.entries(CALLS)) {
  describe(`${name} does not begin its work`, () => {
    test("with what are no options", async () => {
      const nones = { null: null, string: "options", function: () => 1 };
      for (const [kind, none] of Object.entries(nones)) {
        const { message } = await problemOf(call, none);
        assert.equal(message, `expected the options of ${name} to be an object, got ${kind}`);
      }
    });

    test("with an option that there is not, and says which there are", async () => {
      const { message } = await problemOf(call, { optoin: undefined });
      const form = `^expected the options of ${name} to be of [a-zA-Z]+(, [a-zA-Z]+)+, got optoin$`;
      assert.match(message, new RegExp(form));
    });
  });
}

test("verifyOrThrow says the same as verify, such as of a tolerance, which is the provider's", async () => {
  const options = { toleranceS: 5 } as VerifyOptions;
  await assert.rejects(verifyOrThrow(request, provider, options), {
    code: "CONFIG_INVALID",
    message: "expected the options of verify to be of clock, bodyBytesMax, got toleranceS",
  });
});

test("a limit that is no number lets no body pass", async () => {
  const bodied = { ...request, body: new Uint8Array(1) };
  for (const input of [bodied, new Request("https://shop.example/", { ...bodied })]) {
    const result = await verify(input, provider, { bodyBytesMax: Number("1 MiB") });
    assert.equal(result.kind === "refused" && result.error.code, "BODY_TOO_LARGE");
  }
});

describe("each option that the type has is taken", () => {
  const signing: Required<SignOptions> = {
    body: {},
    type: "paid",
    id: "evt_1",
    nowMs: 0,
    url: "https://shop.example/hooks",
    method: "POST",
    attempt: 1,
    headers: { "x-more": "1" },
    privateKey: "",
    scheme: 0,
    tamper: "secret",
  };

  test("by signRaw and signRequest, verify and diagnose", async () => {
    const { now: clock } = fakeClock(0);
    assert.equal((await signRequest(provider, signing)).headers.get("x-more"), "1");
    const forged = await signRaw(provider, signing);
    const verifying: Required<VerifyOptions> = { clock, bodyBytesMax: 1_000 };
    const result = await verify(forged, provider, verifying);
    assert.equal(result.kind === "refused" && result.error.code, "SIGNATURE_MISMATCH");
    const diagnosing: Required<DiagnoseOptions> = { clock, environment: "test" };
    assert.equal((await diagnose(forged, provider, diagnosing)).length, 1);
  });

  test("by posthornDeliveries and reconcile", async () => {
    const listing: Required<PosthornDeliveriesOptions> = {
      baseUrl: "http://127.0.0.1:1",
      apiKey: "key",
      endpointId: "ep_1",
      sinceMs: 0,
      application: "shop",
      fetch: async () => Response.json({ data: [], next_cursor: null }),
    };
    const reconciling: Required<ReconcileOptions> = {
      ...posthornDeliveries(listing),
      inbox: memoryInbox(),
      endpoint: "shop",
      graceMs: 0,
      nowMs: 0,
      dryRun: true,
      waitMs: 0,
      timers: systemTimers,
    };
    assert.equal((await reconcile(reconciling)).checked, 0);
  });
});
