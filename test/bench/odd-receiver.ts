import { createServer as createHttpServer } from "node:http";
import type { AddressInfo, Server } from "node:net";
import { createServer } from "node:net";

import { end, endWithParent, launchServer, tellParent } from "./children.ts";

/** `hang` accepts connections and requests and never answers; `busy` answers 503 and asks for an hour's rest. */
export type Oddity = "hang" | "busy";

export interface OddReceiver {
  readonly url: string;
  stop(): Promise<void>;
}

/** A receiver as no one wants to have it, in a process of its own. */
export async function startOddReceiver(oddity: Oddity): Promise<OddReceiver> {
  const { child, port } = await launchServer(import.meta.filename, [oddity]);
  return { url: `http://127.0.0.1:${port}/hook`, stop: () => end(child) };
}

function oddServer(oddity: Oddity): Server {
  if (oddity === "hang") {
    return createServer((socket) => {
      socket.on("error", () => socket.destroy());
      socket.resume();
    });
  }
  return createHttpServer((request, response) => {
    request.resume();
    request.on("end", () => response.writeHead(503, { "Retry-After": "3600" }).end());
  });
}

if (import.meta.main) {
  endWithParent();
  const server = oddServer(process.argv[2] as Oddity);
  server.listen(0, "127.0.0.1", () => tellParent((server.address() as AddressInfo).port));
}
