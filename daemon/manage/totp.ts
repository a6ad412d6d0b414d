import { Secret, TOTP } from "otpauth";

const ISSUER = "Posthorn";
/** What RFC 6238 recommends, and all that every authenticator can do. */
const PERIOD_S = 30;
const DIGITS = 6;
/** A clock may be one step wrong, either way (RFC 6238, section 5.2). */
const WINDOW = 1;
const SECRET_BYTES = 20;

/** A second factor's secret in base 32, as people type it, and as the link that authenticators scan. */
export function newTotp(
  name: string,
  randomBytes: (count: number) => Uint8Array,
): { secret: string; uri: string } {
  const secret = new Secret({ buffer: Uint8Array.from(randomBytes(SECRET_BYTES)).buffer });
  return { secret: secret.base32, uri: totp(secret, name).toString() };
}

/**
 * The time step whose code this is, or null. A step that is not after `lastStep` was used before and is no answer: whoever read
 * a code over a shoulder can't use it again (RFC 6238, section 5.2).
 */
export function totpStep(
  base32: string,
  code: string,
  lastStep: number,
  nowMs: number,
): number | null {
  if (!/^\d{6}$/.test(code)) return null;
  const delta = totp(Secret.fromBase32(base32), "").validate({
    token: code,
    timestamp: nowMs,
    window: WINDOW,
  });
  if (delta === null) return null;
  const step = Math.floor(nowMs / 1_000 / PERIOD_S) + delta;
  return step > lastStep ? step : null;
}

function totp(secret: Secret, label: string): TOTP {
  return new TOTP({
    issuer: ISSUER,
    label,
    algorithm: "SHA1",
    digits: DIGITS,
    period: PERIOD_S,
    secret,
  });
}
