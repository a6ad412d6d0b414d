/** Which targets may be called. Pure: names are resolved elsewhere, and each address comes here before it is dialled. */
import { grantAdvice } from "../domain/grant-advice.ts";
import { addressText, carriedIpv4, parseAddress, socketText } from "./address.ts";
import { covers, namesAddress, namesHost, namesSocket, type Grant } from "./grant.ts";
import { classOf, type AddressClass, type IpAddress } from "./ranges.ts";

export type Verdict =
  | { readonly kind: "allowed" }
  | {
      readonly kind: "blocked";
      readonly address: string;
      /** What would have to be allowed; null where nothing can open it. */
      readonly grant: string | null;
      /** One sentence for the operator: what was refused, why, and what to allow where that can be wise. */
      readonly message: string;
    };

/** The address itself, or one it carries, with the reason why it is not simply public. */
interface Finding {
  readonly address: IpAddress;
  readonly is: Exclude<AddressClass, { kind: "public" }>;
  /** How it is carried, for example `6to4`; null for the address itself. */
  readonly form: string | null;
}

const ALLOWED: Verdict = { kind: "allowed" };

/**
 * May `host` be called at `address` and `port`? `host` is the `Place.host` of the URL: a name, or the address itself.
 * An IPv6 address that carries an IPv4 one (mapped, 6to4, NAT64, Teredo, ISATAP) is allowed only if both are.
 */
export function checkAddress(
  address: string,
  port: number,
  grants: readonly Grant[],
  host: string,
): Verdict {
  const parsed = parseAddress(address);
  if (parsed === null) return unreadable(address, host);
  const findings = findingsOf(parsed);
  const first = findings[0];
  if (first === undefined) return ALLOWED;
  const never = findings.find((each) => each.is.kind === "never");
  if (never !== undefined) return refused(never, parsed, port, host);
  if (grants.some((grant) => namesSocket(grant, parsed, port))) return ALLOWED;
  const metadata = findings.find((each) => each.is.kind === "metadata");
  if (metadata !== undefined) return refused(metadata, parsed, port, host);
  if (grants.some((grant) => namesHost(grant, host, port) || namesAddress(grant, parsed, port))) {
    return ALLOWED;
  }
  // A range that holds the outer address alone is not enough: 64:ff9b::/96 opens a NAT64 to the public internet,
  // and must not open 10.0.0.1 behind it.
  const closed = findings.find(
    (each) => !grants.some((grant) => covers(grant, each.address, port)),
  );
  return closed === undefined ? ALLOWED : refused(closed, parsed, port, host);
}

function findingsOf(address: IpAddress): readonly Finding[] {
  const all = [{ address, form: null }, ...carriedIpv4(address)];
  return all.flatMap((each) => {
    const is = classOf(each.address);
    return is.kind === "public" ? [] : [{ ...each, is }];
  });
}

function refused(finding: Finding, address: IpAddress, port: number, host: string): Verdict {
  const text = addressText(address);
  const carrying =
    finding.form === null
      ? ""
      : `carries ${addressText(finding.address)} (${finding.form}), which `;
  const why = `${named(text, host)} ${carrying}is in ${finding.is.name}`;
  if (finding.is.kind === "never") {
    return {
      kind: "blocked",
      address: text,
      grant: null,
      message: `${why}, which can't be allowed.`,
    };
  }
  const grant = socketText(text, port);
  if (finding.is.kind === "metadata") {
    // Whoever reads this wants the sentence to go away: it must not tell how to give the machine's credentials away.
    const message = `${why}, which hands out credentials to whoever asks: no webhook belongs there.`;
    return { kind: "blocked", address: text, grant, message };
  }
  const message = `${why}; to send there, ${grantAdvice(grant)}.`;
  return { kind: "blocked", address: text, grant, message };
}

function unreadable(address: string, host: string): Verdict {
  const message = `${host} resolved to something that is not an address to connect to.`;
  return { kind: "blocked", address, grant: null, message };
}

function named(address: string, host: string): string {
  return address === host ? address : `${address}, the address of ${host},`;
}
