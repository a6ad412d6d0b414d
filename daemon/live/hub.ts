import { DEFAULT_APPLICATION } from "../domain/application.ts";
import type { ClientFrame, ServerFrame } from "../domain/live.ts";
import { LIVE_CLOSE } from "../domain/live.ts";
import { parseClientFrame } from "./client-frame.ts";
import { maskOf } from "./delta.ts";
import { timeText } from "./gather.ts";
import type { Access, Line, LiveNeeds } from "./needs.ts";
import { createRepeat } from "./repeat.ts";
import type { Followed, Seat } from "./seat.ts";
import { leave } from "./seat.ts";
import type { Teller } from "./teller.ts";
import { createTeller } from "./teller.ts";

const CHECK_EVERY_MS = 2_000;
const PING_EVERY_MS = 25_000;
const PINGS_MISSED_MAX = 2;
const UNSENT_BYTES_MAX = 1024 * 1024;
const WATCHERS_MAX = 500;

type Subscription = Extract<ClientFrame, { t: "subscribe" }>;

/** What a watcher's connection reports. */
export interface Watcher {
  heard(text: string): void;
  ponged(): void;
  gone(): void;
}

/** Who watches what, and whether they still may. */
export interface Hub {
  /** Null where nobody can be taken in: the line was told why. */
  join(line: Line, access: Access): Watcher | null;
  readonly watcherCount: number;
  /** Says goodbye to all, and computes nothing more. */
  stop(): void;
}

/** What the functions of a hub share. */
interface Room {
  readonly needs: LiveNeeds;
  readonly epoch: string;
  readonly seats: Set<Seat>;
  readonly teller: Teller;
}

export function createHub(needs: LiveNeeds): Hub {
  const seats = new Set<Seat>();
  const room: Room = {
    needs,
    epoch: Buffer.from(needs.chance.bytes(8)).toString("hex"),
    seats,
    teller: createTeller(needs, {
      send: (seat, frame) => sendTo(room, seat, frame),
      fail: (seat) => dismiss(room, seat, 1011, "the daemon failed"),
    }),
  };
  const isAnybodyThere = () => seats.size > 0;
  const checks = createRepeat(needs.timers, CHECK_EVERY_MS, isAnybodyThere, () => check(room));
  const pings = createRepeat(needs.timers, PING_EVERY_MS, isAnybodyThere, () => ping(room));
  let isStopped = false;

  return {
    join(line, access) {
      if (isStopped || seats.size >= WATCHERS_MAX) {
        if (isStopped) line.close(1001, "the daemon stops");
        else line.close(LIVE_CLOSE.full, "too many watch");
        return null;
      }
      const seat: Seat = { line, access, followed: null, mask: 0, pingsMissed: 0, turn: 0 };
      seats.add(seat);
      checks.start();
      pings.start();
      greet(room, seat);
      return {
        heard: (text) => hear(room, seat, text),
        ponged: () => void (seat.pingsMissed = 0),
        gone: () => forget(room, seat),
      };
    },
    get watcherCount() {
      return seats.size;
    },
    stop() {
      isStopped = true;
      checks.stop();
      pings.stop();
      room.teller.stop();
      for (const seat of seats) dismiss(room, seat, 1001, "the daemon stops");
    },
  };
}

function greet(room: Room, seat: Seat): void {
  const { needs, epoch, teller } = room;
  say(room, seat, {
    t: "hello",
    build: needs.build,
    epoch,
    seq: teller.seq,
    server_time: timeText(needs.clock.wallMs()),
    ping_ms: PING_EVERY_MS,
  });
}

function hear(room: Room, seat: Seat, text: string): void {
  if (!room.seats.has(seat)) return;
  const frame = parseClientFrame(text);
  if (frame === null) return dismiss(room, seat, LIVE_CLOSE.badFrame, "expected a known frame");
  if (frame.t === "ping") return say(room, seat, { t: "pong" });
  subscribe(room, seat, frame).catch((error: unknown) => {
    room.needs.log.error("a watcher's subscription failed", { error });
    dismiss(room, seat, 1011, "the daemon failed");
  });
}

async function subscribe(room: Room, seat: Seat, frame: Subscription): Promise<void> {
  leave(seat, room.needs.clock.nowMs());
  const { turn } = seat;
  const applicationSeq = applicationFor(room, seat, frame.app);
  if (applicationSeq === undefined) {
    return dismiss(room, seat, LIVE_CLOSE.badFrame, "expected app to be one that may be seen");
  }
  const followed = room.teller.follow(applicationSeq);
  if (resume(room, seat, frame, followed)) return;
  const snapshot = await followed.channel.snapshot();
  // Gone meanwhile, or asked for something else.
  if (seat.turn !== turn || !room.seats.has(seat)) return;
  follow(seat, frame, followed);
  if (frame.since !== undefined) say(room, seat, { t: "reset" });
  say(room, seat, { t: "snapshot", seq: room.teller.seq, ...snapshot });
}

/** Sends what the watcher has missed; false where not all of it is known any more. */
function resume(room: Room, seat: Seat, frame: Subscription, followed: Followed): boolean {
  const { epoch, since } = frame;
  if (epoch !== room.epoch || since === undefined || since > room.teller.seq) return false;
  const missed = followed.channel.since(since);
  if (missed === null) return false;
  follow(seat, frame, followed);
  for (const delta of missed) {
    const text = delta.frameFor(seat.mask);
    if (text !== null && room.seats.has(seat)) sendTo(room, seat, text);
  }
  return true;
}

function follow(seat: Seat, { topics }: Subscription, followed: Followed): void {
  seat.mask = maskOf(topics);
  seat.followed = followed;
  followed.seats.add(seat);
}

/** The application that is asked for and may be seen; undefined where there is no such one. */
function applicationFor(
  { needs }: Room,
  { access }: Seat,
  app: string | undefined,
): number | undefined {
  const own = access.applicationSeq;
  if (own !== null && app === undefined) return own;
  const asked = needs.directory.application(app ?? DEFAULT_APPLICATION)?.seq;
  return own === null || own === asked ? asked : undefined;
}

function check(room: Room): void {
  for (const seat of room.seats) {
    if (!seat.access.isGood()) dismiss(room, seat, LIVE_CLOSE.signedOut, "signed out");
  }
}

function ping(room: Room): void {
  for (const seat of room.seats) {
    if (seat.pingsMissed >= PINGS_MISSED_MAX) {
      forget(room, seat);
      seat.line.cut();
      continue;
    }
    seat.pingsMissed += 1;
    seat.line.ping();
  }
}

function say(room: Room, seat: Seat, frame: ServerFrame): void {
  sendTo(room, seat, JSON.stringify(frame));
}

function sendTo(room: Room, seat: Seat, frame: Buffer | string): void {
  if (seat.line.unsentBytes > UNSENT_BYTES_MAX) {
    dismiss(room, seat, LIVE_CLOSE.slow, "too much is unread");
    return;
  }
  seat.line.send(frame);
}

function dismiss(room: Room, seat: Seat, code: number, reason: string): void {
  forget(room, seat);
  seat.line.close(code, reason);
}

function forget({ seats, needs }: Room, seat: Seat): void {
  leave(seat, needs.clock.nowMs());
  seats.delete(seat);
}
