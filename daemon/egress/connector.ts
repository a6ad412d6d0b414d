/**
 * Opens the connections that undici asks for: look up once, check each address, dial only what was checked. All of it,
 * TLS included, within one limit.
 */
import { connect as dial, isIP, type Socket, type TcpNetConnectOpts } from "node:net";
import { connect as startTls, type SecureContext } from "node:tls";
import type { buildConnector } from "undici";
import type { Timers } from "../domain/ports.ts";
import { socketText } from "./address.ts";
import { ConnectFailed, connectEnding, connectTimeout, failed, type Stage } from "./failure.ts";
import type { Grant } from "./grant.ts";
import { checkAddress } from "./guard.ts";
import type { Resolver } from "./resolver.ts";
import { placeOf, type Place } from "./target.ts";
import { openTunnel, type Proxy } from "./tunnel.ts";

/** What is dialled: addresses only. `host` is for names in messages and must never be looked up. */
export interface Dialled {
  readonly host: string;
  readonly port: number;
  readonly addresses: readonly string[];
}

/** Starts a TCP connection. Tests put their own here, to have one that never answers. */
export type Dial = (dialled: Dialled) => Socket;

export interface Line {
  readonly resolve: Resolver;
  readonly dial: Dial;
  readonly timers: Pick<Timers, "after">;
  readonly proxy: Proxy | null;
}

/** What the connections of one class of endpoints have in common. */
export interface ConnectionTerms {
  readonly grants: readonly Grant[];
  readonly connectTimeoutMs: number;
  readonly verifiesCertificate: boolean;
  /** Throws where the endpoint's CA can't be read. */
  secureContext(): SecureContext;
}

/** Told about each connection, so that all can be counted, and those under way be called off. */
export interface Watch {
  onStarted(callOff: () => void): void;
  onEnded(callOff: () => void): void;
  onOpened(socket: Socket): void;
}

// One address after the other, as RFC 8305 has it: a home's broken IPv6 must not cost the whole connect limit. Node's
// own 250 ms would give up on receivers at the other side of the world.
const NEXT_ADDRESS_AFTER_MS = 1000;

/**
 * All plain connections read into this, one after the other, and what came is copied out of it. By itself Node gives each read 64 KiB
 * of its own and cuts them to the hundred bytes of an answer: a twentieth of what a delivery costs.
 */
const READ_BUFFER = new Uint8Array(65_536);

/** Dials the addresses in turn. The name never reaches a resolver again, or its answer could change after the check. */
export const dialAddresses: Dial = ({ host, port, addresses }) => {
  const [first = "", ...others] = addresses;
  const answer = addresses.map((address) => ({ address, family: isIP(address) }));
  const inTurn: Partial<TcpNetConnectOpts> = {
    host,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_AFTER_MS,
    lookup: (_host, _options, done) => done(null, answer),
  };
  const socket: Socket = dial({
    host: first,
    port,
    noDelay: true,
    keepAlive: true,
    // Node would only tell us; whoever reads the socket as a stream gets it all the same. False stops the reading, as there.
    onread: {
      buffer: READ_BUFFER,
      callback: (length, buffer): boolean => socket.push(Buffer.from(buffer.subarray(0, length))),
    },
    ...(others.length === 0 ? {} : inTurn),
  });
  return socket;
};

/** One connection on its way. */
interface Opening {
  readonly place: Place;
  readonly isTls: boolean;
  stage: Stage;
  socket: Socket | null;
  isOver: boolean;
}

/** A connector for undici's `connect` option. It reports each failure as a `ConnectFailed`, once. */
export function createConnector(
  line: Line,
  terms: ConnectionTerms,
  watch: Watch,
): buildConnector.connector {
  return ({ hostname, port, protocol }, callback) => {
    const isTls = protocol === "https:";
    const place = placeOf(hostname, port === "" ? (isTls ? 443 : 80) : Number(port));
    if (place === null)
      return callback(new ConnectFailed(failed("url_invalid", "The URL has no host.")), null);
    const opening: Opening = { place, isTls, stage: "look-up", socket: null, isOver: false };
    const where = socketText(place.host, place.port);

    const end = (error: ConnectFailed | null): void => {
      if (opening.isOver) return;
      opening.isOver = true;
      stopClock();
      watch.onEnded(callOff);
      if (error !== null || opening.socket === null) {
        opening.socket?.destroy();
        return callback(error ?? broken(where), null);
      }
      // undici would dial again, and again, for a socket that is handed over dead.
      if (opening.socket.destroyed) return callback(broken(where), null);
      callback(null, opening.socket);
    };
    const callOff = (): void => end(broken(where));
    const stopClock = line.timers.after(terms.connectTimeoutMs, () => {
      end(new ConnectFailed(connectTimeout(opening.stage, where, terms.connectTimeoutMs)));
    });
    watch.onStarted(callOff);
    open(opening, line, terms, watch).then(
      () => end(null),
      (error: unknown) => end(new ConnectFailed(connectEnding(error, opening.stage, where))),
    );
  };
}

function broken(where: string): ConnectFailed {
  return new ConnectFailed(failed("connection_reset", `The connection to ${where} was closed.`));
}

async function open(
  opening: Opening,
  line: Line,
  terms: ConnectionTerms,
  watch: Watch,
): Promise<void> {
  const { place } = opening;
  const next = await addressesToDial(place, line, terms.grants);
  // The limit may have run out meanwhile: then nothing may leave any more.
  if (opening.isOver) return;
  opening.stage = line.proxy === null ? "connect" : "proxy";
  const socket = line.dial(next);
  adopt(opening, socket);
  watch.onOpened(socket);
  await once(socket, "connect");
  if (line.proxy !== null) await openTunnel(socket, line.proxy, place);
  if (!opening.isTls || opening.isOver) return;
  opening.stage = "tls";
  const { host } = place;
  const secured = startTls({
    socket,
    host,
    // RFC 6066 3: no addresses in SNI. The certificate is then checked against `host`.
    servername: isIP(host) === 0 ? host : "",
    secureContext: terms.secureContext(),
    rejectUnauthorized: terms.verifiesCertificate,
    ALPNProtocols: ["http/1.1"],
  });
  adopt(opening, secured);
  await once(secured, "secureConnect");
}

/** The socket that is closed if this comes to nothing. A listener stays: an error without one ends the process. */
function adopt(opening: Opening, socket: Socket): void {
  opening.socket = socket;
  socket.on("error", () => {});
}

/** The addresses that may be dialled for a place: its own, checked, or the proxy's. */
async function addressesToDial(
  place: Place,
  line: Line,
  grants: readonly Grant[],
): Promise<Dialled> {
  const { proxy } = line;
  if (proxy === null) {
    const addresses = allowedOf(await addressesOf(place, line.resolve), place, grants);
    return { host: place.host, port: place.port, addresses };
  }
  // The proxy resolves names, so here only those addresses can be checked that stand in the URL.
  if (place.addresses !== null) allowedOf(place.addresses, place, grants);
  const addresses = await addressesOf(proxy.place, line.resolve);
  return { host: proxy.place.host, port: proxy.place.port, addresses };
}

async function addressesOf(place: Place, resolve: Resolver): Promise<readonly string[]> {
  const addresses = place.addresses ?? (await resolve(place.host)).map((each) => each.address);
  if (addresses.length > 0) return addresses;
  throw new ConnectFailed(failed("dns_failed", `The name ${place.host} has no address.`));
}

function allowedOf(addresses: readonly string[], place: Place, grants: readonly Grant[]): string[] {
  const verdicts = addresses.map((address) => ({
    address,
    verdict: checkAddress(address, place.port, grants, place.host),
  }));
  const allowed = verdicts.filter((each) => each.verdict.kind === "allowed");
  if (allowed.length > 0) return allowed.map((each) => each.address);
  const verdict = verdicts[0]?.verdict;
  if (verdict?.kind !== "blocked") throw new Error("expected an address to check, got none");
  throw new ConnectFailed(verdict);
}

function once(socket: Socket, event: "connect" | "secureConnect"): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      socket.off(event, onEvent).off("error", onError).off("close", onClose);
    };
    const onEvent = (): void => {
      stop();
      resolve();
    };
    const onError = (error: Error): void => {
      stop();
      reject(error);
    };
    const onClose = (): void => onError(Object.assign(new Error("closed"), { code: "ECONNRESET" }));
    socket.on(event, onEvent).on("error", onError).on("close", onClose);
  });
}
