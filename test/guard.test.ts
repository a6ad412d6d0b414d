import assert from "node:assert/strict";
import { test } from "node:test";
import ipaddr from "ipaddr.js";
import { grantAdvised } from "../daemon/domain/grant-advice.ts";
import { readGrants } from "../daemon/egress/grant.ts";
import { egressRules } from "../daemon/egress/rules.ts";
import { checkAddress, type Verdict } from "../daemon/egress/guard.ts";

const PORT = 8080;

function check(address: string, grants: readonly string[] = [], host = address): Verdict {
  return checkAddress(address, PORT, readGrants(grants), host);
}

function grantNeededFor(address: string, grants: readonly string[] = []): string | null {
  const verdict = check(address, grants);
  return verdict.kind === "allowed" ? "none" : verdict.grant;
}

/** Ranges of the registries with what lies on both sides: `null` where the neighbour is refused as well. */
const RANGES: readonly [cidr: string, before: string | null, after: string | null][] = [
  ["0.0.0.0/8", null, "1.0.0.0"],
  ["10.0.0.0/8", "9.255.255.255", "11.0.0.0"],
  ["100.64.0.0/10", "100.63.255.255", "100.128.0.0"],
  ["127.0.0.0/8", "126.255.255.255", "128.0.0.0"],
  ["169.254.0.0/16", "169.253.255.255", "169.255.0.0"],
  ["172.16.0.0/12", "172.15.255.255", "172.32.0.0"],
  ["192.0.0.0/24", "191.255.255.255", "192.0.1.0"],
  ["192.0.2.0/24", "192.0.1.255", "192.0.3.0"],
  ["192.31.196.0/24", "192.31.195.255", "192.31.197.0"],
  ["192.52.193.0/24", "192.52.192.255", "192.52.194.0"],
  ["192.88.99.0/24", "192.88.98.255", "192.88.100.0"],
  ["192.168.0.0/16", "192.167.255.255", "192.169.0.0"],
  ["192.175.48.0/24", "192.175.47.255", "192.175.49.0"],
  ["198.18.0.0/15", "198.17.255.255", "198.20.0.0"],
  ["198.51.100.0/24", "198.51.99.255", "198.51.101.0"],
  ["203.0.113.0/24", "203.0.112.255", "203.0.114.0"],
  ["224.0.0.0/4", "223.255.255.255", null],
  ["240.0.0.0/4", null, null],
  ["255.255.255.255/32", null, null],
  ["::/128", null, null],
  ["::1/128", null, null],
  ["::/96", null, null],
  ["::ffff:0:0/96", null, null],
  ["::ffff:0:0:0/96", null, null],
  ["64:ff9b::/96", null, null],
  ["64:ff9b:1::/48", null, null],
  ["100::/64", null, null],
  ["100:0:0:1::/64", null, null],
  ["2001::/23", "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::"],
  ["2001::/32", null, null],
  ["2001:2::/48", null, null],
  ["2001:10::/28", null, null],
  ["2001:20::/28", null, null],
  ["2001:db8::/32", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::"],
  ["2002::/16", "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2003::"],
  ["2620:4f:8000::/48", "2620:4f:7fff:ffff:ffff:ffff:ffff:ffff", "2620:4f:8001::"],
  ["3fff::/20", "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::"],
  ["4000::/2", "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", null],
  ["5f00::/16", null, null],
  ["fc00::/7", null, null],
  ["fe80::/10", null, null],
  ["fec0::/10", null, null],
  ["ff00::/8", null, null],
];

function ends(cidr: string): [first: string, last: string] {
  const [base, bits] = ipaddr.parseCIDR(cidr);
  const bytes = base.toByteArray();
  const last = bytes.map((byte, i) => byte | (0xff >> Math.min(8, Math.max(0, bits - 8 * i))));
  return [base.toString(), ipaddr.fromByteArray(last).toString()];
}

for (const [cidr, before, after] of RANGES) {
  test(`${cidr} is refused from its first address to its last, and nothing beside it`, () => {
    const [first, last] = ends(cidr);
    assert.equal(check(first).kind, "blocked", first);
    assert.equal(check(last).kind, "blocked", last);
    if (before !== null) assert.deepEqual(check(before), { kind: "allowed" }, before);
    if (after !== null) assert.deepEqual(check(after), { kind: "allowed" }, after);
  });
}

test("the public internet is open, in both families", () => {
  for (const address of [
    "1.1.1.1",
    "8.8.8.8",
    "93.184.215.14",
    "2606:4700::1111",
    "2a00:1450::1",
  ]) {
    assert.deepEqual(check(address), { kind: "allowed" }, address);
  }
});

test("a refusal names the address, the range and the grant that would open it", () => {
  assert.deepEqual(check("192.168.1.5", [], "nas.lan"), {
    kind: "blocked",
    address: "192.168.1.5",
    grant: "192.168.1.5:8080",
    message:
      "192.168.1.5, the address of nas.lan, is in 192.168.0.0/16 (private, RFC 1918); to send there, " +
      "add 192.168.1.5:8080 to POSTHORN_EGRESS_ALLOW or to the endpoint's egress_allow.",
  });
});

test("the grant that a refusal advises is read out of its message again, in both families", () => {
  for (const address of ["10.0.0.1", "fd00::1", "::ffff:10.0.0.1"]) {
    const verdict = check(address, [], "nas.lan");
    assert.ok(verdict.kind === "blocked");
    assert.equal(grantAdvised(verdict.message), verdict.grant);
  }
  assert.equal(grantAdvised(null), null);
});

test("the grant that a refusal names is the one that works", () => {
  for (const address of [
    "10.0.0.1",
    "fd00::1",
    "::1",
    "169.254.169.254",
    "::ffff:10.0.0.1",
    "2002:a00:1::",
  ]) {
    const grant = grantNeededFor(address);
    assert.notEqual(grant, null);
    assert.equal(grantNeededFor(address, [String(grant)]), "none", address);
  }
});

const METADATA = [
  "169.254.169.254",
  "169.254.170.2",
  "169.254.170.23",
  "169.254.42.42",
  "169.254.0.23",
  "100.100.100.200",
  "192.0.0.192",
  "168.63.129.16",
  "fd00:ec2::254",
  "fd00:ec2::23",
  "fd20:ce::254",
  "fd00:c1::a9fe:a9fe",
  "fd00:42::42",
  "fd00:a9fe:a9fe::1",
  "fe80::a9fe:a9fe",
];

for (const address of METADATA) {
  const socket = address.includes(":") ? `[${address}]` : address;
  test(`the metadata address ${address} opens only to a grant of exactly it and its port`, () => {
    const wide = ["0.0.0.0/0", "::/0", `${address}/16`, address, "meta.test:8080", `${socket}:80`];
    const verdict = check(address, wide, "meta.test");
    assert.equal(verdict.kind === "blocked" && verdict.grant, `${socket}:8080`);
    assert.deepEqual(check(address, [`${socket}:8080`]), { kind: "allowed" });
  });
}

test("a metadata address stays shut inside an IPv6 range that was granted", () => {
  for (const address of ["64:ff9b::a9fe:a9fe", "::ffff:169.254.169.254", "2002:a9fe:a9fe::"]) {
    assert.equal(check(address, ["::/0", "0.0.0.0/0"]).kind, "blocked", address);
  }
});

test("no grant opens unspecified, multicast and broadcast addresses", () => {
  const never = [
    "0.0.0.0",
    "0.1.2.3",
    "::",
    "224.0.0.1",
    "239.255.255.255",
    "255.255.255.255",
    "ff02::1",
  ];
  for (const address of [...never, "::ffff:0.0.0.0", "64:ff9b::e000:1"]) {
    const socket = address.includes(":") ? `[${address}]:8080` : `${address}:8080`;
    const grants = ["0.0.0.0/0", "::/0", address, socket, "x.test:8080"];
    const verdict = check(address, grants, "x.test");
    assert.equal(verdict.kind, "blocked", address);
    assert.equal(verdict.kind === "blocked" && verdict.grant, null, address);
  }
});

test("a grant by name is for that name, that port, and whatever special address it has", () => {
  const grants = ["Nas.LAN.:8080"];
  assert.equal(check("192.168.1.5", grants, "nas.lan").kind, "allowed");
  assert.equal(check("fd00::5", grants, "nas.lan").kind, "allowed");
  assert.equal(check("192.168.1.5", grants, "other.lan").kind, "blocked");
  assert.equal(check("192.168.1.5", ["nas.lan:8081"], "nas.lan").kind, "blocked");
});

test("a grant by address and port is not one for its neighbour or for another port", () => {
  assert.equal(check("192.168.1.5", ["192.168.1.5:8080"]).kind, "allowed");
  assert.equal(check("192.168.1.5", ["192.168.1.5:8081"]).kind, "blocked");
  assert.equal(check("192.168.1.6", ["192.168.1.5:8080"]).kind, "blocked");
  assert.equal(check("192.168.1.5", ["192.168.1.5"]).kind, "allowed");
});

test("an IPv6 range that was granted opens what it carries only where that is open too", () => {
  const nat64 = ["64:ff9b::/96"];
  assert.equal(check("64:ff9b::808:808", nat64).kind, "allowed");
  assert.equal(check("64:ff9b::a00:1", nat64).kind, "blocked");
  assert.equal(check("64:ff9b::a00:1", [...nat64, "10.0.0.0/8"]).kind, "allowed");
  assert.equal(check("64:ff9b::a00:1", ["10.0.0.0/8"]).kind, "blocked");
});

test("a public-looking IPv6 address that carries a private IPv4 one is refused (ISATAP)", () => {
  const verdict = check("2606:4700::5efe:10.0.0.1");
  assert.match(verdict.kind === "blocked" ? verdict.message : "", /carries 10\.0\.0\.1 \(ISATAP\)/);
  assert.equal(check("2606:4700::200:5efe:10.0.0.1").kind, "blocked");
  assert.equal(check("2606:4700::5efe:8.8.8.8").kind, "allowed");
});

test("Teredo's client address is read with its bits flipped back", () => {
  const verdict = check("2001:0:808:808::f5ff:fffe", ["2001::/32"]);
  assert.match(verdict.kind === "blocked" ? verdict.message : "", /carries 10\.0\.0\.1 \(Teredo\)/);
});

test("local NAT64 is read at every prefix length that RFC 6052 has within a /48", () => {
  const forms = [
    "64:ff9b:1::a00:1",
    "64:ff9b:1:0:a:0:100:0",
    "64:ff9b:1:a:0:1::",
    "64:ff9b:1:a00:0:100::",
  ];
  for (const address of forms) {
    assert.equal(check(address, ["64:ff9b:1::/48"]).kind, "blocked", address);
    assert.equal(check(address, ["64:ff9b:1::/48", "10.0.0.0/8"]).kind, "allowed", address);
  }
});

test("what is not an address is refused, zone ids among it", () => {
  for (const text of ["", "x", "fe80::1%eth0", "127.1", "0x7f000001", "[::1]", "1.1.1.1:80"]) {
    assert.equal(check(text, ["::/0", "0.0.0.0/0"], "x.test").kind, "blocked", text);
  }
});

test("a refused metadata service is not told how to be opened", () => {
  for (const address of METADATA) {
    const verdict = check(address);
    assert.ok(verdict.kind === "blocked");
    assert.match(verdict.message, /hands out credentials/);
    assert.equal(grantAdvised(verdict.message), null);
    assert.doesNotMatch(verdict.message, /POSTHORN_EGRESS_ALLOW|egress_allow|to send there/);
  }
});

test("what will be refused whatever the DNS says is known before anything is sent", () => {
  const rules = egressRules(() => ["10.0.0.0/8"]);
  assert.match(rules.foresee("http://127.0.0.1:9/", []) ?? "", /add 127\.0\.0\.1:9 to/);
  assert.match(rules.foresee("http://localhost:9/", []) ?? "", /the address of localhost/);
  assert.match(rules.foresee("http://0.0.0.0/", ["0.0.0.0/0"]) ?? "", /can't be allowed\.$/);
  for (const [url, grant] of [
    ["http://10.1.2.3/", ""],
    ["http://127.0.0.1:9/", "127.0.0.1:9"],
    ["http://localhost:9/", "localhost:9"],
    ["http://localhost:9/", "127.0.0.1:9"],
    ["http://nas.lan/", ""],
    ["http://93.184.215.14/", ""],
  ] as const) {
    assert.equal(rules.foresee(url, [grant]), null, url);
  }
});
