/**
 * Connections of their own for each class of endpoints: those with the same grants, CA, certificate check and connect limit. An
 * open socket carries the permission it was opened under, so endpoints of different classes never share one.
 */
import type { Socket } from "node:net";
import { createSecureContext, getCACertificates, type SecureContext } from "node:tls";
import type { EgressPolicy } from "../domain/attempt.ts";
import { createConnections, type Connections } from "./connections.ts";
import { createConnector, type ConnectionTerms, type Line, type Watch } from "./connector.ts";
import { ConnectFailed, failed } from "./failure.ts";
import { readGrants, type Grant } from "./grant.ts";

export interface AgentLimits {
  readonly headersBytesMax: number;
  readonly idleMs: number;
  /** The longest that a receiver's own `Keep-Alive` hint may make of it. */
  readonly idleMsMax: number;
}

export interface Agents {
  connectionsFor(policy: EgressPolicy): Connections;
  /** The last policy of a class closes its idle connections; those with a request on them close when it ends. */
  forget(policy: EgressPolicy): void;
  /** The instance's grants for agents made from now on; those that are there take no new requests. */
  allow(grants: readonly Grant[]): void;
  counts(): { readonly agents: number; readonly sockets: number };
  /** Ends everything, connections on their way included. Resolves when every socket is closed. */
  close(reason: Error): Promise<void>;
}

interface Entry {
  readonly key: string;
  readonly connections: Connections;
  readonly policies: Set<EgressPolicy>;
}

export function createAgents(
  line: Line,
  firstGrants: readonly Grant[],
  limits: AgentLimits,
): Agents {
  const entriesByKey = new Map<string, Entry>();
  let entriesByPolicy = new WeakMap<EgressPolicy, Entry>();
  let instanceGrants = firstGrants;
  const live = new Set<Connections>();
  const openings = new Set<() => void>();
  const sockets = new Set<Socket>();
  const watch: Watch = {
    onStarted: (callOff) => openings.add(callOff),
    onEnded: (callOff) => openings.delete(callOff),
    onOpened: (socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    },
  };

  const createEntry = (key: string, policy: EgressPolicy): Entry => {
    const connections = createConnections({
      connect: createConnector(line, termsOf(policy, instanceGrants), watch),
      allowH2: false,
      pipelining: 1,
      maxHeaderSize: limits.headersBytesMax,
      keepAliveTimeout: limits.idleMs,
      keepAliveMaxTimeout: limits.idleMsMax,
      // Each attempt has one deadline over everything, so the parser's own two timers would only cost.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    live.add(connections);
    return { key, connections, policies: new Set() };
  };

  const join = (policy: EgressPolicy): Entry => {
    const key = classOf(policy);
    const entry = entriesByKey.get(key) ?? createEntry(key, policy);
    entriesByKey.set(key, entry);
    entriesByPolicy.set(policy, entry);
    entry.policies.add(policy);
    return entry;
  };

  const retire = ({ connections }: Entry): void => {
    connections.close().then(
      () => live.delete(connections),
      () => live.delete(connections), // destroyed meanwhile: closed all the same
    );
  };

  return {
    connectionsFor: (policy) => (entriesByPolicy.get(policy) ?? join(policy)).connections,
    forget(policy) {
      const entry = entriesByPolicy.get(policy);
      if (entry === undefined) return;
      entriesByPolicy.delete(policy);
      entry.policies.delete(policy);
      if (entry.policies.size > 0) return;
      entriesByKey.delete(entry.key);
      retire(entry);
    },
    allow(grants) {
      instanceGrants = grants;
      const before = [...entriesByKey.values()];
      entriesByKey.clear();
      entriesByPolicy = new WeakMap();
      for (const entry of before) retire(entry);
    },
    counts: () => ({ agents: entriesByKey.size, sockets: sockets.size }),
    async close(reason) {
      const ended = [...live].map((each) => each.destroy(reason));
      for (const callOff of openings) callOff();
      await Promise.all(ended);
      await Promise.all([...sockets].map(closed));
      live.clear();
      entriesByKey.clear();
    },
  };
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once("close", () => resolve());
    socket.destroy();
  });
}

/** Everything that a connection depends on. The whole attempt's deadline is not among it: it is the request's. */
function classOf(policy: EgressPolicy): string {
  const { grants, ca, verifiesCertificate, connectTimeoutMs } = policy;
  return JSON.stringify([grants.toSorted(), ca, verifiesCertificate, connectTimeoutMs]);
}

function termsOf(policy: EgressPolicy, instanceGrants: readonly Grant[]): ConnectionTerms {
  let context: SecureContext | null = null;
  return {
    grants: [...instanceGrants, ...readGrants(policy.grants)],
    connectTimeoutMs: policy.connectTimeoutMs,
    verifiesCertificate: policy.verifiesCertificate,
    // Made once, at the first https connection: reading the public authorities again for each costs milliseconds.
    secureContext: () => (context ??= secureContextOf(policy.ca)),
  };
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^]+?-----END CERTIFICATE-----/g;

function secureContextOf(ca: string | null): SecureContext {
  if (ca === null) return createSecureContext();
  const own = ca.match(CERTIFICATE) ?? [];
  // OpenSSL skips what it can't read; the receiver would then be called untrusted, which is true and no help.
  if (own.length === 0 || !own.every(isCertificate)) {
    const message = "The endpoint's certificate authority can't be read: expected PEM text.";
    throw new ConnectFailed(failed("tls_failed", message));
  }
  return createSecureContext({ ca: [...getCACertificates("default"), ...own] });
}

function isCertificate(pem: string): boolean {
  try {
    createSecureContext({ cert: pem }); // reads it strictly, unlike `ca`
    return true;
  } catch {
    return false;
  }
}
