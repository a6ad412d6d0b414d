import { chmodSync, lstatSync, rmSync } from "node:fs";
import type { Server } from "node:net";
import { connect } from "node:net";

import { StartRefused } from "../domain/errors.ts";

export type SocketState = "missing" | "live" | "stale";

/**
 * Whether somebody listens behind the socket file. A file that is no socket is `live`: not ours to
 * remove.
 */
export function probeSocket(path: string): Promise<SocketState> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once("connect", () => {
      socket.destroy();
      resolve("live");
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") resolve("missing");
      else if (error.code === "ECONNREFUSED" && lstatSync(path).isSocket()) resolve("stale");
      else resolve("live");
    });
  });
}

/**
 * Listens on a socket file that only this user can open. The file that a killed daemon left behind
 * is replaced; one that answers is not, and the promise rejects with `StartRefused`. Call it while
 * the data directory is locked: between the look and the replacement nobody else may come.
 */
export async function listenOnSocket(server: Server, path: string): Promise<void> {
  const state = await probeSocket(path);
  if (state === "live") {
    throw new StartRefused(`expected ${path} to be free, got a socket that another program uses`);
  }
  if (state === "stale") rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(notListening(path, error)));
    // The mask is the process's own and listening on a socket file happens at once, so nobody sees
    // the file with another mode.
    const before = process.umask(0o177);
    try {
      server.listen({ path }, resolve);
    } finally {
      process.umask(before);
    }
  });
  // Where the file system ignores masks.
  chmodSync(path, 0o600);
}

function notListening(path: string, error: Error): StartRefused {
  return new StartRefused(`expected ${path} to be usable as a socket, got ${error.message}`, {
    cause: error,
  });
}
