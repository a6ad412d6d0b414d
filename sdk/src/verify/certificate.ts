/** What is needed of an X.509 certificate: the key, as SPKI, and when it may be used. */
export interface Certificate {
  readonly spki: Uint8Array;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

const SEQUENCE = 0x30;
const PEM = /-----BEGIN CERTIFICATE-----([\sA-Za-z0-9+/=]+)-----END CERTIFICATE-----/;

/**
 * Reads the certificate in a file, DER or PEM; of several in a PEM the first, which is the signer's own. Null where it is
 * none. Its issuer's signature, its names and its extensions are not looked at: trust has to come from where the file is from.
 */
export function readCertificate(file: Uint8Array): Certificate | null {
  const der = file[0] === SEQUENCE ? file : derFromPem(file);
  if (der === null) return null;
  const [whole, ...others] = elements(der);
  if (whole?.tag !== SEQUENCE || others.length > 0) return null;
  const [signed, algorithm, signature] = elements(whole.content);
  if (signed?.tag !== SEQUENCE || algorithm?.tag !== SEQUENCE || signature?.tag !== 0x03)
    return null;
  return readSigned(signed.content);
}

/** version (unless 1), serial number, algorithm, issuer, validity, subject, key, and what we don't read. */
function readSigned(content: Uint8Array): Certificate | null {
  const fields = elements(content);
  const isVersioned = fields[0]?.tag === 0xa0;
  const [serial, , , validity, , spki] = isVersioned ? fields.slice(1) : fields;
  if (serial?.tag !== 0x02 || validity?.tag !== SEQUENCE || spki?.tag !== SEQUENCE) return null;
  const [notBeforeMs = NaN, notAfterMs = NaN] = elements(validity.content).map(timeMs);
  if (Number.isNaN(notBeforeMs + notAfterMs)) return null;
  return { spki: spki.whole, notBeforeMs, notAfterMs };
}

interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly whole: Uint8Array;
}

/** What stands side by side in a piece of DER; nothing, where the piece is not DER to its last byte. */
function elements(der: Uint8Array): readonly Element[] {
  const found: Element[] = [];
  let at = 0;
  while (at < der.length) {
    const start = contentStart(der, at);
    const end = start === null ? null : start.at + start.length;
    if (start === null || end === null || end > der.length) return [];
    const tag = der[at] ?? 0;
    found.push({ tag, content: der.subarray(start.at, end), whole: der.subarray(at, end) });
    at = end;
  }
  return found;
}

/** Lengths have up to three bytes, in their shortest form: 16 MiB is more than any file we read. */
function contentStart(der: Uint8Array, at: number): { at: number; length: number } | null {
  const first = der[at + 1] ?? 0xff;
  if (first < 0x80) return { at: at + 2, length: first };
  const count = first - 0x80;
  if (count < 1 || count > 3) return null;
  let length = 0;
  for (let index = 0; index < count; index++) length = length * 256 + (der[at + 2 + index] ?? 0);
  const isShortest = length >= (count === 1 ? 0x80 : 256 ** (count - 1));
  return isShortest ? { at: at + 2 + count, length } : null;
}

/** UTCTime `YYMMDDhhmmssZ` (of 1950 to 2049), GeneralizedTime `YYYYMMDDhhmmssZ`. */
function timeMs({ tag, content }: Element): number {
  const text = String.fromCharCode(...content.subarray(0, 16));
  const century = text < "50" ? "20" : "19";
  const digits = tag === 0x17 ? century + text : tag === 0x18 ? text : "";
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(digits);
  if (parts === null) return NaN;
  const [, year, month, day, hour, minute, second] = parts;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

function derFromPem(file: Uint8Array): Uint8Array | null {
  const base64 = PEM.exec(new TextDecoder().decode(file))?.[1];
  if (base64 === undefined) return null;
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}
