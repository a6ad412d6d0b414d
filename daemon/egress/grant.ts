/** What an operator may write to open a target that is refused by default. */
import ipaddr from "ipaddr.js";
import { expected } from "../domain/errors.ts";
import { addressText, carriedIpv4, parseAddress, socketText } from "./address.ts";
import { hostOf, isName } from "./target.ts";
import { classOf, isWithin, type IpAddress } from "./ranges.ts";

export type Grant =
  /** The name as it stands in the endpoint's URL: whatever special address it has, metadata excepted, at this port. */
  | { readonly kind: "name"; readonly host: string; readonly port: number }
  /** Exactly this address at this port: the only form that opens a metadata address. */
  | { readonly kind: "socket"; readonly address: IpAddress; readonly port: number }
  /** This address at each port. */
  | { readonly kind: "address"; readonly address: IpAddress }
  /** All addresses of a CIDR at each port, metadata excepted. */
  | { readonly kind: "range"; readonly base: IpAddress; readonly prefixBits: number };

export type ParsedGrant =
  | { readonly kind: "grant"; readonly grant: Grant }
  | { readonly kind: "problem"; readonly message: string };

const FORMS = "host:port, an address or a CIDR (nas.lan:8080, 192.168.1.5, 192.168.1.0/24)";

/**
 * Reads one entry of POSTHORN_EGRESS_ALLOW or of an endpoint's `egress_allow`. Entries that could never open anything
 * (unspecified, multicast and broadcast addresses, a metadata address without its port) are problems, not silent no-ops.
 */
export function parseGrant(text: string): ParsedGrant {
  const trimmed = text.trim();
  if (trimmed.includes("/")) return parseRange(trimmed);
  const address = parseAddress(trimmed);
  if (address !== null) return grantable({ kind: "address", address }, address, trimmed);
  return parseSocket(trimmed);
}

/** The grants among `texts`. One that can't be read grants nothing: a stored typing error must not open anything. */
export function readGrants(texts: readonly string[]): readonly Grant[] {
  return texts.flatMap((text) => {
    const parsed = parseGrant(text);
    return parsed.kind === "grant" ? [parsed.grant] : [];
  });
}

function parseRange(text: string): ParsedGrant {
  const [start = "", bits = "", ...rest] = text.split("/");
  const base = parseAddress(start);
  if (base === null || rest.length > 0 || !/^\d{1,3}$/.test(bits)) return problem(FORMS, text);
  const prefixBits = Number(bits);
  const bitsMax = base.kind() === "ipv4" ? 32 : 128;
  if (prefixBits > bitsMax) return problem(`a CIDR of at most /${bitsMax}`, text);
  const first = firstOf(base, prefixBits);
  // 192.168.1.5/8 is 192.0.0.0/8 to most software: whoever typed it may have meant one host.
  if (addressText(first) !== addressText(base)) {
    return problem(`a CIDR that starts at its first address, ${addressText(first)}/${bits}`, text);
  }
  return { kind: "grant", grant: { kind: "range", base, prefixBits } };
}

function firstOf(base: IpAddress, prefixBits: number): IpAddress {
  const cidr = `${addressText(base)}/${prefixBits}`;
  return base.kind() === "ipv4"
    ? ipaddr.IPv4.networkAddressFromCIDR(cidr)
    : ipaddr.IPv6.networkAddressFromCIDR(cidr);
}

function parseSocket(text: string): ParsedGrant {
  const parts = /^(\[[^\]]+\]|[^:[\]/?#@%\\\s]+):(\d{1,5})$/.exec(text);
  const port = Number(parts?.[2]);
  // The URL parser lets a star pass as a name, which no endpoint's URL would ever be.
  if (text.includes("*")) return problem("one name, without a star; a CIDR opens many", text);
  const host = parts === null ? null : hostOf(parts[1] ?? "");
  if (host === null || port < 1 || port > 65_535) return problem(FORMS, text);
  if (isName(host)) return { kind: "grant", grant: { kind: "name", host, port } };
  const address = parseAddress(host);
  if (address === null) return problem(FORMS, text);
  return grantable({ kind: "socket", address, port }, address, text);
}

function grantable(grant: Grant, address: IpAddress, text: string): ParsedGrant {
  const { kind } = classOf(address);
  if (kind === "never") return problem("the address of one host", text);
  if (kind === "metadata" && grant.kind !== "socket") {
    const example = socketText(addressText(address), 80);
    return problem(`a metadata address with its port, such as ${example}`, text);
  }
  return { kind: "grant", grant };
}

function problem(wanted: string, text: string): ParsedGrant {
  return { kind: "problem", message: expected("an egress grant", wanted, text) };
}

/** True when the grant is for a metadata address, or for one that carries one. */
export function opensMetadata(grant: Grant): boolean {
  if (grant.kind !== "socket") return false;
  const carried = carriedIpv4(grant.address).map(({ address }) => address);
  return [grant.address, ...carried].some((address) => classOf(address).kind === "metadata");
}

/** True when the grant names exactly this address and port. */
export function namesSocket(grant: Grant, address: IpAddress, port: number): boolean {
  return grant.kind === "socket" && grant.port === port && isSame(grant.address, address);
}

/** True when the grant was given to this name and port. */
export function namesHost(grant: Grant, host: string, port: number): boolean {
  return grant.kind === "name" && grant.port === port && grant.host === host;
}

/** True when the grant names exactly this address, at this port or at each. */
export function namesAddress(grant: Grant, address: IpAddress, port: number): boolean {
  if (grant.kind === "address") return isSame(grant.address, address);
  return namesSocket(grant, address, port);
}

/** True when the grant is for this address or a range around it. */
export function covers(grant: Grant, address: IpAddress, port: number): boolean {
  if (grant.kind === "range") return isWithin(address, grant.base, grant.prefixBits);
  return namesAddress(grant, address, port);
}

function isSame(one: IpAddress, other: IpAddress): boolean {
  return addressText(one) === addressText(other);
}
