import assert from "node:assert/strict";
import { createHmac, createSecretKey } from "node:crypto";
import { test } from "node:test";

import { hmacSha256 } from "../src/wire/hmac.ts";

for (const keyBytes of [1, 32, 63, 64, 65, 1_024]) {
  test(`with a key of ${keyBytes} bytes, messages of any length are signed as node:crypto signs them`, () => {
    const key = createSecretKey(Buffer.alloc(keyBytes, "the key "));
    for (const bytes of [0, 1, 55, 64, 1_000, 8_000, 8_100, 8_192, 70_000]) {
      const body = Buffer.alloc(bytes, "body ");
      for (const head of ["", "evt_1.1800000000.", "à".repeat(20)]) {
        for (const encoding of ["base64", "hex"] as const) {
          const expected = createHmac("sha256", key).update(head).update(body).digest(encoding);
          assert.equal(hmacSha256(key, head, body, encoding), expected, `${bytes} ${head}`);
        }
      }
    }
  });
}
