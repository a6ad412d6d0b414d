const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";
const TIME_DIGITS = 10;

/** When an id of the daemon's making was made: its first ten digits are the time. Null for a producer's own id. */
export function madeAtMs(id: string): number | null {
  const digits = /^[a-z]{2,3}_([0-9a-hjkmnp-tv-z]{26})$/.exec(id)?.[1]?.slice(0, TIME_DIGITS);
  if (digits === undefined) return null;
  return Array.from(digits).reduce((sum, digit) => sum * 32 + DIGITS.indexOf(digit), 0);
}
