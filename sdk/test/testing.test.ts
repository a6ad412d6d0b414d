/** The test kit signs as each sender does: what it makes is accepted, and what it spoils is refused. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { describe, test } from "node:test";
import fc from "fast-check";
import { fakeClock, signRaw, signRequest } from "../src/testing/testing.ts";
import type { Tamper } from "../src/testing/testing.ts";
import type { VerifyResult } from "../src/verify/delivery.ts";
import type { RawRequest } from "../src/verify/request.ts";
import { verify } from "../src/verify/verify.ts";
import { NOW_MS } from "./sender.ts";
import { SIGNABLE } from "./signable.ts";
import type { Signable } from "./signable.ts";

const TAMPERS: readonly Tamper[] = ["body", "signature", "timestamp", "id", "secret"];
const at = { clock: () => NOW_MS };

function sign({ provider, options }: Signable, tamper?: Tamper): Promise<RawRequest> {
  return signRaw(provider, { nowMs: NOW_MS, ...options, tamper });
}

function codeOf(result: VerifyResult): string {
  return result.kind === "refused" ? result.error.code : result.kind;
}

test("every provider of the package is signed for here", () => {
  const files = readdirSync(new URL("../src/providers/", import.meta.url));
  const names = files
    .filter((file) => file.endsWith(".ts"))
    .map((file) => file.replace(/\.ts$/u, ""));
  const tried = new Set(SIGNABLE.map(({ provider }) => provider.name));
  assert.deepEqual(
    names.filter((name) => !tried.has(name)),
    [],
  );
});

for (const signable of SIGNABLE) {
  const { name, provider, notices } = signable;
  describe(name, () => {
    test("accepts what is signed for it", async () => {
      assert.equal(codeOf(await verify(await sign(signable), provider, at)), "delivery");
    });

    test("accepts it as a Fetch request, too", async () => {
      const request = await signRequest(provider, { nowMs: NOW_MS, ...signable.options });
      assert.equal(codeOf(await verify(request, provider, at)), "delivery");
    });

    for (const tamper of TAMPERS) {
      if (notices.includes(tamper)) {
        test(`refuses what was tampered with: ${tamper}`, async () => {
          const isToken = notices.length === 2;
          const code = codeOf(await verify(await sign(signable, tamper), provider, at));
          const isDigest = name === "twilio, JSON" && tamper === "body";
          const wanted = isDigest ? "BODY_DIGEST_MISMATCH" : "SIGNATURE_MISMATCH";
          assert.equal(code, isToken ? "TOKEN_MISMATCH" : wanted);
        });
      } else {
        test(`would not notice another ${tamper}, and the kit says so`, async () => {
          await assert.rejects(sign(signable, tamper), {
            code: "CONFIG_INVALID",
            message: /tamper to be of what/,
          });
        });
      }
    }
  });
}

/** Those whose every byte of the body is signed. */
const SIGNED_BYTES = SIGNABLE.filter(
  ({ name, notices }) => notices.includes("body") && !/adyen$|awsSns|mailgun|form/u.test(name),
);

test("one flipped bit anywhere in a signed body is refused, by every provider that signs it", async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...SIGNED_BYTES), fc.nat(), async (signable, seed) => {
      const request = await sign(signable);
      const bit = seed % (request.body.length * 8);
      const body = request.body.map((byte, index) =>
        index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte,
      );
      const result = await verify({ ...request, body }, signable.provider, at);
      assert.equal(result.kind, "refused");
    }),
    { numRuns: 500 },
  );
});

test("whatever headers and body hold, verify never throws, and never takes them for genuine", async () => {
  const junk = fc.oneof(
    fc.string(),
    fc.string({ unit: "binary" }),
    fc.constantFrom("t=,v1=", "v1,", "v0=", "="),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...SIGNABLE),
      fc.infiniteStream(junk),
      fc.uint8Array(),
      async (signable, values, body) => {
        const genuine = await sign(signable);
        const headers: Record<string, string> = {};
        for (const name of Object.keys(genuine.headers)) headers[name] = values.next().value ?? "";
        const result = await verify(
          { ...genuine, url: "https://receiver.test/", headers, body },
          signable.provider,
          at,
        );
        assert.notEqual(result.kind, "delivery");
      },
    ),
    { numRuns: 500 },
  );
});

describe("signing", () => {
  const stripe = find("stripe");
  const github = find("github");

  test("sends texts and bytes exactly as they are", async () => {
    for (const body of ['{"id": 1.0}\n', new Uint8Array([123, 125, 32])]) {
      const request = await signRaw(stripe.provider, { body, nowMs: NOW_MS });
      assert.deepEqual(
        request.body,
        typeof body === "string" ? new TextEncoder().encode(body) : body,
      );
      assert.equal(codeOf(await verify(request, stripe.provider, at)), "delivery");
    }
  });

  test("puts id, type and attempt where the provider reads them", async () => {
    const signable = find("posthorn, topic");
    const request = await signRaw(signable.provider, {
      id: "evt_9",
      type: "a.b",
      attempt: 3,
      body: {},
      nowMs: NOW_MS,
    });
    const result = await verify(request, signable.provider, at);
    assert.equal(result.kind, "delivery");
    const { id, type, attempt } = result.kind === "delivery" ? result.delivery : assert.fail();
    assert.deepEqual({ id, type, attempt }, { id: "evt_9", type: "a.b", attempt: 3 });
  });

  test("does not pretend: an id that can't be put anywhere is an error that says where it has to be", async () => {
    await assert.rejects(signRaw(stripe.provider, { id: "evt_9", body: "{}" }), {
      code: "CONFIG_INVALID",
      message: /expected id to be where stripe reads it; put it into body/,
    });
    await assert.rejects(signRaw(github.provider, { type: "push" }), { code: "CONFIG_INVALID" });
  });

  test("gives equal bodies one id and others another, as a sender's retries have", async () => {
    const idOf = async (body: object): Promise<unknown> =>
      (await signRaw(github.provider, { body })).headers["x-github-delivery" as never];
    assert.equal(await idOf({ a: 1 }), await idOf({ a: 1 }));
    assert.notEqual(await idOf({ a: 1 }), await idOf({ a: 2 }));
  });

  test("at another time than the receiver's gives the codes for that", async () => {
    const clock = fakeClock(NOW_MS);
    const request = await signRaw(stripe.provider, { body: {}, nowMs: clock.now() });
    const code = async (): Promise<string> =>
      codeOf(await verify(request, stripe.provider, { clock: clock.now }));
    clock.advance(300_000);
    assert.equal(await code(), "delivery");
    clock.advance(1_000);
    assert.equal(await code(), "TIMESTAMP_TOO_OLD");
    clock.advance(-602_000);
    assert.equal(await code(), "TIMESTAMP_TOO_NEW");
  });

  test("with a public key needs the private one", async () => {
    const { provider } = find("discord");
    await assert.rejects(signRaw(provider, { body: {} }), {
      message: /expected privateKey, since ed25519 keys only verify/,
    });
    await assert.rejects(signRaw(provider, { body: {}, privateKey: "nonsense" }), {
      code: "SECRET_INVALID",
    });
  });

  test("needs a provider that is declared", async () => {
    const provider = { name: "own", methods: ["POST"], check: stripe.provider.check };
    await assert.rejects(signRaw(provider), {
      message: /expected a provider made by defineProvider/,
    });
  });
});

function find(name: string): Signable {
  return SIGNABLE.find((signable) => signable.name === name) ?? assert.fail(name);
}
