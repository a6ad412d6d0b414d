import nodeCrypto, { createHmac } from "node:crypto";
import type { KeyObject } from "node:crypto";

/** Node 20.12 and newer, hence asked for at run time. */
const hashAtOnce: typeof nodeCrypto.hash | undefined = nodeCrypto.hash;
const BLOCK_BYTES = 64;
const HASH_BYTES = 32;
/** Above that, copying the message costs more than what `createHmac` makes. */
const SHORT_BYTES_MAX = 8_192;
/** Where short messages are put together: nothing waits in between, so one is enough for all. */
const SCRATCH = Buffer.alloc(SHORT_BYTES_MAX);

/** The key as HMAC hashes it before the message, and before the hash of the message, which has its room there. */
interface Pads {
  readonly inner: Buffer;
  readonly outer: Buffer;
}

const padsByKey = new WeakMap<KeyObject, Pads>();

/**
 * HMAC-SHA256 (RFC 2104) of `head` and then `body`. Of a short message by two hashes at once: of a signed kilobyte the two
 * objects that `createHmac` makes, a stream and one of OpenSSL's, were half of the cost.
 */
export function hmacSha256(
  key: KeyObject,
  head: string,
  body: Uint8Array,
  encoding: "base64" | "hex",
): string {
  const bytesMax = BLOCK_BYTES + 3 * head.length + body.length;
  if (hashAtOnce === undefined || bytesMax > SHORT_BYTES_MAX) {
    return createHmac("sha256", key).update(head).update(body).digest(encoding);
  }
  const { inner, outer } = padsOf(key);
  SCRATCH.set(inner);
  const at = BLOCK_BYTES + SCRATCH.write(head, BLOCK_BYTES);
  SCRATCH.set(body, at);
  const message = new Uint8Array(SCRATCH.buffer, SCRATCH.byteOffset, at + body.length);
  outer.write(hashAtOnce("sha256", message, "binary"), BLOCK_BYTES, "latin1");
  return hashAtOnce("sha256", outer, encoding);
}

function padsOf(key: KeyObject): Pads {
  const known = padsByKey.get(key);
  if (known !== undefined) return known;
  const secret = key.export();
  const short = secret.length > BLOCK_BYTES ? hashOf(secret) : secret;
  const inner = Buffer.alloc(BLOCK_BYTES, 0x36);
  const outer = Buffer.alloc(BLOCK_BYTES + HASH_BYTES, 0x5c);
  for (const [at, byte] of short.entries()) {
    inner[at] = byte ^ 0x36;
    outer[at] = byte ^ 0x5c;
  }
  const pads = { inner, outer };
  padsByKey.set(key, pads);
  return pads;
}

function hashOf(bytes: Uint8Array): Buffer {
  return nodeCrypto.createHash("sha256").update(bytes).digest();
}
