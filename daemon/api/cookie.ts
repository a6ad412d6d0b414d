/** The session's cookie: opaque, for nobody's script, sent along to us alone. */
import type { IncomingMessage } from "node:http";
import type { Peer } from "./peer.ts";

const NAME = "posthorn_session";
const AGE_S = 90 * 86_400;

/** The cookie's value, or null. */
export function sessionToken({ headers }: IncomingMessage): string | null {
  for (const pair of (headers.cookie ?? "").split(";")) {
    const equals = pair.indexOf("=");
    if (equals > 0 && pair.slice(0, equals).trim() === NAME) return pair.slice(equals + 1).trim();
  }
  return null;
}

/**
 * Sets it. `Secure` exactly where the browser speaks https: over plain http, as on a home network, it would be thrown away and
 * nobody could sign in.
 */
export function sessionCookie(token: string, { scheme }: Peer): Record<string, string> {
  const secure = scheme === "https" ? "; Secure" : "";
  return {
    "Set-Cookie": `${NAME}=${token}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${AGE_S}${secure}`,
  };
}

export function noCookie(): Record<string, string> {
  return { "Set-Cookie": `${NAME}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0` };
}
