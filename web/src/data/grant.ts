/** The grant that the egress guard's own sentence names; null where it names none. See daemon/egress/guard.ts. */
export function grantIn(sentence: string): string | null {
  return /\badd (\S+) to POSTHORN_EGRESS_ALLOW/.exec(sentence)?.[1] ?? null;
}
