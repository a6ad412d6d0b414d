import assert from "node:assert/strict";
import { test } from "node:test";
import { parseGrant } from "../daemon/egress/grant.ts";
import { checkUrl, type Target } from "../daemon/egress/target.ts";

function problemOf(text: string): string {
  const parsed = parseGrant(text);
  return parsed.kind === "problem" ? parsed.message : "";
}

function targetOf(url: string): Target {
  const checked = checkUrl(url);
  if (checked.kind === "problem") throw new Error(`${url}: ${checked.message}`);
  return checked.target;
}

function refusalOf(url: string): string {
  const checked = checkUrl(url);
  return checked.kind === "problem" ? checked.message : "";
}

test("a grant is host:port, an address or a CIDR", () => {
  const kinds = [
    ["nas.lan:8080", "name"],
    ["localhost:3000", "name"],
    ["bücher.example:443", "name"],
    ["192.168.1.5:8080", "socket"],
    ["[fd00::1]:8080", "socket"],
    ["0x7f.1:8080", "socket"],
    ["169.254.169.254:80", "socket"],
    ["192.168.1.5", "address"],
    ["fd00::1", "address"],
    ["192.168.0.0/16", "range"],
    ["0.0.0.0/0", "range"],
    ["fd00::/8", "range"],
    [" 10.0.0.1 ", "address"],
  ] as const;
  for (const [text, kind] of kinds) {
    const parsed = parseGrant(text);
    assert.equal(parsed.kind === "grant" && parsed.grant.kind, kind, text);
  }
});

test("what can't be read as a grant is answered with the forms there are", () => {
  const bad = [
    "",
    "nas.lan",
    "nas.lan:0",
    "nas.lan:65536",
    "nas.lan:x",
    ":80",
    "a b:80",
    "u@nas.lan:80",
  ];
  const worse = ["[fd00::1]", "fe80::1%eth0", "http://nas.lan:80", "10.0.0.0/8/8", "10.0.0.0/x"];
  for (const text of [...bad, ...worse, "nas.lan/24", "[nas.lan]:80"]) {
    assert.match(
      problemOf(text),
      /^expected an egress grant to be host:port, an address or a CIDR/,
      text,
    );
  }
});

test("a CIDR that starts in the middle is refused with the one that was perhaps meant", () => {
  assert.equal(
    problemOf("192.168.1.5/24"),
    "expected an egress grant to be a CIDR that starts at its first address, 192.168.1.0/24, " +
      'got "192.168.1.5/24"',
  );
  assert.match(problemOf("fd00::1/8"), /fd00::\/8|fc00::\/8/);
  assert.match(problemOf("10.0.0.0/33"), /at most \/32/);
  assert.match(problemOf("fd00::/129"), /at most \/128/);
});

test("a grant that could never open anything is a problem, not silence", () => {
  assert.match(problemOf("0.0.0.0:80"), /the address of one host/);
  assert.match(problemOf("::"), /the address of one host/);
  assert.match(problemOf("224.0.0.1"), /the address of one host/);
  assert.match(problemOf("169.254.169.254"), /with its port, such as 169\.254\.169\.254:80/);
  assert.match(problemOf("fd00:ec2::254"), /such as \[fd00:ec2::254\]:80/);
});

test("a star opens nothing, and is refused with what would", () => {
  for (const text of ["*:80", "*.lan:80", "192.168.1.*:80", "*"]) {
    const problem = problemOf(text);
    assert.match(problem, /to be one name, without a star; a CIDR opens many, got/, text);
  }
});

test("a URL is taken apart into what is dialled and what is asked for", () => {
  assert.deepEqual(targetOf("https://Hooks.Example:8443/in/a%20b?x=1#part"), {
    host: "hooks.example",
    port: 8443,
    addresses: null,
    origin: "https://hooks.example:8443",
    path: "/in/a%20b?x=1",
    isTls: true,
  });
  assert.equal(targetOf("http://a.example").port, 80);
  assert.equal(targetOf("https://a.example").port, 443);
  assert.equal(targetOf("http://a.example.:80/").host, "a.example");
});

test("every spelling of an IPv4 address in a URL is that address", () => {
  const spellings = [
    "127.0.0.1",
    "2130706433",
    "0x7f000001",
    "017700000001",
    "127.1",
    "0x7f.0.0.1",
    "127.0.1",
  ];
  for (const host of [...spellings, "%31%32%37.0.0.1", "①②⑦.0.0.1", "127.0.0.1.", "0177.0x0.0.1"]) {
    assert.deepEqual(targetOf(`http://${host}:9/`).addresses, ["127.0.0.1"], host);
  }
  assert.deepEqual(targetOf("http://[::ffff:127.0.0.1]/").addresses, ["::ffff:7f00:1"]);
});

test("localhost is loopback without asking anyone, and so is every name under it", () => {
  for (const host of ["localhost", "LOCALHOST", "localhost.", "a.localhost", "a.b.localhost."]) {
    assert.deepEqual(targetOf(`http://${host}/`).addresses, ["127.0.0.1", "::1"], host);
  }
  assert.equal(targetOf("http://notlocalhost/").addresses, null);
  assert.equal(targetOf("http://localhost.example/").addresses, null);
});

test("only http and https on a real port, without credentials, can be sent to", () => {
  for (const url of [
    "ftp://a.example/",
    "file:///etc/passwd",
    "gopher://a.example:70/",
    "javascript:1",
  ]) {
    assert.match(refusalOf(url), /to be http or https, got/, url);
  }
  assert.match(refusalOf("http://a.example:0/"), /from 1 to 65535, got 0/);
  for (const url of [
    "",
    "a.example",
    "/in",
    "http://",
    "http://a.example:70000/",
    "http://[fe80::1%25eth0]/",
  ]) {
    assert.match(refusalOf(url), /^expected the endpoint's URL to be absolute/, url);
  }
  assert.match(refusalOf("http://1.2.3.4.5/"), /host that can exist/);
  assert.match(refusalOf("http://./"), /host that can exist/);
});

test("a password in a URL is refused and not repeated", () => {
  for (const url of [
    "https://me:hunter2@a.example/",
    "https://hunter2@a.example/",
    "https://:hunter2@a.example/",
  ]) {
    assert.match(refusalOf(url), /without a user or password/);
    assert.doesNotMatch(refusalOf(url), /hunter2/);
  }
  assert.doesNotMatch(refusalOf("https://me:hunter2@a.example:99999/"), /hunter2/);
});

test("what the parser would mend or drop is refused, so that what is shown is what was written", () => {
  const control = ["https://a.example/\r\nX: y", "https://a.example/\0", "ht\ttps://a.example/"];
  for (const url of control) assert.match(refusalOf(url), /without control characters, got one/);
  for (const url of [" https://a.example/", "https://a.example/\u00a0"]) {
    assert.match(refusalOf(url), /without white space at its ends/, url);
  }
  for (const url of ["http:///x", "http:/x", "http:x", "http:\\\\x"]) {
    assert.match(refusalOf(url), /with a host that can exist, got one without$/, url);
  }
});

test("a host that no DNS can hold is refused at once", () => {
  const label = "a".repeat(63);
  assert.equal(targetOf(`https://${label}.example/`).host, `${label}.example`);
  const long = Array<string>(5).fill(label).join(".");
  for (const host of [`${label}a.example`, long, "xn--", "a.xn--.example", "a..example"]) {
    assert.match(
      refusalOf(`https://${host}/`),
      /^expected the endpoint's URL to be absolute/,
      host,
    );
  }
});

test("a URL has one spelling, the one that is sent to", () => {
  const hrefOf = (url: string) => {
    const checked = checkUrl(url);
    return checked.kind === "target" ? checked.href : checked.message;
  };
  assert.equal(hrefOf("HTTP://A.Example:80/x y"), "http://a.example/x%20y");
  assert.equal(hrefOf("https://bücher.example"), "https://xn--bcher-kva.example/");
});
