/** A URL taken apart into what is dialled and what is asked for. */
import { isIP } from "node:net";

/** Where a connection goes. */
export interface Place {
  /** Lower-case name without a trailing dot, or an address without brackets: the form that grants are compared with. */
  readonly host: string;
  readonly port: number;
  /** The addresses where they need no look-up (a literal, `localhost`); null for a name. */
  readonly addresses: readonly string[] | null;
}

export interface Target extends Place {
  readonly origin: string;
  /** Path and query, as sent. */
  readonly path: string;
  readonly isTls: boolean;
}

export type CheckedUrl =
  /** `href`: the URL in its one spelling, as it is stored. */
  | { readonly kind: "target"; readonly target: Target; readonly href: string }
  | { readonly kind: "problem"; readonly message: string };

// RFC 6761 6.3: these names are loopback and are not asked for in the DNS, whatever the resolver would say.
const LOOPBACK_ADDRESSES: readonly string[] = ["127.0.0.1", "::1"];

/**
 * Whether a URL can be sent to at all, wherever it leads: http or https, a host, a port other than 0, no user or
 * password. The WHATWG parser has by then turned decimal, octal, hexadecimal, short, percent-encoded and full-width
 * spellings of an IPv4 address into its dotted form, and refused zone ids. Messages never repeat the URL: it may hold a
 * password.
 */
export function checkUrl(text: string): CheckedUrl {
  // The parser drops them: what is shown would not be what somebody wrote, and read by another parser it is another URL.
  if (CONTROL.test(text)) return problem("without control characters", "one with");
  if (text.trim() !== text) return problem("without white space at its ends", "one with");
  const url = URL.parse(text);
  if (url === null) return problem(ABSOLUTE, "one that can't be read");
  if (url.protocol !== "http:" && url.protocol !== "https:")
    return problem("http or https", JSON.stringify(url.protocol));
  if (url.username !== "" || url.password !== "") {
    return problem(
      "without a user or password (the endpoint's credentials are the place for them)",
      "one with",
    );
  }
  const isTls = url.protocol === "https:";
  const port = url.port === "" ? (isTls ? 443 : 80) : Number(url.port);
  if (port === 0) return problem("on a port from 1 to 65535", "0");
  const place = placeOf(url.hostname, port);
  // `http:///x` is `http://x/` to the parser, which mends what a person would rather be told.
  if (place === null || !/^[a-z]+:\/\/[^/\\]/i.test(text)) return problem(ABSOLUTE, "one without");
  if (!isHostName(place.host)) return problem(ABSOLUTE, "one whose host no DNS can hold");
  const target = { ...place, origin: url.origin, path: url.pathname + url.search, isTls };
  return { kind: "target", target, href: url.href };
}

const ABSOLUTE = "absolute, with a host that can exist";

const CONTROL = /\p{Cc}/u;

/** By RFC 1035 2.3.4: labels of 1 to 63 characters, 253 in all. An A-label is more than its prefix (RFC 5890 2.3.2.1). */
function isHostName(host: string): boolean {
  if (isIP(host) !== 0) return true;
  const labels = host.split(".");
  return host.length <= 253 && labels.every((label) => /^.{1,63}$/.test(label) && label !== "xn--");
}

/** `hostname` as the WHATWG parser gives it, brackets included. Null for an empty name. */
export function placeOf(hostname: string, port: number): Place | null {
  const host = bare(hostname);
  if (host === "") return null;
  if (isIP(host) !== 0) return { host, port, addresses: [host] };
  const isLoopback = host === "localhost" || host.endsWith(".localhost");
  return { host, port, addresses: isLoopback ? LOOPBACK_ADDRESSES : null };
}

/** A host as someone typed it, in the form of `Place.host`; null when no URL could have it. */
export function hostOf(text: string): string | null {
  const url = URL.parse(`http://${text}/`);
  if (url === null) return null;
  const host = bare(url.hostname);
  return host === "" ? null : host;
}

export function isName(host: string): boolean {
  return isIP(host) === 0;
}

function bare(hostname: string): string {
  if (hostname.startsWith("[")) return hostname.slice(1, -1);
  return hostname.endsWith(".") ? hostname.slice(0, -1) : hostname;
}

function problem(wanted: string, got: string): CheckedUrl {
  return { kind: "problem", message: `expected the endpoint's URL to be ${wanted}, got ${got}` };
}
