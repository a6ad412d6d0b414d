/** IPv4 has 4 bytes, IPv6 has 16. A v4-mapped IPv6 address (`::ffff:192.0.2.1`) is the IPv4 address that it means. */
export type AddressBytes = readonly number[];

/** An address or a network. */
export interface Network {
  readonly bytes: AddressBytes;
  readonly bits: number;
}

/** Strict: four decimal numbers without leading zeros, or RFC 4291 text. Null for all else, a zone (`%eth0`) included. */
export function parseAddress(text: string): AddressBytes | null {
  if (!text.includes(":")) return parseV4(text);
  const bytes = parseV6(text);
  return bytes !== null && isMapped(bytes) ? bytes.slice(12) : bytes;
}

/** An address, or an address and `/bits` with no bit set behind them: such a bit is a slip of the pen. Null for all else. */
export function parseNetwork(text: string): Network | null {
  const slash = text.indexOf("/");
  const bytes = parseAddress(slash === -1 ? text : text.slice(0, slash));
  if (bytes === null) return null;
  if (slash === -1) return { bytes, bits: bytes.length * 8 };
  const written = text.slice(slash + 1);
  if (!/^(?:0|[1-9]\d{0,2})$/.test(written)) return null;
  const isMappedText = bytes.length === 4 && text.includes(":");
  const bits = Number(written) - (isMappedText ? 96 : 0);
  if (bits < 0 || bits > bytes.length * 8) return null;
  return hasBitsBehind(bytes, bits) ? null : { bytes, bits };
}

export function contains(network: Network, address: AddressBytes): boolean {
  if (network.bytes.length !== address.length) return false;
  const whole = network.bits >> 3;
  for (let i = 0; i < whole; i++) if (network.bytes[i] !== address[i]) return false;
  const rest = network.bits & 7;
  if (rest === 0) return true;
  const mask = 0xff & (0xff << (8 - rest));
  return (((network.bytes[whole] ?? 0) ^ (address[whole] ?? 0)) & mask) === 0;
}

/** What one household or server has of the address: all of IPv4, the /64 of IPv6, from which anybody draws addresses at will. */
export function addressKey(bytes: AddressBytes): string {
  return bytes.slice(0, 8).join(".");
}

function parseV4(text: string): AddressBytes | null {
  const parts = text.split(".");
  if (parts.length !== 4) return null;
  const isStrict = parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
  return isStrict ? parts.map(Number) : null;
}

function parseV6(text: string): AddressBytes | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const head = parseGroups(halves[0] ?? "", halves.length === 1);
  const tail = parseGroups(halves[1] ?? "", true);
  if (head === null || tail === null) return null;
  if (halves.length === 1) return head.length === 16 ? head : null;
  // "::" stands for at least one group of zeros.
  const zeros = 16 - head.length - tail.length;
  return zeros < 2 ? null : [...head, ...Array.from({ length: zeros }, () => 0), ...tail];
}

/** Groups of up to four hex digits; the last may be an IPv4 address where these are the last groups. */
function parseGroups(text: string, mayEndInV4: boolean): number[] | null {
  if (text === "") return [];
  const groups = text.split(":");
  const bytes: number[] = [];
  for (const [i, group] of groups.entries()) {
    const v4 = mayEndInV4 && i === groups.length - 1 ? parseV4(group) : null;
    if (v4 !== null) bytes.push(...v4);
    else if (/^[\da-f]{1,4}$/i.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    } else return null;
  }
  return bytes;
}

function isMapped(bytes: AddressBytes): boolean {
  return bytes.every((byte, i) => i >= 12 || byte === (i < 10 ? 0 : 0xff));
}

function hasBitsBehind(bytes: AddressBytes, bits: number): boolean {
  return bytes.some((byte, i) => {
    const own = Math.min(Math.max(bits - i * 8, 0), 8);
    return (byte & (0xff >> own)) !== 0;
  });
}
