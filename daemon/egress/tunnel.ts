/**
 * Through an outgoing proxy: HTTP CONNECT (RFC 9110 9.3.6) or SOCKS5 (RFC 1928, RFC 1929). undici brings agents for
 * both; they are not used, because neither takes the limits that direct connections have (headers, idle sockets, one
 * connect limit over all steps), and its plain-http proxying would let the proxy see and change every request.
 */
import { request } from "node:http";
import { isIP, isIPv4, type Socket } from "node:net";
import { expected } from "../domain/errors.ts";
import { parseAddress, socketText } from "./address.ts";
import { ConnectFailed, failed } from "./failure.ts";
import { placeOf, type Place } from "./target.ts";

export interface Proxy {
  readonly kind: "http" | "socks5";
  readonly place: Place;
  readonly user: string;
  readonly password: string;
}

export type ParsedProxy =
  | { readonly kind: "proxy"; readonly proxy: Proxy }
  | { readonly kind: "problem"; readonly message: string };

const PORT_BY_SCHEME: Readonly<Record<string, number>> = { "http:": 80, "socks5:": 1080 };

/** `http://[user:password@]host[:port]` or `socks5://…`. Messages never repeat the text: it may hold a password. */
export function parseProxy(text: string): ParsedProxy {
  const url = URL.parse(text);
  const defaultPort = PORT_BY_SCHEME[url?.protocol ?? ""];
  const port = url?.port ? Number(url.port) : defaultPort;
  const place = url === null || !port ? null : placeOf(url.hostname.toLowerCase(), port);
  if (url === null || place === null || defaultPort === undefined) {
    const wanted = "http://host:port or socks5://host:port";
    const got = url === null ? "one that can't be read" : url.protocol;
    return { kind: "problem", message: expected("the outgoing proxy", wanted, got) };
  }
  const kind = url.protocol === "http:" ? "http" : "socks5";
  const user = decodeURIComponent(url.username);
  const password = decodeURIComponent(url.password);
  return { kind: "proxy", proxy: { kind, place, user, password } };
}

/** Turns a connection to the proxy into one to `target`. The proxy resolves the name, which `.onion` needs. */
export async function openTunnel(socket: Socket, proxy: Proxy, target: Place): Promise<void> {
  if (proxy.kind === "http") await httpConnect(socket, proxy, target);
  else await socksConnect(socket, proxy, target);
}

function refusal(target: Place, why: string): ConnectFailed {
  const where = socketText(target.host, target.port);
  return new ConnectFailed(
    failed("proxy_failed", `The outgoing proxy did not reach ${where}: ${why}.`),
  );
}

function httpConnect(socket: Socket, proxy: Proxy, target: Place): Promise<void> {
  const where = socketText(target.host, target.port);
  const login = Buffer.from(`${proxy.user}:${proxy.password}`).toString("base64");
  const headers = {
    host: where,
    ...(proxy.user === "" ? {} : { "proxy-authorization": `Basic ${login}` }),
  };
  return new Promise((resolve, reject) => {
    const asking = request({
      method: "CONNECT",
      path: where,
      headers,
      createConnection: () => socket,
    });
    asking.once("connect", (response) => {
      const status = response.statusCode ?? 0;
      if (status < 200 || status > 299) return reject(refusal(target, `it answered ${status}`));
      resolve();
    });
    asking.on("error", (error) => reject(refusal(target, error.message)));
    asking.end();
  });
}

const SOCKS_REPLIES: Readonly<Record<number, string>> = {
  1: "general failure",
  2: "its rules forbid it",
  3: "network unreachable",
  4: "host unreachable",
  5: "connection refused",
  6: "time to live expired",
  7: "it does not know CONNECT",
  8: "it does not know this kind of address",
};

const NO_LOGIN = 0;
const LOGIN = 2;

async function socksConnect(socket: Socket, proxy: Proxy, target: Place): Promise<void> {
  const methods = proxy.user === "" ? [NO_LOGIN] : [NO_LOGIN, LOGIN];
  socket.write(Uint8Array.from([5, methods.length, ...methods]));
  const [version, method = 255] = await readBytes(socket, 2, target);
  if (version !== 5) throw refusal(target, "it does not speak SOCKS5");
  if (method === LOGIN) await socksLogin(socket, proxy, target);
  else if (method !== NO_LOGIN) throw refusal(target, "it wants another login");
  socket.write(Buffer.concat([Uint8Array.from([5, 1, 0]), socksAddress(target)]));
  const [, reply = 255, , form = 0] = await readBytes(socket, 4, target);
  if (reply !== 0) throw refusal(target, SOCKS_REPLIES[reply] ?? `reply ${reply}`);
  // The address the proxy sends from: of no use here, but it has to be read off.
  const lengths: Readonly<Record<number, number>> = { 1: 4, 4: 16 };
  const length = lengths[form] ?? (await readBytes(socket, 1, target))[0] ?? 0;
  await readBytes(socket, length + 2, target);
}

async function socksLogin(socket: Socket, proxy: Proxy, target: Place): Promise<void> {
  const user = Buffer.from(proxy.user).subarray(0, 255);
  const password = Buffer.from(proxy.password).subarray(0, 255);
  const parts = [[1, user.length], user, [password.length], password];
  socket.write(Buffer.concat(parts.map((part) => Uint8Array.from(part))));
  const [, status] = await readBytes(socket, 2, target);
  if (status !== 0) throw refusal(target, "it refused the login");
}

function socksAddress(target: Place): Uint8Array {
  const port = [target.port >> 8, target.port & 0xff];
  const name = Buffer.from(target.host);
  if (isIP(target.host) === 0) {
    if (name.length > 255) throw refusal(target, "the name is longer than 255 bytes");
    return Uint8Array.from([3, name.length, ...name, ...port]);
  }
  const bytes = parseAddress(target.host)?.toByteArray() ?? [];
  return Uint8Array.from([isIPv4(target.host) ? 1 : 4, ...bytes, ...port]);
}

/** Exactly `size` bytes; what follows them stays in the socket. */
function readBytes(socket: Socket, size: number, target: Place): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      socket.off("readable", take).off("end", breakOff).off("close", breakOff);
    };
    const breakOff = (): void => {
      stop();
      reject(refusal(target, "it closed the connection"));
    };
    const take = (): void => {
      const bytes: Uint8Array | null = socket.read(size);
      if (bytes === null) return;
      stop();
      if (bytes.length === size) resolve(bytes);
      else reject(refusal(target, "it closed the connection"));
    };
    socket.on("readable", take).on("end", breakOff).on("close", breakOff);
    take();
  });
}
