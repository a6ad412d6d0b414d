/** How a secret is written; `name` is for messages. */
export interface Form {
  readonly name: string;
  /** The bytes that the text stands for, or null. */
  readonly decode: (text: string) => Uint8Array | null;
  /** What a text has to be, for the message about one that is not; default `name`. */
  readonly wanted?: string;
  /** Fewer bytes are no secret of this form; default 1. */
  readonly bytesMin?: number;
}

/**
 * How a signature is written. A value and not a word, so that nobody carries the decoders of others. Strict: hex in either
 * case with two digits a byte; base64 with its padding and nothing beside; base64url without padding. A lenient reader turns
 * a mistyped key into a short one.
 */
export interface Encoding extends Form {
  readonly name: EncodingName;
}

/** `text`: as UTF-8, with nothing to decode. */
export type EncodingName = "hex" | "base64" | "base64url" | "text";

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

export const utf8 = (text: string): Uint8Array => ENCODER.encode(text);

/** UTF-8 as text; what is none becomes U+FFFD. */
export const utf8Text = (bytes: Uint8Array): string => DECODER.decode(bytes);

export const TEXT: Encoding = { name: "text", decode: utf8 };
export const HEX: Encoding = { name: "hex", decode: decodeHex };
export const BASE64: Encoding = { name: "base64", decode: decodeBase64 };
export const BASE64URL: Encoding = { name: "base64url", decode: decodeBase64Url };
/** Base64 after an optional `whsec_`, itself after an optional `v1,`. */
export const WHSEC: Form = {
  name: "whsec",
  wanted: "whsec_ and base64 of 16 bytes or more",
  decode: (text) => decodeBase64(text.replace(/^(v1,)?whsec_/, "")),
  // "whsec_test" is base64 as well; so short, it is no key but a text of another scheme.
  bytesMin: 16,
};

/** The inverse of an encoding's `decode`; hex in lower case. */
export function encode(encoding: EncodingName, bytes: Uint8Array): string {
  if (encoding === "text") return utf8Text(bytes);
  if (encoding === "hex") return hexOf(bytes);
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  const base64 = btoa(text);
  if (encoding === "base64") return base64;
  return base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** In lower case. */
export function hexOf(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

function decodeHex(text: string): Uint8Array | null {
  if (text.length % 2 !== 0) return null;
  const bytes = new Uint8Array(text.length / 2);
  for (let at = 0; at < bytes.length; at++) {
    const value = (digit(text.charCodeAt(2 * at)) << 4) | digit(text.charCodeAt(2 * at + 1));
    if (value < 0) return null;
    bytes[at] = value;
  }
  return bytes;
}

/** The value of a hex digit, or -1, whose sign survives shifting and joining. */
function digit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function decodeBase64(text: string): Uint8Array | null {
  try {
    const binary = atob(text);
    // `atob` forgives white space, lacking padding and stray bits; the way back shows them.
    if (btoa(binary) !== text) return null;
    const bytes = new Uint8Array(binary.length);
    for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at);
    return bytes;
  } catch {
    return null;
  }
}

function decodeBase64Url(text: string): Uint8Array | null {
  if (/[+/=]/.test(text)) return null;
  const standard = text.replaceAll("-", "+").replaceAll("_", "/");
  return decodeBase64(standard.padEnd(Math.ceil(text.length / 4) * 4, "="));
}
