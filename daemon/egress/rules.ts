/** What this room says of settings before anything is sent: to whoever makes an endpoint. */
import { expected } from "../domain/errors.ts";
import type { Parsed } from "../domain/parsed.ts";
import { opensMetadata, parseGrant, readGrants } from "./grant.ts";
import { checkAddress } from "./guard.ts";
import { checkUrl } from "./target.ts";

export interface EgressRules {
  /** The URL in the one spelling that is stored and sent to. */
  readUrl(url: string): Parsed<string>;
  /** One sentence about what is wrong with the text, or null. */
  checkGrant(text: string): string | null;
  /** Why the guard will refuse this URL under these grants and the instance's, where no look-up is needed to know. */
  foresee(url: string, grants: readonly string[]): string | null;
}

/**
 * As `checkGrant`, for a grant that is given to every endpoint at once: a metadata address is never among those, not even by its
 * port, since whoever makes an endpoint could read the machine's credentials by it.
 */
export function checkGrantForAll(text: string): string | null {
  const parsed = parseGrant(text);
  if (parsed.kind === "problem") return parsed.message;
  if (!opensMetadata(parsed.grant)) return null;
  return expected("an egress grant for every endpoint", "no metadata address", text);
}

export function egressRules(instanceGrants: () => readonly string[]): EgressRules {
  return {
    readUrl(url) {
      const checked = checkUrl(url);
      if (checked.kind === "problem") return { ok: false, problem: checked.message };
      return { ok: true, value: checked.href };
    },
    checkGrant(text) {
      const parsed = parseGrant(text);
      return parsed.kind === "problem" ? parsed.message : null;
    },
    foresee(url, grants) {
      const checked = checkUrl(url);
      if (checked.kind === "problem") return null;
      const { host, port, addresses } = checked.target;
      const all = readGrants([...instanceGrants(), ...grants]);
      const verdicts = (addresses ?? []).map((address) => checkAddress(address, port, all, host));
      const [first] = verdicts;
      // Of several addresses the allowed ones are dialled.
      if (first?.kind !== "blocked" || verdicts.some(({ kind }) => kind === "allowed")) return null;
      return first.message;
    },
  };
}
