import { BASE64, encode, utf8 } from "../verify/codec.ts";
import type { Fetch } from "../verify/fetch.ts";
import { WebhookError } from "../verify/webhook-error.ts";

/**
 * The network of `paypal` and `awsSns` in a test: whatever address is asked for, a certificate of this key is there, valid
 * until 2049 and signed by nobody. `publicKey`: SPKI of an RSA key, as DER or PEM.
 */
export function certificateFetch(publicKey: string | Uint8Array): Fetch {
  const spki = typeof publicKey === "string" ? derOfPem(publicKey) : publicKey;
  const pem = `-----BEGIN CERTIFICATE-----\n${encode("base64", Uint8Array.from(certificateOf(spki)))}\n-----END CERTIFICATE-----\n`;
  return () => Promise.resolve(new Response(pem));
}

const PEM = /^\s*-----BEGIN PUBLIC KEY-----([\sA-Za-z0-9+/=]+)-----END PUBLIC KEY-----\s*$/;

function derOfPem(text: string): Uint8Array {
  const der = BASE64.decode((PEM.exec(text)?.[1] ?? "?").replace(/\s/g, ""));
  if (der !== null) return der;
  throw new WebhookError(
    "CONFIG_INVALID",
    "expected publicKey to be a PEM public key, got other text",
  );
}

const SEQUENCE = 0x30;
const UTC_TIME = 0x17;

function certificateOf(spki: Uint8Array): readonly number[] {
  const name = element(SEQUENCE);
  const algorithm = element(SEQUENCE, element(0x06, [0x2a, 3]));
  const validity = element(SEQUENCE, time("000101000000Z"), time("491231235959Z"));
  const version = element(0xa0, element(0x02, [2]));
  const fields = [version, element(0x02, [1]), algorithm, name, validity, name, [...spki]];
  return element(SEQUENCE, element(SEQUENCE, ...fields), algorithm, element(0x03, [0]));
}

function time(text: string): readonly number[] {
  return element(UTC_TIME, [...utf8(text)]);
}

/** Lengths up to 65,535, which is a key of half a million bits. */
function element(tag: number, ...contents: readonly (readonly number[])[]): readonly number[] {
  const content = contents.flat();
  const { length } = content;
  if (length < 0x80) return [tag, length, ...content];
  if (length < 0x100) return [tag, 0x81, length, ...content];
  return [tag, 0x82, length >> 8, length & 0xff, ...content];
}
