import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import fc from "fast-check";
import type { Provider } from "../src/verify/provider.ts";
import type { VerifyResult } from "../src/verify/delivery.ts";
import type { WebhookErrorCode } from "../src/verify/error.ts";
import { verify as verifyHere } from "../src/verify/verify.ts";
import { importWithWebCrypto } from "./web-variant.ts";

/** What tests of providers share: both cryptographies, requests as a sender makes them, and the two properties of each scheme. */

export const NOW_S = 1_795_320_310;
export const NOW_MS = NOW_S * 1_000;

export interface Sent {
  readonly method?: string;
  readonly url?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** A provider's module and `verify`, from one copy of the SDK: errors are recognised by their class. */
export interface Variant<Module> {
  readonly crypto: string;
  readonly provider: Module;
  readonly check: <E>(
    sent: Sent,
    provider: Provider<E>,
    nowMs?: number,
  ) => Promise<VerifyResult<E>>;
}

export async function variantsOf<Module>(
  name: string,
  here: Module,
): Promise<readonly Variant<Module>[]> {
  const there = await importWithWebCrypto<Module>(
    new URL(`../src/providers/${name}.ts`, import.meta.url),
  );
  const { verify: verifyThere } = await importWithWebCrypto<{ verify: typeof verifyHere }>(
    new URL("../src/verify/verify.ts", import.meta.url),
  );
  return [
    { crypto: "node:crypto", provider: here, check: checkWith(verifyHere) },
    { crypto: "WebCrypto", provider: there, check: checkWith(verifyThere) },
  ];
}

function checkWith(verify: typeof verifyHere): Variant<unknown>["check"] {
  return (
    { method = "POST", url = "https://receiver.test/hook", headers, body },
    provider,
    nowMs = NOW_MS,
  ) => verify({ method, url, headers, body: bytesOf(body) }, provider, { clock: () => nowMs });
}

export function bytesOf(body: string | Uint8Array): Uint8Array {
  return typeof body === "string" ? new TextEncoder().encode(body) : body;
}

export function hmacBase64(
  hash: string,
  key: string | Uint8Array,
  ...parts: readonly (string | Uint8Array)[]
): string {
  const mac = createHmac(hash, key);
  for (const part of parts) mac.update(part);
  return mac.digest("base64");
}

export function codeOf(result: VerifyResult): WebhookErrorCode | "accepted" {
  return result.ok ? "accepted" : result.error.code;
}

export function deliveryOf<E>(result: VerifyResult<E>) {
  assert.ok(
    result.kind === "delivery",
    result.kind === "refused" ? result.error.message : result.kind,
  );
  return result.delivery;
}

export function answerOf(result: VerifyResult) {
  assert.ok(
    result.kind === "handshake",
    result.kind === "refused" ? result.error.message : result.kind,
  );
  return result.answer;
}

/** Every bit of the body is signed: whichever is flipped, the request is refused, and not for a fault of ours. */
export async function assertBodySigned<E>(
  { check }: Variant<unknown>,
  sent: Sent,
  provider: Provider<E>,
): Promise<void> {
  assert.ok((await check(sent, provider)).ok, "genuine as it was sent");
  const whole = bytesOf(sent.body);
  for (let bit = 0; bit < whole.length * 8; bit++) {
    const body = Uint8Array.from(whole);
    body[bit >> 3] = (body[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assertRefused(await check({ ...sent, body }, provider), `bit ${bit} of the body`);
  }
}

/** Every bit of these headers is signed, or the signature itself. */
export async function assertHeadersSigned<E>(
  { check }: Variant<unknown>,
  sent: Sent,
  provider: Provider<E>,
  names: readonly string[],
): Promise<void> {
  for (const name of names) {
    const value = sent.headers[name] ?? "";
    assert.notEqual(value, "");
    for (let bit = 0; bit < value.length * 7; bit++) {
      const at = Math.floor(bit / 7);
      const letter = String.fromCharCode(value.charCodeAt(at) ^ (1 << (bit % 7)));
      const headers = {
        ...sent.headers,
        [name]: value.slice(0, at) + letter + value.slice(at + 1),
      };
      assertRefused(await check({ ...sent, headers }, provider), `bit ${bit} of ${name}`);
    }
    const { [name]: _, ...headers } = sent.headers;
    assertRefused(await check({ ...sent, headers }, provider), `without ${name}`);
  }
}

export function assertRefused(result: VerifyResult, what: string): void {
  assert.equal(result.ok, false, `${what} was accepted`);
  assert.notEqual(codeOf(result), "CONFIG_INVALID", what);
}

/** Whatever comes, there is an answer, and it is no fault of ours. */
export async function assertJunkRefused<E>(
  { check }: Variant<unknown>,
  provider: Provider<E>,
  headerNames: readonly string[],
): Promise<void> {
  const value = fc.oneof(
    fc.string(),
    fc.string({ unit: "binary" }),
    fc.base64String(),
    fc.stringMatching(/^[0-9a-f]{0,80}$/),
    fc.nat().map(String),
  );
  const body = fc.oneof(fc.string(), fc.uint8Array(), fc.json(), fc.webQueryParameters());
  const headers = fc.record(Object.fromEntries(headerNames.map((name) => [name, value])), {
    requiredKeys: [],
  });
  const url = fc.oneof(fc.string(), fc.webUrl({ withQueryParameters: true }));
  const types = fc.constantFrom(
    "application/json",
    "application/x-www-form-urlencoded",
    "text/plain",
  );
  await fc.assert(
    fc.asyncProperty(headers, types, body, url, async (given, type, content, address) => {
      const sent = {
        headers: { ...given, "content-type": type } as Record<string, string>,
        body: content,
        url: address,
      };
      assertRefused(await check(sent, provider), "junk");
    }),
    { numRuns: 150 },
  );
}
