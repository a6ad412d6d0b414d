/** Declarations of one's own: times and lists of signatures are read wherever a declaration says that they stand. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, test } from "node:test";

import { defineProvider, HEX, HMAC_SHA256, verify } from "../src/index.ts";
import type { SignatureScheme } from "../src/index.ts";

const SECRET = "a secret of some length";
const NOW_S = 1_770_000_000;
const BODY = `{"at":"${NOW_S}"}`;

function macOf(signed: string): string {
  return createHmac("sha256", SECRET).update(signed).digest("hex");
}

const BY_TIME = macOf(`${NOW_S}.${BODY}`);
const OTHER = macOf("another body");

/** What comes of a request with these headers under this declaration: `genuine`, or why it is not. */
async function outcomeOf(
  part: Partial<SignatureScheme>,
  headers: Readonly<Record<string, string>>,
  nowS = NOW_S,
): Promise<string> {
  const provider = defineProvider({
    name: "acme",
    schemes: [
      {
        kind: "signature",
        secret: SECRET,
        signature: { header: "x-signature" },
        encoding: HEX,
        algorithm: HMAC_SHA256,
        signed: "{timestamp}.{body}",
        ...part,
      },
    ],
  });
  const body = new TextEncoder().encode(BODY);
  const request = { method: "POST", url: "/", headers, body };
  const result = await verify(request, provider, { clock: () => nowS * 1_000 });
  return result.kind === "refused" ? `${result.error.code}: ${result.error.message}` : "genuine";
}

describe("a time", () => {
  const inHeader = { timestamp: { from: { header: "x-time" }, unit: "s" } } as const;
  const inBody = { timestamp: { from: { body: "at" }, unit: "s" } } as const;
  const signature = { "x-signature": BY_TIME };

  test("in a header of its own has to be there and within the window", async () => {
    const headers = { ...signature, "x-time": `${NOW_S}` };
    assert.equal(await outcomeOf(inHeader, headers), "genuine");
    assert.match(await outcomeOf(inHeader, headers, NOW_S + 301), /^TIMESTAMP_TOO_OLD: /);
    assert.match(await outcomeOf(inHeader, headers, NOW_S - 301), /^TIMESTAMP_TOO_NEW: /);
    const without = await outcomeOf(inHeader, signature);
    assert.equal(without, "HEADER_MISSING: expected the header x-time, got none");
  });

  test("in the body counts only once the signature fits", async () => {
    assert.equal(await outcomeOf(inBody, signature), "genuine");
    assert.match(await outcomeOf(inBody, signature, NOW_S + 301), /^TIMESTAMP_TOO_OLD: /);
    const forged = await outcomeOf(inBody, { "x-signature": OTHER }, NOW_S + 301);
    assert.match(forged, /^SIGNATURE_MISMATCH: /);
  });

  test("may be of any age where the declaration has no tolerance", async () => {
    const timestamp = { ...inBody.timestamp, toleranceS: null };
    assert.equal(await outcomeOf({ timestamp }, signature, 0), "genuine");
  });
});

describe("a list", () => {
  test("is taken apart at its separator, and one signature of it has to fit", async () => {
    const list = { separator: ";", signed: "{body}" };
    const headers = { "x-signature": `${OTHER}; ${macOf(BODY)}` };
    assert.equal(await outcomeOf(list, headers), "genuine");
    assert.match(await outcomeOf({ signed: "{body}" }, headers), /^SIGNATURE_MISMATCH: /);
  });

  const item = { prefix: "v1=", timestamp: { from: { item: "t=" }, unit: "s" } } as const;

  test("with a time among its items has a comma between them if nothing else is declared", async () => {
    const headers = { "x-signature": `t=${NOW_S}, v0=${OTHER},v1=${BY_TIME}` };
    assert.equal(await outcomeOf(item, headers), "genuine");
    assert.match(await outcomeOf(item, headers, NOW_S + 301), /^TIMESTAMP_TOO_OLD: /);
    const other = { "x-signature": `v1=${BY_TIME}|t=${NOW_S}` };
    assert.equal(await outcomeOf({ ...item, separator: "|" }, other), "genuine");
  });

  test("with a time among its items has exactly one, and a signature beside it", async () => {
    for (const [times, count] of [
      ["", 0],
      [`t=${NOW_S},t=${NOW_S},`, 2],
    ]) {
      assert.equal(
        await outcomeOf(item, { "x-signature": `${times}v1=${BY_TIME}` }),
        `HEADER_MALFORMED: expected the header x-signature to have one item t=…, got ${count}`,
      );
    }
    assert.equal(
      await outcomeOf(item, { "x-signature": `t=${NOW_S}` }),
      "HEADER_MALFORMED: expected the header x-signature to have a signature v1=…, got none",
    );
  });
});
