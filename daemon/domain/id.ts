/**
 * Ids: a prefix that says what it is, and a ULID in lower case: 10 characters of milliseconds, 16 of chance. They sort by
 * time of creation and hold no dot, since Standard Webhooks signs `id.timestamp.body`.
 */
export type IdPrefix =
  | "app"
  | "ep"
  | "evt"
  | "dlv"
  | "att"
  | "key"
  | "src"
  | "sec"
  | "acc"
  | "ses"
  | "aud";

// Crockford's base 32, as the ULID specification (github.com/ulid/spec) has it, in lower case.
const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";
const RANDOM_BYTES = 10;

/** Makes ids. Within one millisecond each id is greater than the one before it, so that order of creation is kept. */
export interface IdMaker {
  next(prefix: IdPrefix): string;
}

/** Needs the time in milliseconds and a source of random bytes. */
export function createIdMaker(
  nowMs: () => number,
  randomBytes: (count: number) => Uint8Array,
): IdMaker {
  let lastMs = -1;
  // Two halves of 40 bits: numbers stay exact, and an id of the same millisecond costs one addition and the digits of one half.
  let high = 0;
  let low = 0;
  let front = "";
  return {
    next(prefix) {
      const ms = Math.max(nowMs(), lastMs);
      if (ms !== lastMs) {
        lastMs = ms;
        const bytes = randomBytes(RANDOM_BYTES);
        high = fortyBits(bytes, 0);
        low = fortyBits(bytes, 5);
        front = encode(ms, 10) + encode(high, 8);
      } else {
        low += 1;
        if (low >= 2 ** 40) {
          low = 0;
          high = (high + 1) % 2 ** 40;
          front = encode(ms, 10) + encode(high, 8);
        }
      }
      return `${prefix}_${front}${encode(low, 8)}`;
    },
  };
}

function fortyBits(bytes: Uint8Array, offset: number): number {
  let value = 0;
  for (let i = 0; i < 5; i++) value = value * 256 + (bytes[offset + i] ?? 0);
  return value;
}

function encode(value: number, length: number): string {
  let text = "";
  let rest = value;
  for (let i = 0; i < length; i++) {
    text = DIGITS[rest % 32] + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

/** Whether the text is an id that this daemon could have made under the prefix. */
export function isId(prefix: IdPrefix, text: string): boolean {
  return (
    text.startsWith(`${prefix}_`) &&
    /^[0-7][0-9a-hjkmnp-tv-z]{25}$/.test(text.slice(prefix.length + 1))
  );
}
