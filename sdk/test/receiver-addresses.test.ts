/** Addresses and networks as an operator writes them. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import ipaddr from "ipaddr.js";

import { addressKey, contains, parseAddress, parseNetwork } from "../src/receiver/addresses.ts";

suite("an address", () => {
  test("is read strictly", () => {
    assert.deepEqual(parseAddress("192.0.2.1"), [192, 0, 2, 1]);
    assert.deepEqual(parseAddress("::1"), [...Array<number>(15).fill(0), 1]);
    assert.deepEqual(parseAddress("1:2:3:4:5:6:7:8")?.length, 16);
    assert.deepEqual(parseAddress("64:ff9b::192.0.2.33")?.slice(12), [192, 0, 2, 33]);
    const wrong = [
      "",
      "1.2.3",
      "1.2.3.4.5",
      "01.2.3.4",
      "1.2.3.256",
      "0x7f.0.0.1",
      "2130706433",
      " 1.2.3.4",
      "1.2.3.4 ",
      "1.2.3.4:80",
      ":",
      ":::",
      "1::2::3",
      "1:2:3:4:5:6:7",
      "1:2:3:4:5:6:7:8:9",
      "1:2:3:4:5:6:7::8:9",
      "1:2:3:4:5:6:7:8::",
      "12345::",
      "g::",
      "1:",
      ":1",
      "::1%eth0",
      "[::1]",
      "1.2.3.4::",
      "::1.2.3",
      "::1.2.3.4:5",
    ];
    for (const text of wrong) assert.equal(parseAddress(text), null, text);
  });

  test("of IPv4 in IPv6 is the IPv4 address", () => {
    for (const text of ["::ffff:192.0.2.1", "::FFFF:c000:201", "0:0:0:0:0:ffff:192.0.2.1"]) {
      assert.deepEqual(parseAddress(text), [192, 0, 2, 1]);
    }
    assert.equal(
      parseAddress("::192.0.2.1")?.length,
      16,
      "the deprecated form means something else",
    );
  });

  test("is read as ipaddr.js reads it", () => {
    // But for "::192.0.2.1", which ipaddr.js takes for IPv4; RFC 4291 says that only "::ffff:" means that.
    const v6 = fc.ipV6().filter((text) => !text.includes("."));
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), v6), (text) => {
        assert.deepEqual(parseAddress(text), ipaddr.process(text).toByteArray(), text);
      }),
    );
  });

  test("of IPv6 shares a key with its /64, one of IPv4 with nobody", () => {
    const key = (text: string) => addressKey(parseAddress(text) ?? []);
    assert.equal(key("2001:db8::1"), key("2001:db8::ffff:1"));
    assert.notEqual(key("2001:db8::1"), key("2001:db8:0:1::1"));
    assert.notEqual(key("192.0.2.1"), key("192.0.2.2"));
  });
});

suite("a network", () => {
  test("is an address and a number of bits, with none set behind them", () => {
    const wrong = [
      "192.0.2.0/33",
      "192.0.2.0/-1",
      "192.0.2.0/",
      "192.0.2.0/08",
      "192.0.2.0/24/24",
      "192.0.2.1/24",
      "2001:db8::1/64",
      "::/129",
      "/8",
      "::ffff:192.0.2.0/64",
      "::ffff:192.0.2.0/118",
    ];
    for (const text of wrong) assert.equal(parseNetwork(text), null, text);
    assert.deepEqual(parseNetwork("::ffff:192.0.2.0/120"), parseNetwork("192.0.2.0/24"));
    assert.equal(parseNetwork("192.0.2.1")?.bits, 32);
  });

  test("holds what it holds to the last bit, and nothing of the other family", () => {
    const isIn = (network: string, address: string) => {
      const parsed = parseNetwork(network);
      assert.ok(parsed !== null, network);
      return contains(parsed, parseAddress(address) ?? []);
    };
    assert.ok(isIn("10.0.0.128/25", "10.0.0.255"));
    assert.ok(!isIn("10.0.0.128/25", "10.0.0.127"));
    assert.ok(isIn("0.0.0.0/0", "255.255.255.255"));
    assert.ok(!isIn("0.0.0.0/0", "::1"));
    assert.ok(!isIn("::/0", "192.0.2.1"));
    assert.ok(isIn("2001:db8::/33", "2001:db8:7fff::"));
    assert.ok(!isIn("2001:db8::/33", "2001:db8:8000::"));
  });

  test("holds what ipaddr.js says that it holds", () => {
    const bits = fc.integer({ min: 0, max: 32 });
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV4(), bits, (base, address, size) => {
        const start = ipaddr.IPv4.networkAddressFromCIDR(`${base}/${size}`).toString();
        const network = parseNetwork(`${start}/${size}`);
        const expected = ipaddr.IPv4.parse(address).match(ipaddr.IPv4.parse(start), size);
        assert.ok(network !== null);
        assert.equal(contains(network, parseAddress(address) ?? []), expected);
      }),
    );
  });
});
