/**
 * What single settings look like as text: each parser answers with the value, or with null for what
 * it can't be.
 */
import { parseDurationMs } from "./quantity.ts";

export type Parse<Value> = (text: string) => Value | null;

const DAY_MS = 86_400_000;
const DAYS_MAX = 36_500;

/**
 * `127.0.0.1:7678`, `localhost:0`, `[::1]:7678`, or `:7678` for every address: an empty host. IPv6
 * comes out without brackets.
 */
export function parseListen(text: string): { readonly host: string; readonly port: number } | null {
  const [, bracketed, bare = "", port = ""] =
    /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]*)):(\d{1,5})$/i.exec(text) ?? [];
  if (port === "" || Number(port) > 65_535) return null;
  if (bracketed !== undefined && !isIPv6(bracketed)) return null;
  return { host: bracketed ?? bare, port: Number(port) };
}

/** Where a person finds it: `localhost` where it listens on every address. */
export function listenUrl(host: string, port: number, basePath: string): string {
  const isAnywhere = host === "" || host === "0.0.0.0" || host === "::";
  const shown = isAnywhere ? "localhost" : host.includes(":") ? `[${host}]` : host;
  return `http://${shown}:${port}${basePath === "" ? "" : `/${basePath}`}`;
}

/** `/posthorn/`, `posthorn` or nothing; comes out without slashes at its ends. */
export function parseBasePath(text: string): string | null {
  const path = text.replace(/^\//, "").replace(/\/$/, "");
  if (path === "") return text === "" || text === "/" ? "" : null;
  const isPath = path.split("/").every((part) => /^[\w.~-]+$/.test(part) && !/^\.+$/.test(part));
  return isPath ? path : null;
}

/**
 * An http or https URL without credentials, query or fragment; comes out without a slash at its
 * end.
 */
export function parseUrl(text: string): string | null {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) return null;
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
    return null;
  return url.href.replace(/\/+$/, "");
}

/** A proxy's URL; it may carry credentials. */
export function parseProxy(text: string): string | null {
  const url = URL.parse(text);
  const isProxy =
    url !== null && /^(?:https?|socks5h?):$/.test(url.protocol) && url.hostname !== "";
  return isProxy && (url.pathname === "" || url.pathname === "/") ? text : null;
}

/** Anything but nothing. */
export function parseText(text: string): string | null {
  return text === "" ? null : text;
}

/** Both bounds belong to it. */
export function within(parse: Parse<number>, min: number, max: number): Parse<number> {
  return (text) => {
    const value = parse(text);
    return value !== null && value >= min && value <= max ? value : null;
  };
}

/** Whole days: `30` or `30d`. */
export function parseDays(text: string): number | null {
  const days = (parseDurationMs(text, "d") ?? 0) / DAY_MS;
  return Number.isInteger(days) && days >= 1 && days <= DAYS_MAX ? days : null;
}

/** One of the words, as it is written. */
export function oneOf<const Word extends string>(...words: readonly Word[]): Parse<Word> {
  return (text) => words.find((word) => word === text) ?? null;
}

/** Comma-separated; spaces around and empty places are nothing. */
export function listOf(isItem: (text: string) => boolean): Parse<readonly string[]> {
  return (text) => {
    const items = itemsOf(text);
    return items.every(isItem) ? items : null;
  };
}

/** The first entry of a list that is none. */
export function firstUnfit(isItem: (text: string) => boolean): Parse<string> {
  return (text) => itemsOf(text).find((item) => !isItem(item)) ?? null;
}

function itemsOf(text: string): readonly string[] {
  const items = text.split(",").map((item) => item.trim());
  return items.filter((item) => item !== "");
}

/** Visible ASCII without spaces: what fits into a header. */
export function keyOf(lengthMin: number): Parse<string> {
  return (text) => (/^[\x21-\x7e]{1,512}$/.test(text) && text.length >= lengthMin ? text : null);
}

/** What a person could type at the page, too: words with spaces, in any script. */
export function parsePassword(text: string): string | null {
  return /^\P{Cc}{10,1024}$/u.test(text) ? text : null;
}

/** An IPv4 or IPv6 address, or a CIDR of such. */
export function isAddress(text: string): boolean {
  const [address = "", bits, ...rest] = text.split("/");
  if (rest.length > 0) return false;
  const bitsMax = isIPv4(address) ? 32 : isIPv6(address) ? 128 : -1;
  if (bits === undefined) return bitsMax > 0;
  return /^\d{1,3}$/.test(bits) && Number(bits) <= bitsMax;
}

/** `host:port`, `[address]:port`, an address or a CIDR. The egress guard reads it in full. */
export function isGrant(text: string): boolean {
  if (isAddress(text)) return true;
  const listen = parseListen(text);
  return listen !== null && listen.host !== "" && listen.port > 0;
}

function isIPv4(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255);
}

/**
 * Asks the URL parser, which implements the whole grammar of RFC 4291, and needs no module of
 * Node's.
 */
function isIPv6(text: string): boolean {
  return /^[0-9a-f:.]{2,45}$/i.test(text) && URL.canParse(`http://[${text}]/`);
}
