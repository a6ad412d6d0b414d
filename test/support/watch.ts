/** A watcher of the live feed, as a page would be one. */
import { WebSocket } from "ws";
import type { ClientFrame, ServerFrame } from "../../daemon/domain/live.ts";

export type FrameOf<Kind extends ServerFrame["t"]> = Extract<ServerFrame, { t: Kind }>;

export interface TestWatcher {
  readonly socket: WebSocket;
  readonly frames: readonly ServerFrame[];
  say(frame: ClientFrame | string): void;
  /** The first frame of the kind that is good, among those that came and those to come. */
  frame<Kind extends ServerFrame["t"]>(
    kind: Kind,
    isGood?: (frame: FrameOf<Kind>) => boolean,
  ): Promise<FrameOf<Kind>>;
  /** The code that it was closed with; the status of the answer where it was not let in. */
  readonly ended: Promise<number>;
}

const PATIENCE_MS = 10_000;

export function watch(url: string, headers: Readonly<Record<string, string>> = {}): TestWatcher {
  const socket = new WebSocket(url, { headers });
  const frames: ServerFrame[] = [];
  const looking = new Set<() => void>();
  socket.on("message", (data) => {
    frames.push(JSON.parse(Buffer.isBuffer(data) ? data.toString() : "") as ServerFrame);
    for (const look of looking) look();
  });
  socket.on("error", () => undefined);
  const ended = new Promise<number>((resolve) => {
    socket.on("close", resolve);
    socket.on("unexpected-response", (_request, response) => {
      resolve(response.statusCode ?? 0);
      socket.terminate();
    });
  });
  return {
    socket,
    frames,
    ended,
    say: (frame) => socket.send(typeof frame === "string" ? frame : JSON.stringify(frame)),
    frame<Kind extends ServerFrame["t"]>(
      kind: Kind,
      isGood: (frame: FrameOf<Kind>) => boolean = () => true,
    ) {
      return new Promise<FrameOf<Kind>>((resolve, reject) => {
        const timer = setTimeout(() => {
          looking.delete(look);
          reject(new Error(`expected a frame ${kind}, got ${JSON.stringify(frames)}`));
        }, PATIENCE_MS);
        const isWanted = (frame: ServerFrame): frame is FrameOf<Kind> =>
          frame.t === kind && isGood(frame as FrameOf<Kind>);
        const look = () => {
          const found = frames.find(isWanted);
          if (found === undefined) return;
          clearTimeout(timer);
          looking.delete(look);
          resolve(found);
        };
        looking.add(look);
        look();
      });
    },
  };
}
