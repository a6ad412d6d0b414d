/**
 * The addresses that are not the public internet, by name: IANA's special-purpose registries for IPv4 and IPv6
 * (iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry, with the multicast blocks), and the
 * metadata services of the clouds.
 */
import ipaddr from "ipaddr.js";

export type IpAddress = ipaddr.IPv4 | ipaddr.IPv6;

interface Range {
  readonly base: IpAddress;
  readonly prefixBits: number;
  readonly cidr: string;
  readonly name: string;
}

/** What an address is, as far as sending to it is concerned. */
export type AddressClass =
  | { readonly kind: "public" }
  /** Refused unless granted. */
  | { readonly kind: "special"; readonly name: string }
  /** Hands out credentials to whoever asks: refused unless exactly this address and port is granted. */
  | { readonly kind: "metadata"; readonly name: string }
  /** Not one host: no grant can open it. */
  | { readonly kind: "never"; readonly name: string };

function range(cidr: string, name: string): Range {
  const [base, prefixBits] = ipaddr.parseCIDR(cidr);
  return { base, prefixBits, cidr, name };
}

// An unspecified address means "this very machine" to most kernels, on whatever port: nobody needs that spelling.
const NEVER: readonly Range[] = [
  range("0.0.0.0/8", "unspecified, RFC 791"),
  range("224.0.0.0/4", "multicast, RFC 5771"),
  range("255.255.255.255/32", "broadcast, RFC 919"),
  range("::/128", "unspecified, RFC 4291"),
  range("ff00::/8", "multicast, RFC 4291"),
];

const SPECIAL: readonly Range[] = [
  range("10.0.0.0/8", "private, RFC 1918"),
  range("100.64.0.0/10", "shared by carriers' NAT, RFC 6598"),
  range("127.0.0.0/8", "loopback, RFC 1122"),
  range("169.254.0.0/16", "link-local, RFC 3927"),
  range("172.16.0.0/12", "private, RFC 1918"),
  range("192.0.0.0/24", "IETF protocol assignments, RFC 6890"),
  range("192.0.2.0/24", "documentation, RFC 5737"),
  range("192.31.196.0/24", "AS112, RFC 7535"),
  range("192.52.193.0/24", "automatic multicast tunneling, RFC 7450"),
  range("192.88.99.0/24", "6to4 relay, RFC 7526"),
  range("192.168.0.0/16", "private, RFC 1918"),
  range("192.175.48.0/24", "AS112, RFC 7534"),
  range("198.18.0.0/15", "benchmarking, RFC 2544"),
  range("198.51.100.0/24", "documentation, RFC 5737"),
  range("203.0.113.0/24", "documentation, RFC 5737"),
  range("240.0.0.0/4", "reserved, RFC 1112"),
  range("::1/128", "loopback, RFC 4291"),
  range("::ffff:0:0/96", "IPv4-mapped, RFC 4291"),
  range("::ffff:0:0:0/96", "IPv4-translated, RFC 2765"),
  range("::/96", "IPv4-compatible, RFC 4291"),
  range("64:ff9b::/96", "NAT64, RFC 6052"),
  range("64:ff9b:1::/48", "local NAT64, RFC 8215"),
  range("100::/64", "discard-only, RFC 6666"),
  range("100:0:0:1::/64", "dummy prefix, RFC 9780"),
  range("2001::/32", "Teredo, RFC 4380"),
  range("2001:2::/48", "benchmarking, RFC 5180"),
  range("2001:db8::/32", "documentation, RFC 3849"),
  range("2001::/23", "IETF protocol assignments, RFC 2928"),
  range("2002::/16", "6to4, RFC 3056"),
  range("2620:4f:8000::/48", "AS112, RFC 7534"),
  range("3fff::/20", "documentation, RFC 9637"),
  range("5f00::/16", "segment routing, RFC 9602"),
  range("fc00::/7", "unique local, RFC 4193"),
  range("fe80::/10", "link-local, RFC 4291"),
  range("fec0::/10", "site-local, RFC 3879"),
];

// IANA has only ever given out 2000::/3 (RFC 4291 2.4), so a range that is not on the list above and not in here is
// refused as well: a list alone would be one registry update behind.
const GLOBAL_UNICAST = range("2000::/3", "global unicast");

const METADATA: readonly Range[] = [
  range(
    "169.254.169.254/32",
    "instance metadata of AWS, Google Cloud, Azure, OpenStack and others",
  ),
  range("169.254.170.2/32", "task credentials of AWS ECS"),
  range("169.254.170.23/32", "pod credentials of AWS EKS"),
  range("169.254.42.42/32", "instance metadata of Scaleway"),
  range("169.254.0.23/32", "instance metadata of Tencent Cloud"),
  range("100.100.100.200/32", "instance metadata of Alibaba Cloud"),
  range("192.0.0.192/32", "instance metadata of Oracle Cloud Classic"),
  // In a public range, and yet answered by the host below each Azure machine.
  range("168.63.129.16/32", "wire server of Azure"),
  range("fd00:ec2::254/128", "instance metadata of AWS"),
  range("fd00:ec2::23/128", "pod credentials of AWS EKS"),
  range("fd20:ce::254/128", "instance metadata of Google Cloud"),
  range("fd00:c1::a9fe:a9fe/128", "instance metadata of Oracle Cloud"),
  range("fd00:42::42/128", "instance metadata of Scaleway"),
  range("fd00:a9fe:a9fe::1/128", "instance metadata of Akamai (Linode)"),
  range("fe80::a9fe:a9fe/128", "instance metadata of OpenStack"),
];

/** True when `address` lies in the range; an IPv4 address never lies in an IPv6 range, nor the other way round. */
export function isWithin(address: IpAddress, base: IpAddress, prefixBits: number): boolean {
  return address.kind() === base.kind() && address.match(base, prefixBits);
}

function findIn(ranges: readonly Range[], address: IpAddress): string | null {
  const found = ranges.find((each) => isWithin(address, each.base, each.prefixBits));
  return found === undefined ? null : `${found.cidr} (${found.name})`;
}

/** What the address is by itself; what an IPv6 address may carry inside is `carriedIpv4`'s to say. */
export function classOf(address: IpAddress): AddressClass {
  const never = findIn(NEVER, address);
  if (never !== null) return { kind: "never", name: never };
  const metadata = findIn(METADATA, address);
  if (metadata !== null) return { kind: "metadata", name: metadata };
  const special = findIn(SPECIAL, address);
  if (special !== null) return { kind: "special", name: special };
  const { base, prefixBits } = GLOBAL_UNICAST;
  if (address.kind() === "ipv6" && !isWithin(address, base, prefixBits)) {
    return { kind: "special", name: "space outside 2000::/3 (not global unicast, RFC 4291)" };
  }
  return { kind: "public" };
}
