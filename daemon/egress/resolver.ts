/** Names to addresses, as this machine sees them. */
import { lookup } from "node:dns/promises";

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** All addresses of a name, best first. Rejects when there are none. Called once for each new connection. */
export type Resolver = (host: string) => Promise<readonly ResolvedAddress[]>;

/**
 * The operating system's resolver: with /etc/hosts, search domains and mDNS, which a home server's names often need, and
 * which a DNS client of our own would miss. Its price is a thread for each question, out of a pool of few: so
 * questions for the same name share one, and a name whose servers are silent holds one thread, not all.
 */
export function createSystemResolver(): Resolver {
  const underWay = new Map<string, Promise<readonly ResolvedAddress[]>>();
  return (host) => {
    const shared = underWay.get(host);
    if (shared !== undefined) return shared;
    const answer = lookup(host, { all: true, order: "verbatim" }).finally(() =>
      underWay.delete(host),
    );
    underWay.set(host, answer);
    return answer;
  };
}
