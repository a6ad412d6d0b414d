/** Receivers for tests: real servers on a free loopback port that write down what they got. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import {
  createServer as createTcpServer,
  type AddressInfo,
  type Server,
  type Socket,
} from "node:net";

export interface ReceivedRequest {
  readonly method: string;
  /** Path and query, as on the request line. */
  readonly path: string;
  /** As sent: order, repeats and upper case kept. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The value of the first header of this name, in any case. */
  header(name: string): string | undefined;
  readonly body: Buffer;
}

export type Handler = (request: ReceivedRequest, response: ServerResponse) => void;

/** Closed by hand, or by `await using` at the end of a test, however it ends. */
export interface Receiver extends AsyncDisposable {
  /** Without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Every request whose body has arrived, in order. */
  readonly requests: readonly ReceivedRequest[];
  /** How many connections were ever opened to it. */
  connectionCount(): number;
  /** Resolves once `count` requests have arrived. */
  received(count: number): Promise<void>;
  /** Breaks off what is open. */
  close(): Promise<void>;
}

/** Answers each request with the handler, 204 where there is none. `tls` makes it an https server. */
export async function startReceiver(
  handler: Handler = answerNoContent,
  tls: ServerOptions | null = null,
): Promise<Receiver> {
  const requests: ReceivedRequest[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  const listener = (incoming: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const request = recorded(incoming, Buffer.concat(chunks));
      requests.push(request);
      for (const each of waiting) if (requests.length >= each.count) each.resolve();
      handler(request, response);
    });
  };
  const server = tls === null ? createServer(listener) : createTlsServer(tls, listener);
  const raw = await listenAndCount(server);
  return {
    ...raw,
    url: `${tls === null ? "http" : "https"}://127.0.0.1:${raw.port}`,
    requests,
    received: (count) =>
      new Promise((resolve) => {
        if (requests.length >= count) resolve();
        else waiting.push({ count, resolve });
      }),
  };
}

export interface RawReceiver extends AsyncDisposable {
  readonly port: number;
  connectionCount(): number;
  close(): Promise<void>;
}

/** A bare TCP server, for receivers that don't behave. */
export function startRawReceiver(onSocket: (socket: Socket) => void): Promise<RawReceiver> {
  return listenAndCount(createTcpServer(onSocket));
}

async function listenAndCount(server: Server): Promise<RawReceiver> {
  const sockets = new Set<Socket>();
  let count = 0;
  server.on("connection", (socket) => {
    count += 1;
    sockets.add(socket);
    socket.on("error", () => {}); // senders under test break connections off
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  return {
    port: (server.address() as AddressInfo).port,
    connectionCount: () => count,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function recorded(incoming: IncomingMessage, body: Buffer): ReceivedRequest {
  const headers: [string, string][] = [];
  const { rawHeaders } = incoming;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    headers.push([rawHeaders[i] ?? "", rawHeaders[i + 1] ?? ""]);
  }
  return {
    method: incoming.method ?? "",
    path: incoming.url ?? "",
    headers,
    header: (name) => headers.find(([each]) => each.toLowerCase() === name.toLowerCase())?.[1],
    body,
  };
}

function answerNoContent(_request: ReceivedRequest, response: ServerResponse): void {
  response.writeHead(204).end();
}
