/** A reverse proxy as people put one before a home server: a path of its own in front, which the daemon never sees. */
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";

export interface PageProxy extends AsyncDisposable {
  /** Of the page behind it, with the slash at its end. */
  readonly url: string;
}

/**
 * Passes `/mail/x` of its own on as `/x`, tells the daemon its own name for itself as Host, and who really asked for what in
 * X-Forwarded headers; sockets that are upgraded too.
 */
export async function startPageProxy(daemonAddress: string, prefix = "/mail"): Promise<PageProxy> {
  const passedOn = ({ method, url = "", headers, socket }: IncomingMessage) => {
    const [host, port] = daemonAddress.split(":");
    const path = url.slice(prefix.length);
    return request({
      host,
      port,
      method,
      path,
      headers: forwarded(headers, daemonAddress, socket),
    });
  };
  const server = createServer((incoming, response) => {
    if (!(incoming.url ?? "").startsWith(`${prefix}/`)) return void response.writeHead(404).end();
    const outgoing = passedOn(incoming);
    outgoing.on("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    outgoing.on("error", () => response.destroy());
    incoming.pipe(outgoing);
  });
  server.on("upgrade", (incoming: IncomingMessage, socket: Duplex, sent: Buffer) => {
    const outgoing = passedOn(incoming);
    outgoing.on("upgrade", (answer, inner, said) => {
      const lines = Object.entries(answer.headers).map(
        ([name, value]) => `${name}: ${String(value)}`,
      );
      socket.write(["HTTP/1.1 101 Switching Protocols", ...lines, "", ""].join("\r\n"));
      // What came in one packet with the headers: the daemon's greeting often does.
      socket.write(said);
      inner.write(sent);
      inner.pipe(socket).pipe(inner);
      for (const [one, other] of [
        [inner, socket],
        [socket, inner],
      ] as const)
        one.on("error", () => other.destroy());
    });
    outgoing.on("response", () => socket.destroy());
    outgoing.on("error", () => socket.destroy());
    outgoing.end();
  });
  // Those that were upgraded are no longer the server's to close.
  const sockets = new Set<Duplex>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${prefix}/`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function forwarded(
  headers: IncomingHttpHeaders,
  daemonAddress: string,
  { remoteAddress }: IncomingMessage["socket"],
): IncomingHttpHeaders {
  return {
    ...headers,
    host: daemonAddress,
    "x-forwarded-for": remoteAddress ?? "",
    "x-forwarded-host": headers.host ?? "",
    "x-forwarded-proto": "http",
  };
}
