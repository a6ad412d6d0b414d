import type { IncomingMessage, RequestListener, Server, ServerOptions } from "node:http";
import { createServer } from "node:http";
import type { Duplex } from "node:stream";

import type { Config } from "../domain/config.ts";
import { StartRefused } from "../domain/errors.ts";
import type { Log, Timers } from "../domain/ports.ts";
import { listenUrl } from "../domain/setting-forms.ts";
import { listenOnSocket } from "./local-socket.ts";

/** What becomes of requests that ask for another protocol: those that are not wanted are answered like any other. */
interface Upgrade {
  readonly wants: (request: IncomingMessage) => boolean;
  readonly take: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

export interface DoorNeeds extends Pick<Config, "listen" | "socketPath" | "basePath"> {
  /** For whoever reaches the address. */
  readonly handler: RequestListener;
  /** For the local socket, which only the daemon's own user can open. */
  readonly localHandler: RequestListener;
  readonly upgrade: Upgrade;
  readonly localUpgrade: Upgrade;
  readonly settings: ServerOptions;
  readonly timers: Pick<Timers, "after">;
  readonly log: Log;
}

/** The two listeners of the daemon. */
export interface Door {
  /** The address as a producer would write it, with the port that was really taken. */
  readonly url: string;
  /** Takes no new connection, lets requests under way end, and cuts off what takes longer than 5 s. May be called twice. */
  close(): Promise<void>;
}

const LAST_REQUEST_MS = 5_000;

/** Throws `StartRefused` where the address or the socket is taken, with nothing left open. */
export async function openDoor(needs: DoorNeeds): Promise<Door> {
  const { listen, socketPath, basePath, settings, timers, log } = needs;
  const server = serverFor(settings, needs.handler, needs.upgrade);
  const local = serverFor(settings, needs.localHandler, needs.localUpgrade);
  async function close(): Promise<void> {
    await Promise.all([closeServer(server, timers), closeServer(local, timers)]);
  }
  try {
    await listenOn(server, listen);
    if (socketPath !== null) await listenOnSocket(local, socketPath);
    else log.warn("no local socket (switched off, or its path is too long); the CLI needs a key");
  } catch (error) {
    await close();
    throw error;
  }
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : listen.port;
  return { url: listenUrl(listen.host, port, basePath), close };
}

function serverFor(
  settings: ServerOptions,
  handler: RequestListener,
  { wants, take }: Upgrade,
): Server {
  const server = createServer({ ...settings, shouldUpgradeCallback: wants }, handler);
  server.on("upgrade", take);
  return server;
}

const LISTEN_FAULTS: Readonly<Record<string, string>> = {
  EADDRINUSE: "an address in use",
  EACCES: "no permission (ports below 1024 are the system's)",
  EADDRNOTAVAIL: "an address that this machine does not have",
};

async function listenOn(server: Server, { host, port }: Config["listen"]): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const got = LISTEN_FAULTS[error.code ?? ""] ?? error.message;
      reject(new StartRefused(`expected ${host}:${port} to be free to listen on, got ${got}`));
    });
    server.listen({ port, ...(host !== "" && { host }) }, resolve);
  });
}

async function closeServer(server: Server, timers: Pick<Timers, "after">): Promise<void> {
  if (!server.listening) return;
  await new Promise<void>((resolve) => {
    const cancel = timers.after(LAST_REQUEST_MS, () => server.closeAllConnections());
    server.close(() => {
      cancel();
      resolve();
    });
    server.closeIdleConnections();
  });
}
