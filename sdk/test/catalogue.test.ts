/** Every sender whose signature stands in a header, by the rules of the catalogue: what is taken, what is refused, and how strictly. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { type VerifyResult, verify } from "../src/index.ts";
import { NOW_S, type Row, ROWS } from "./catalogue-rows.ts";

type Headers = Readonly<Record<string, string | readonly string[]>>;

async function check({ provider }: Row, headers: Headers, body: string): Promise<VerifyResult> {
  const request = { method: "POST", url: "https://a.test/", headers, body: Buffer.from(body) };
  return verify(request, provider, { clock: () => NOW_S * 1_000 });
}

async function codeOf(one: Row, headers: Headers, body: string): Promise<string> {
  const result = await check(one, headers, body);
  return result.kind === "refused" ? result.error.code : result.kind;
}

for (const one of ROWS) {
  const text = JSON.stringify(one.body);
  const signed = one.sign(text, NOW_S);
  const signature = signed[one.header] ?? assert.fail(`${one.name} has no ${one.header}`);
  const withSignature = (changed: string | readonly string[]): Headers => ({
    ...signed,
    [one.header]: changed,
  });

  describe(`${one.name}, signed by the catalogue's rule,`, () => {
    test("is taken, with the id that its retries share and its type", async () => {
      const result = await check(one, signed, text);
      assert.equal(result.kind, "delivery", JSON.stringify(result));
      const { id, type } = result.kind === "delivery" ? result.delivery : assert.fail();
      if (typeof one.id === "string") assert.equal(id, one.id);
      else assert.match(id, one.id);
      assert.equal(type, one.type);
    });

    test("is taken whatever case its header names have, and with white space around values", async () => {
      const loud = Object.entries(signed).map(([name, value]) => [
        name.toUpperCase(),
        ` ${value}\t`,
      ]);
      assert.equal(await codeOf(one, Object.fromEntries(loud), text), "delivery");
    });

    test("is refused with one byte more, one byte less, and another last byte", async () => {
      for (const other of [`${text}\n`, text.slice(0, -1), `${text.slice(0, -1)} `]) {
        assert.match(await codeOf(one, signed, other), /^(SIGNATURE_MISMATCH|TIMESTAMP_MISSING)$/);
      }
    });

    test("is not taken for its empty body's signature, and an empty body's is genuine", async () => {
      const empty = one.sign("", NOW_S);
      assert.match(await codeOf(one, empty, text), /^SIGNATURE_MISMATCH$/);
      assert.match(await codeOf(one, empty, ""), /^(delivery|BODY_INVALID|TIMESTAMP_MISSING)$/);
    });

    test("has its signature read strictly", async () => {
      const bare = one.writing === "hex" ? /[0-9a-f]{40,64}$/ : /[A-Za-z0-9+/]{43}=$/;
      const digits = bare.exec(signature)?.[0] ?? assert.fail();
      const before = signature.slice(0, -digits.length);
      if (one.writing === "hex") {
        assert.equal(
          await codeOf(one, withSignature(before + digits.toUpperCase()), text),
          "delivery",
        );
      }
      const spoiled = [
        digits.slice(0, -1),
        `${digits}=`,
        `${digits}00`,
        digits.slice(0, 20),
        `!${digits.slice(1)}`,
      ];
      for (const other of [...spoiled, ""]) {
        const code = await codeOf(one, withSignature(before + other), text);
        assert.match(code, /^(SIGNATURE_MISMATCH|HEADER_MALFORMED|HEADER_MISSING)$/, other);
      }
    });

    test("is not taken without its signature, and no junk there is anything but refused", async () => {
      const { [one.header]: _, ...rest } = signed;
      assert.equal(await codeOf(one, rest, text), "HEADER_MISSING");
      for (const junk of [
        " ",
        ",",
        ";",
        "=",
        "v1=",
        "t=",
        "sha256=",
        "\u0000",
        "a".repeat(9_000),
      ]) {
        const result = await check(one, withSignature(junk), text);
        assert.ok(result.kind === "refused" && result.error.status < 500, junk);
      }
      for (const twice of [[], ["", ""], ["x", "y"]]) {
        const result = await check(one, withSignature(twice), text);
        assert.ok(result.kind === "refused" && result.error.status < 500);
      }
    });

    const { toleranceS } = one;
    if (toleranceS === undefined) return;
    test(`is taken up to ${toleranceS} s before and after, and not a second more`, async () => {
      for (const [offsetS, code] of [
        [-toleranceS, "delivery"],
        [toleranceS, "delivery"],
        [-toleranceS - 1, "TIMESTAMP_TOO_OLD"],
        [toleranceS + 1, "TIMESTAMP_TOO_NEW"],
      ] as const) {
        assert.equal(await codeOf(one, one.sign(text, NOW_S + offsetS), text), code, `${offsetS}`);
      }
    });
  });
}
