import { signal } from "@preact/signals";
import type {
  ClientFrame,
  LiveDelta,
  LiveFlow,
  LiveTotals,
  ServerFrame,
} from "../../../daemon/domain/live.ts";
import { LIVE_CLOSE } from "../../../daemon/domain/live.ts";
import { apiUrl, get } from "./api.ts";
import { setServerTime } from "./clock.ts";

/** What the reader is told of the connection. `asOfMs`: how old what they see may be. */
export type Connection =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  /** The daemon answers, but something in between lets no WebSocket through. */
  | { readonly kind: "unfed" }
  | { readonly kind: "lost"; readonly asOfMs: number };

export const connection = signal<Connection>({ kind: "connecting" });
export const totals = signal<LiveTotals | null>(null);
export const lastMinute = signal<LiveFlow | null>(null);
/** The build of the page that the daemon serves now; null until it said so. */
export const servedBuild = signal<string | null>(null);
/** Grows whenever frames were missed that can't be told any more: what is on the screen has to be asked for anew. */
export const resets = signal(0);
/** Grows now and then while the daemon answers and the feed does not: what is shown of one thing is asked for again. */
export const polls = signal(0);
/** True once the daemon said that this session is over. */
export const isSignedOut = signal(false);

const WAIT_MS_MIN = 1_000;
const WAIT_MS_MAX = 15_000;
const HELLO_MS_MAX = 10_000;
const PROBE_MS_MAX = 5_000;
const POLL_MS = 15_000;

type Listener = (delta: LiveDelta) => void;
const listeners = new Set<Listener>();

/** Hears each change as it comes; returns how to stop that. */
export function onDelta(listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

let socket: WebSocket | null = null;
let waitMs = WAIT_MS_MIN;
let timer: ReturnType<typeof setTimeout> | undefined;
let position: { readonly epoch: string; readonly seq: number } | null = null;
let heardAtMs = Date.now();
let app: string | null = null;
let pingEveryMs = 25_000;
let helloTimer: ReturnType<typeof setTimeout> | undefined;
/** Connections in a row that came to nothing. */
let failures = 0;
/** Whether the feed ever spoke: if so, one loss alone is no reason to think that it can't. */
let hasSpoken = false;

/** Connects, and stays connected until `disconnect`: for good connections, bad ones, and machines that sleep. */
export function connect(application: string | null): void {
  app = application;
  isSignedOut.value = false;
  open();
}

export function disconnect(): void {
  clearTimeout(timer);
  clearTimeout(helloTimer);
  failures = 0;
  socket?.close(1000);
  socket = null;
  position = null;
}

/** At once, whatever the wait: the reader asked, or the machine woke up. */
export function retryNow(): void {
  if (connection.value.kind === "lost" || connection.value.kind === "unfed") open();
}

/** What is shown is asked for anew: the reader wants to see what the feed does not tell. */
export function refresh(): void {
  resets.value += 1;
}

addEventListener("online", retryNow);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") retryNow();
});

setInterval(() => {
  if (socket?.readyState !== WebSocket.OPEN) return;
  // Two beats without a word: the line is dead, though nobody said so.
  if (Date.now() - heardAtMs > 2 * pingEveryMs) socket.close(4000);
  else send({ t: "ping" });
}, 10_000);

setInterval(() => {
  if (connection.value.kind !== "unfed" || document.visibilityState !== "visible") return;
  polls.value += 1;
}, POLL_MS);

function open(): void {
  clearTimeout(timer);
  if (socket !== null && socket.readyState <= WebSocket.OPEN) return;
  const url = apiUrl("live");
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const opened = new WebSocket(url);
  socket = opened;
  // Some proxies take the connection and pass nothing on.
  helloTimer = setTimeout(() => opened.close(4000), HELLO_MS_MAX);
  opened.addEventListener("message", ({ data }) => {
    if (socket === opened) hear(JSON.parse(String(data)) as ServerFrame);
  });
  opened.addEventListener("close", ({ code }) => {
    if (socket === opened) lose(code);
  });
}

function send(frame: ClientFrame): void {
  socket?.send(JSON.stringify(frame));
}

function hear(frame: ServerFrame): void {
  heardAtMs = Date.now();
  switch (frame.t) {
    case "hello":
      return greet(frame);
    case "snapshot":
      totals.value = frame.totals;
      lastMinute.value = frame.last_minute;
      if (position !== null) position = { ...position, seq: frame.seq };
      return;
    case "delta":
      return take(frame);
    case "reset":
      resets.value += 1;
      return;
    case "pong":
  }
}

function greet(hello: Extract<ServerFrame, { t: "hello" }>): void {
  const { build, epoch, ping_ms: pingMs, seq } = hello;
  setServerTime(hello.server_time);
  clearTimeout(helloTimer);
  failures = 0;
  hasSpoken = true;
  servedBuild.value = build;
  pingEveryMs = pingMs;
  waitMs = WAIT_MS_MIN;
  const since = position?.epoch === epoch ? position.seq : null;
  const hasMissed = position !== null && since === null;
  position = { epoch, seq: since ?? seq };
  send({
    t: "subscribe",
    topics: ["totals", "deliveries", "endpoints"],
    ...(app === null ? {} : { app }),
    ...(since === null ? {} : { epoch, since }),
  });
  if (hasMissed) resets.value += 1;
  connection.value = { kind: "live" };
}

function take(delta: LiveDelta): void {
  if (position !== null) position = { ...position, seq: delta.seq };
  if (delta.totals !== undefined) totals.value = delta.totals;
  if (delta.last_minute !== undefined) lastMinute.value = delta.last_minute;
  for (const listener of listeners) listener(delta);
}

function lose(code: number): void {
  socket = null;
  clearTimeout(helloTimer);
  if (code === LIVE_CLOSE.signedOut) {
    isSignedOut.value = true;
    return;
  }
  failures += 1;
  void judge(failures);
  // Not all at once: a daemon that comes back must not be met by every page in the same instant.
  timer = setTimeout(open, waitMs * (0.5 + Math.random()));
  waitMs = Math.min(waitMs * 2, WAIT_MS_MAX);
}

/** The feed is gone: the daemon may be, too, or only WebSockets don't come through. A light question tells. */
async function judge(turn: number): Promise<void> {
  const answer = await get("session", {}, AbortSignal.timeout(PROBE_MS_MAX));
  if (turn !== failures) return;
  const problem = answer.kind === "bad" ? answer.problem : null;
  if (problem?.status === 401) {
    isSignedOut.value = true;
  } else if (problem?.status === 0 || problem?.code === "foreign_answer") {
    if (connection.value.kind !== "lost") connection.value = { kind: "lost", asOfMs: heardAtMs };
  } else {
    heardAtMs = Date.now();
    // A daemon that starts again answers before the page's next try for the feed.
    if (hasSpoken && failures < 2) return;
    connection.value = { kind: "unfed" };
    totals.value = null;
    lastMinute.value = null;
  }
}
