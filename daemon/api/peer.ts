/** Who is at the other end, as far as it can be believed: forwarding headers count only from the operator's own proxies. */
import type { IncomingMessage } from "node:http";
import { AppError } from "../domain/errors.ts";

export interface Peer {
  /** "" where there is none: at the local socket. */
  readonly address: string;
  readonly scheme: "http" | "https";
  /** Host and port as the browser has them in its address bar. */
  readonly host: string;
  readonly userAgent: string;
  /** No proxy in between, known or not: nothing says that the request was forwarded. */
  readonly isDirect: boolean;
  /** The user's name by a trusted proxy's word; null without. */
  readonly userName: string | null;
}

/** What tells the operator's proxies from others. */
export interface PeerNeeds {
  isTrustedProxy(address: string): boolean;
  /** Of the header with the signed-in user's name, lower-case; null where that is off. */
  readonly authHeader: string | null;
}

const FORWARDING = [
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-real-ip",
];

export function peerOf(request: IncomingMessage, needs: PeerNeeds): Peer {
  const { headers, socket } = request;
  const nearest = plain(socket.remoteAddress ?? "");
  const isTrusted = nearest !== "" && needs.isTrustedProxy(nearest);
  const isEncrypted = "encrypted" in socket && socket.encrypted === true;
  const direct = {
    address: nearest,
    scheme: isEncrypted ? "https" : "http",
    host: headers.host ?? "",
    userAgent: headers["user-agent"] ?? "",
    isDirect: !FORWARDING.some((name) => headers[name] !== undefined),
    userName: null,
  } as const;
  if (!isTrusted) return direct;
  const proto = first(headers["x-forwarded-proto"]);
  return {
    ...direct,
    address: farthest(headers["x-forwarded-for"], nearest, needs),
    scheme: proto === "https" || proto === "http" ? proto : direct.scheme,
    host: first(headers["x-forwarded-host"]) ?? direct.host,
    userName: needs.authHeader === null ? null : first(headers[needs.authHeader]),
  };
}

/** From the nearest hop outward, the first address that is none of the operator's proxies; what stands beyond it anybody may have written. */
function farthest(
  header: string | string[] | undefined,
  nearest: string,
  needs: PeerNeeds,
): string {
  const hops = headerText(header)
    .split(",")
    .map((hop) => plain(hop.trim()))
    .filter(Boolean);
  return hops.findLast((hop) => !needs.isTrustedProxy(hop)) ?? hops[0] ?? nearest;
}

function first(header: string | string[] | undefined): string | null {
  const text = headerText(header).split(",")[0]?.trim();
  return text === undefined || text === "" ? null : text;
}

function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, "");
}

/**
 * Throws `cross_site` unless the request can only come from the daemon's own page: a browser sends a cookie along whoever made
 * the request, and says in these headers, which no page can set, who did. A request with neither header is from no browser of
 * the last years; it has to bear a header that no form can send.
 */
export function mustBeOwnPage({ headers }: IncomingMessage, peer: Peer): void {
  const site = headers["sec-fetch-site"];
  const { origin } = headers;
  const isSameSite = site === undefined || site === "same-origin";
  const isSameOrigin = origin === undefined || isOwnOrigin(origin, peer);
  const isVouchedFor =
    site !== undefined || origin !== undefined || headers["posthorn-page"] !== undefined;
  if (isSameSite && isSameOrigin && isVouchedFor) return;
  const message = isVouchedFor
    ? "expected a request by cookie, or to sign in, to come from the daemon's own page, got another's"
    : "expected a request by cookie, or to sign in, to say that it comes from the daemon's own page (header Origin or Posthorn-Page), got neither";
  throw new AppError("cross_site", message);
}

/** By host and port. Not by scheme: a proxy that nobody told us of may have taken TLS off. */
function isOwnOrigin(origin: string, { host }: Peer): boolean {
  try {
    const url = new URL(origin);
    return url.host === host || `${url.hostname}:${url.port || defaultPort(url)}` === host;
  } catch {
    return false; // "null": a sandboxed frame, a file, a redirect across sites
  }
}

function defaultPort({ protocol }: URL): string {
  return protocol === "https:" ? "443" : "80";
}

/** Node joins equal lines of these headers already; the type allows for others. */
function headerText(header: string | string[] | undefined): string {
  return typeof header === "object" ? header.join(",") : (header ?? "");
}
