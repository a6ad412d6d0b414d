/**
 * What the operator is told to allow. An attempt is stored with its message alone, so whoever needs the grant itself reads it
 * out of these words, here and nowhere else: a column for it would cost every attempt a byte for a case that few ever have.
 */

/** The part of a refusal's message that says what would open it. */
export function grantAdvice(grant: string): string {
  return `add ${grant} to POSTHORN_EGRESS_ALLOW or to the endpoint's egress_allow`;
}

/** The grant that a stored message advises; null where it advises none, since nothing should open it. */
export function grantAdvised(message: string | null): string | null {
  return /\badd (\S+) to POSTHORN_EGRESS_ALLOW\b/.exec(message ?? "")?.[1] ?? null;
}
