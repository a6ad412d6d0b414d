/** The one way out of the house. */
import type { EgressPolicy, Outcome, OutgoingRequest, Sender } from "../domain/attempt.ts";
import type { Timers } from "../domain/ports.ts";
import { createAgents } from "./agents.ts";
import { attempt, dispatchOptions, type AttemptTerms } from "./attempt.ts";
import { dialAddresses, type Dial } from "./connector.ts";
import { ConnectFailed, failed } from "./failure.ts";
import { parseGrant, readGrants, type Grant } from "./grant.ts";
import type { Resolver } from "./resolver.ts";
import { checkUrl, type CheckedUrl } from "./target.ts";
import { parseProxy, type Proxy } from "./tunnel.ts";

const KIB = 1024;

export interface SenderNeeds {
  /** The instance's grants, for every endpoint. */
  readonly instanceGrants: readonly string[];
  readonly resolve: Resolver;
  readonly timers: Pick<Timers, "after">;
  /** A clock that never goes back; durations are its differences. */
  readonly nowMs: () => number;
  /** `http://[user:password@]host:port` or `socks5://…`; null to send directly. */
  readonly proxy: string | null;
  /** Sent where a request has no user-agent of its own; null for none. */
  readonly userAgent?: string | null;
  /** How much of an answer's body is kept. Default 16 KiB. */
  readonly responseBytesMax?: number;
  /** How many bytes of headers an answer may have. Default 16 KiB. */
  readonly headersBytesMax?: number;
  /** Above this many open connections, each is closed after its request instead of kept. Default 1024. */
  readonly keptConnectionsMax?: number;
  /**
   * How long an idle connection is kept. Default 4 s: below the 5 s of many servers, which then seldom close it under a
   * request. A receiver's own `Keep-Alive` hint may change it, up to 30 s.
   */
  readonly idleMs?: number;
  /** How connections are started; for tests. */
  readonly dial?: Dial;
}

/** A sender whose connections can be counted. */
export interface CountedSender extends Sender {
  counts(): { readonly agents: number; readonly sockets: number };
  /**
   * These are the instance's grants from the next attempt on. Connections that were opened under others end with the attempts that
   * are on them. One that can't be read grants nothing.
   */
  allow(instanceGrants: readonly string[]): void;
}

/** Throws where a grant or the proxy of the instance can't be read: config.ts has asked `parseGrant` and `parseProxy`. */
export function createSender(needs: SenderNeeds): CountedSender {
  const { resolve, timers, nowMs, userAgent = null, keptConnectionsMax = 1024 } = needs;
  const line = {
    resolve,
    timers,
    dial: needs.dial ?? dialAddresses,
    proxy: readProxy(needs.proxy),
  };
  const responseBytesMax = needs.responseBytesMax ?? 16 * KIB;
  const terms: AttemptTerms = { timers, nowMs, responseBytesMax, discardedBytesMax: 64 * KIB };
  const agents = createAgents(line, needs.instanceGrants.map(readGrant), {
    headersBytesMax: needs.headersBytesMax ?? 16 * KIB,
    idleMs: needs.idleMs ?? 4_000,
    idleMsMax: 30_000,
  });
  const checkedUrls = new WeakMap<EgressPolicy, { url: string; checked: CheckedUrl }>();
  const forgotten = new WeakSet<EgressPolicy>();
  let closing: Promise<void> | null = null;

  const checkOnce = (url: string, policy: EgressPolicy): CheckedUrl => {
    const known = checkedUrls.get(policy);
    if (known?.url === url) return known.checked;
    const checked = checkUrl(url);
    checkedUrls.set(policy, { url, checked });
    return checked;
  };

  const send = (request: OutgoingRequest, policy: EgressPolicy): Promise<Outcome> => {
    if (closing !== null) return ended(failed("connection_reset", "The sender is closed."));
    const checked = checkOnce(request.url, policy);
    if (checked.kind === "problem") return ended(failed("url_invalid", sentence(checked.message)));
    const { target } = checked;
    const isLast = agents.counts().sockets >= keptConnectionsMax;
    const options = dispatchOptions(request, target, userAgent, isLast);
    const connection = agents.connectionsFor(policy).take(target.origin);
    return attempt(connection, options, target, policy.timeoutMs, terms);
  };

  return {
    post(request, policy) {
      const outcome = send(request, policy);
      if (!forgotten.has(policy)) return outcome;
      // An attempt that began late, under a policy already withdrawn, opens a connection that nobody would close.
      return outcome.finally(() => agents.forget(policy));
    },
    forget(policy) {
      forgotten.add(policy);
      agents.forget(policy);
    },
    counts: () => agents.counts(),
    allow: (texts) => agents.allow(readGrants(texts)),
    close() {
      const reason = failed("connection_reset", "The sender was closed during the attempt.");
      closing ??= agents.close(new ConnectFailed(reason));
      return closing;
    },
  };
}

function ended(ending: ReturnType<typeof failed>): Promise<Outcome> {
  return Promise.resolve({ ...ending, durationMs: 0 });
}

function sentence(message: string): string {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
}

function readGrant(text: string): Grant {
  const parsed = parseGrant(text);
  if (parsed.kind === "problem") throw new Error(parsed.message);
  return parsed.grant;
}

function readProxy(text: string | null): Proxy | null {
  if (text === null) return null;
  const parsed = parseProxy(text);
  if (parsed.kind === "problem") throw new Error(parsed.message);
  return parsed.proxy;
}
