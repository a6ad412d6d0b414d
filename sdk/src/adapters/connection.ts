/** From which address a request was called, and by whom: the connection's word, or that of proxies that are trusted. */
import { check, checkNames, fail } from "../receiver/checks.ts";
import type { Handled, RequestInfo } from "../receiver/receiver.ts";
import type { RawRequest } from "../verify/request.ts";

/** What an adapter needs of a receiver. */
export interface AdapterReceiver {
  readonly bodyBytesMax: number;
  handle(request: RawRequest, info?: RequestInfo): Promise<Handled>;
}

/** A header's value, or null. */
export type HeaderReader = (name: string) => string | null;

export interface AdapterOptions {
  /**
   * The address as the sender knows it, for schemes that sign it (Twilio, Square, HubSpot). An origin
   * (`https://hooks.example.com`) gets the request's path and query behind it; an address with a path replaces the path, too, and
   * keeps the request's query unless it has its own. Or a function of what the adapter saw. Nothing is encoded anew.
   */
  readonly publicUrl?: string | ((seen: string, header: HeaderReader) => string);
  /**
   * The number of proxies that every request passes; `true` is one. Then `X-Forwarded-Proto` and `X-Forwarded-Host` make the
   * address, and the entry of `X-Forwarded-For` that the outermost of them wrote is the sender. Without it these headers are not
   * read, as anybody may send them.
   */
  readonly trustProxy?: boolean | number;
  /**
   * Answers with the code and the hint of the application's own mistakes (a body that a parser has eaten) in the headers
   * `webhook-error` and `webhook-hint`. For development; the receiver's `onFailed` is told in any case.
   */
  readonly showHints?: boolean;
}

/** Throws `CONFIG_INVALID` for the first thing that is wrong. */
export function checkAdapter(
  receiver: AdapterReceiver,
  options: AdapterOptions,
  further: readonly string[] = [],
): void {
  const { handle }: Partial<AdapterReceiver> = receiver;
  if (typeof handle !== "function") throw fail("receiver", "made by createReceiver", receiver);
  checkNames("option", options, ["publicUrl", "trustProxy", "showHints", ...further]);
  const { publicUrl, trustProxy, showHints } = options;
  const isHops = (value: unknown): boolean =>
    typeof value === "boolean" || (Number.isSafeInteger(value) && Number(value) >= 0);
  check("publicUrl", publicUrl, isUrl, "an http or https address, or a function");
  check("trustProxy", trustProxy, isHops, "a boolean or a number of proxies");
  check("showHints", showHints, (value) => typeof value === "boolean", "a boolean");
}

function isUrl(value: unknown): boolean {
  if (typeof value === "function") return true;
  return typeof value === "string" && /^https?:\/\/[^/?#\s]+[^#\s]*$/.test(value);
}

/** What the connection itself says. */
export interface Seen {
  readonly scheme: string;
  readonly host: string;
  /** Path and query as they came. */
  readonly target: string;
}

const ORIGIN = /^https?:\/\/[^/?#]*/i;

/** The address that the sender called, joined from text: parsing and printing it would change what is signed. */
export function senderUrl(
  { scheme, host, target }: Seen,
  header: HeaderReader,
  { publicUrl, trustProxy }: AdapterOptions,
): string {
  if (typeof publicUrl === "string") return publicUrlOf(publicUrl, target);
  // The outermost proxy's word comes first. It is text for a signature; nothing is called by it.
  const [proto, name] = trustProxy ? FORWARDED.map((each) => listOf(header(each))[0]) : [];
  const url = `${proto === "http" || proto === "https" ? proto : scheme}://${name ?? host}${target}`;
  return publicUrl === undefined ? url : publicUrl(url, header);
}

const FORWARDED = ["x-forwarded-proto", "x-forwarded-host"];

function publicUrlOf(publicUrl: string, target: string): string {
  if (publicUrl.includes("?")) return publicUrl;
  const [origin = ""] = ORIGIN.exec(publicUrl) ?? [];
  const path = publicUrl.slice(origin.length);
  if (path === "" || path === "/") return origin + target;
  const query = target.indexOf("?");
  return query === -1 ? publicUrl : publicUrl + target.slice(query);
}

/** A whole address in its parts, each as it was written; those of `otherwise` where it is a path. */
export function seenIn(address: string, otherwise: Omit<Seen, "target">): Seen {
  const [origin = ""] = ORIGIN.exec(address) ?? [];
  const rest = address.slice(origin.length);
  const target = rest.startsWith("/") ? rest : `/${rest}`;
  if (origin === "") return { ...otherwise, target };
  const [scheme = "", host = ""] = origin.split("://");
  return { scheme, host, target };
}

/** The peer, or what the outermost trusted proxy says of its own. Entries before that one are the sender's to invent. */
export function senderAddress(
  peer: string | undefined,
  header: HeaderReader,
  { trustProxy }: AdapterOptions,
): string | undefined {
  const hops = Number(trustProxy ?? 0);
  if (hops === 0) return peer;
  const list = listOf(header("x-forwarded-for"));
  return list.at(-hops) ?? list[0] ?? peer;
}

/** The items of a header that is a list, without white space. */
export function listOf(value: string | null): readonly string[] {
  return value === null ? [] : value.split(",").map((item) => item.trim());
}
