import { BlockList, isIP } from "node:net";

/** A set of addresses, as the operator wrote it: single ones and CIDRs of both versions. */
export interface Network {
  /** False for what is no address, too. IPv4 in IPv6 form counts as the IPv4 address that it is. */
  has(address: string): boolean;
}

/** Throws `TypeError` or `RangeError` for an entry that is no address; config.ts lets none through. */
export function createNetwork(entries: readonly string[]): Network {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = "", bits] = entry.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return {
    has(address) {
      const plain = plainAddress(address);
      const version = isIP(plain);
      return version !== 0 && list.check(plain, version === 6 ? "ipv6" : "ipv4");
    },
  };
}

/** Where whoever sets up a new instance may come from without a code: this machine and its own networks. */
export const OWN_NETWORK = createNetwork([
  "127.0.0.0/8",
  "::1",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "169.254.0.0/16",
  "fe80::/10",
  "fc00::/7",
]);

function plainAddress(address: string): string {
  const mapped = /^::ffff:(?<v4>\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  return mapped?.groups?.["v4"] ?? address.replace(/%.*$/, "");
}
