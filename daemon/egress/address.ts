/** Addresses as text and as numbers, and the IPv4 addresses that hide inside IPv6 ones. */
import { isIPv4, isIPv6 } from "node:net";
import ipaddr from "ipaddr.js";
import type { IpAddress } from "./ranges.ts";

/**
 * A whole address in its usual spelling, or null. Zone ids (`fe80::1%eth0`) are refused: they name an interface of this
 * machine. Decimal, octal and short IPv4 forms are not taken here: the URL parser has already turned them into dots.
 */
export function parseAddress(text: string): IpAddress | null {
  if (isIPv4(text)) return ipaddr.IPv4.parse(text);
  if (isIPv6(text) && !text.includes("%")) return ipaddr.IPv6.parse(text);
  return null;
}

/** The one spelling used in grants and messages: dotted IPv4, IPv6 as in RFC 5952. */
export function addressText(address: IpAddress): string {
  return address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString();
}

/** `192.168.1.5:8080`, `[fd00::1]:8080`, `nas.lan:8080`. */
export function socketText(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** An IPv4 address that a translator, a tunnel or the kernel would take out of an IPv6 one. */
export interface Carried {
  readonly form: string;
  readonly address: ipaddr.IPv4;
}

/** Every IPv4 address that `address` may stand for; empty for IPv4 and for ordinary IPv6. */
export function carriedIpv4(address: IpAddress): readonly Carried[] {
  if (!(address instanceof ipaddr.IPv6)) return [];
  const parts = address.parts;
  return [...fixedForms(parts), ...localNat64Forms(parts)];
}

function fixedForms(parts: readonly number[]): Carried[] {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = parts;
  const found: Carried[] = [];
  const isZeroTo = (count: number) => parts.slice(0, count).every((part) => part === 0);
  if (isZeroTo(5) && f === 0xffff) found.push(carried("IPv4-mapped", g, h));
  // `::` and `::1` have their own meaning, though they look like 0.0.0.0 and 0.0.0.1 in this form.
  if (isZeroTo(6) && (g !== 0 || h > 1)) found.push(carried("IPv4-compatible", g, h));
  if (isZeroTo(4) && e === 0xffff && f === 0) found.push(carried("IPv4-translated", g, h));
  if (a === 0x64 && b === 0xff9b && (c | d | e | f) === 0) found.push(carried("NAT64", g, h));
  if (a === 0x2002) found.push(carried("6to4", b, c));
  // RFC 4380 4: the client's address is stored with each bit flipped.
  if (a === 0x2001 && b === 0) found.push(carried("Teredo", g ^ 0xffff, h ^ 0xffff));
  // RFC 5214 6.1: under any prefix, an interface id of (0 or 0200):5efe and the address.
  if ((e & 0xfdff) === 0 && f === 0x5efe) found.push(carried("ISATAP", g, h));
  return found;
}

/**
 * RFC 8215 gives 64:ff9b:1::/48 to local translators and leaves them the prefix length, so the address is read at each
 * place that RFC 6052 2.2 allows within it. A reading that starts with zero is a misreading as long as there is another.
 */
function localNat64Forms(parts: readonly number[]): Carried[] {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = parts;
  if (a !== 0x64 || b !== 0xff9b || c !== 1) return [];
  const low = e & 0xff;
  const readings = [
    carried("local NAT64 /96", g, h),
    carried("local NAT64 /64", (low << 8) | (f >> 8), ((f & 0xff) << 8) | (g >> 8)),
    carried("local NAT64 /56", ((d & 0xff) << 8) | low, f),
    carried("local NAT64 /48", d, (low << 8) | (f >> 8)),
  ];
  const likely = readings.filter((each) => each.address.octets[0] !== 0);
  return likely.length > 0 ? likely : readings.slice(0, 1);
}

function carried(form: string, high: number, low: number): Carried {
  return { form, address: new ipaddr.IPv4([high >> 8, high & 0xff, low >> 8, low & 0xff]) };
}
