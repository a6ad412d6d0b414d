import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { parseGrant, readGrants } from "../daemon/egress/grant.ts";
import { checkAddress } from "../daemon/egress/guard.ts";
import { checkUrl } from "../daemon/egress/target.ts";

const SPECIAL_IPV4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
].map((cidr) => ipaddr.IPv4.parseCIDR(cidr));

const specialIpv4 = fc
  .tuple(fc.constantFrom(...SPECIAL_IPV4), fc.nat(0xffff_ffff))
  .map(([[base, bits], noise]) => {
    const hostMask = bits === 0 ? 0xffff_ffff : 2 ** (32 - bits) - 1;
    return (numberOf(base) | (noise & hostMask)) >>> 0;
  });

function numberOf(address: ipaddr.IPv4): number {
  return address.octets.reduce((sum, octet) => sum * 256 + octet, 0);
}

function octetsOf(value: number): [number, number, number, number] {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}

function hex(value: number): string {
  return value.toString(16);
}

/** One IPv4 address in every way that a URL can say it. */
function spellings(value: number): string[] {
  const [a, b, c, d] = octetsOf(value);
  const [high, low] = [hex(value >>> 16), hex(value & 0xffff)];
  const flipped = [hex((value >>> 16) ^ 0xffff), hex((value & 0xffff) ^ 0xffff)].join(":");
  return [
    `${a}.${b}.${c}.${d}`,
    `${a}.${b}.${c}.${d}.`,
    `${value}`,
    `0x${hex(value)}`,
    `0${value.toString(8)}`,
    `${a}.${value & 0xff_ffff}`,
    `${a}.${b}.${value & 0xffff}`,
    `0x${hex(a)}.0${b.toString(8)}.${c}.0x${hex(d)}`,
    `[::ffff:${a}.${b}.${c}.${d}]`,
    `[::ffff:${high}:${low}]`,
    `[::${high}:${low}]`,
    `[::ffff:0:${high}:${low}]`,
    `[64:ff9b::${high}:${low}]`,
    `[64:ff9b:1::${high}:${low}]`,
    `[2002:${high}:${low}::1]`,
    `[2001:0:808:808:0:0:${flipped}]`,
    `[2606:4700::5efe:${high}:${low}]`,
  ];
}

test("an IPv4 address in a special range is refused in each of its spellings", () => {
  fc.assert(
    fc.property(specialIpv4, (value) => {
      for (const host of spellings(value)) {
        const checked = checkUrl(`http://${host}:8080/`);
        assert.equal(checked.kind, "target", host);
        if (checked.kind !== "target") return;
        const [address = ""] = checked.target.addresses ?? [];
        const verdict = checkAddress(address, 8080, [], checked.target.host);
        assert.equal(verdict.kind, "blocked", host);
      }
    }),
  );
});

test("a range granted in IPv6 opens no special IPv4 address inside it", () => {
  const wide = readGrants(["::/0"]);
  fc.assert(
    fc.property(specialIpv4, (value) => {
      for (const host of spellings(value)) {
        const checked = checkUrl(`http://${host}:8080/`);
        const target = checked.kind === "target" ? checked.target : null;
        // ::1 is an address of its own, not a spelling of 0.0.0.1.
        if (target === null || target.host === "::1") continue;
        assert.equal(checkAddress(target.host, 8080, wide, target.host).kind, "blocked", host);
      }
    }),
  );
});

const privateIpv4 = fc
  .tuple(fc.nat(255), fc.nat(255), fc.nat(255))
  .map(([b, c, d]) => `10.${b}.${c}.${d}`);
const privateIpv6 = fc.bigInt(0n, 2n ** 64n - 1n).map((value) => {
  const parts = value.toString(16).padStart(16, "0").match(/.{4}/g) ?? [];
  return ipaddr.IPv6.parse(`fd12:3456:789a:1:${parts.join(":")}`).toRFC5952String();
});
const privateAddress = fc.oneof(privateIpv4, privateIpv6);
const port = fc.integer({ min: 1, max: 65_535 });

function socketOf(address: string, at: number): string {
  return address.includes(":") ? `[${address}]:${at}` : `${address}:${at}`;
}

test("a grant for one address and port opens it and nothing else", () => {
  fc.assert(
    fc.property(privateAddress, port, privateAddress, port, (address, at, other, otherPort) => {
      const grants = readGrants([socketOf(address, at)]);
      assert.equal(checkAddress(address, at, grants, address).kind, "allowed");
      const isSame = address === other && at === otherPort;
      const verdict = checkAddress(other, otherPort, grants, other);
      assert.equal(verdict.kind, isSame ? "allowed" : "blocked");
    }),
  );
});

test("a granted CIDR opens exactly the addresses in it", () => {
  const bits = fc.integer({ min: 9, max: 32 });
  fc.assert(
    fc.property(privateIpv4, privateIpv4, bits, port, (address, other, prefix, at) => {
      const base = ipaddr.IPv4.networkAddressFromCIDR(`${address}/${prefix}`);
      const grants = readGrants([`${base.toString()}/${prefix}`]);
      assert.equal(grants.length, 1);
      assert.equal(checkAddress(address, at, grants, address).kind, "allowed");
      const shift = 2 ** (32 - prefix);
      const [inner, outer] = [base, ipaddr.IPv4.parse(other)].map((each) =>
        Math.floor(numberOf(each) / shift),
      );
      const verdict = checkAddress(other, at, grants, other);
      assert.equal(verdict.kind, inner === outer ? "allowed" : "blocked");
    }),
  );
});

/** Characters that mean something in a host, a grant or an address, and some that never should. */
const telling = Array.from("0179afxg.:[]/%@#?*- \\\u0000\u00e9\u2460\ud800");

test("no text makes the grant parser or the URL check throw", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...telling) }), (text) => {
      parseGrant(text);
      parseGrant(`${text}:80`);
      parseGrant(`10.0.0.0/${text}`);
      checkUrl(text);
      checkUrl(`http://${text}/`);
      checkAddress(text, 80, [], text);
    }),
  );
});
