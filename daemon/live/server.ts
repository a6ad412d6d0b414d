import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { RawData, WebSocket } from "ws";
import { WebSocketServer } from "ws";
import type { Timers } from "../domain/ports.ts";
import { LIVE_CLOSE } from "../domain/live.ts";
import type { Watcher } from "./hub.ts";
import { createHub } from "./hub.ts";
import type { Access, Line, LiveNeeds } from "./needs.ts";

/** Read at most, so that a frame that is too long can be answered with a code of ours. */
const PAYLOAD_BYTES_MAX = 64 * 1024;
/** How long a goodbye may take to be answered. */
const GOODBYE_MS = 1_000;

export interface Live {
  /** Takes over a connection whose request asked for it and was let in. Answers bad handshakes by itself. */
  connect(request: IncomingMessage, socket: Duplex, head: Buffer, access: Access): void;
  readonly watcherCount: number;
  /** Says goodbye to all watchers, and cuts off who does not answer within a second. May be called twice. */
  stop(): Promise<void>;
}

export function createLive(needs: LiveNeeds): Live {
  const hub = createHub(needs);
  const open = new Set<WebSocket>();
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: PAYLOAD_BYTES_MAX,
    clientTracking: false,
  });
  let onEmpty: (() => void) | null = null;

  function take(socket: WebSocket, access: Access): void {
    open.add(socket);
    // Said before it is closed; there is nothing to do about either.
    socket.on("error", () => undefined);
    const watcher = hub.join(lineOf(socket, needs.timers), access);
    socket.on("close", () => {
      open.delete(socket);
      watcher?.gone();
      if (open.size === 0) onEmpty?.();
    });
    if (watcher !== null) listenTo(socket, watcher);
  }

  async function stop(): Promise<void> {
    hub.stop();
    if (open.size === 0) return;
    await new Promise<void>((resolve) => {
      onEmpty = resolve;
      needs.timers.after(GOODBYE_MS, resolve);
    });
    for (const socket of open) socket.terminate();
  }

  let stopped: Promise<void> | null = null;
  return {
    connect(request, socket, head, access) {
      server.handleUpgrade(request, socket, head, (taken) => take(taken, access));
    },
    get watcherCount() {
      return hub.watcherCount;
    },
    stop: () => (stopped ??= stop()),
  };
}

function listenTo(socket: WebSocket, watcher: Watcher): void {
  socket.on("pong", () => watcher.ponged());
  socket.on("message", (data: RawData, isBinary: boolean) => {
    if (isBinary) socket.close(LIVE_CLOSE.badFrame, "expected text");
    else watcher.heard(Buffer.isBuffer(data) ? data.toString() : "");
  });
}

function lineOf(socket: WebSocket, timers: Pick<Timers, "after">): Line {
  return {
    get unsentBytes() {
      return socket.bufferedAmount;
    },
    send(frame) {
      socket.send(frame, { binary: false, compress: false });
    },
    ping: () => socket.ping(),
    close(code, reason) {
      socket.close(code, reason);
      timers.after(GOODBYE_MS, () => socket.terminate());
    },
    cut: () => socket.terminate(),
  };
}
