/** Sizes and spans of time as people write them. */

const BYTES: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

const MILLISECONDS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  min: 60_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * `262144`, `256KiB`, `8 MB`: whole bytes, the unit in any case; null for anything else. Decimal
 * units are decimal.
 */
export function parseBytes(text: string): number | null {
  return parseQuantity(text, BYTES);
}

/**
 * `500ms`, `30s`, `5min`, `2h`, `30d`: whole milliseconds; null for anything else. A bare number is
 * in `bareUnit`.
 */
export function parseDurationMs(text: string, bareUnit: "ms" | "s" | "d"): number | null {
  return parseQuantity(text, { ...MILLISECONDS, "": MILLISECONDS[bareUnit] ?? 1 });
}

function parseQuantity(text: string, units: Readonly<Record<string, number>>): number | null {
  const [, digits, unit] = /^\s*(\d{1,16}(?:\.\d{1,6})?)\s*([a-z]*)\s*$/i.exec(text) ?? [];
  const factor = unit === undefined ? undefined : units[unit.toLowerCase()];
  if (digits === undefined || factor === undefined) return null;
  const value = Number(digits) * factor;
  return Number.isSafeInteger(value) ? value : null;
}

/** `256 KiB`, `1.5 GiB`: for people. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = "B";
  for (const next of ["KiB", "MiB", "GiB", "TiB"]) {
    if (value < 1024) break;
    value /= 1024;
    unit = next;
  }
  return `${Number(value.toFixed(1))} ${unit}`;
}
