import type { Channel } from "./channel.ts";
import type { TopicMask } from "./delta.ts";
import type { Access, Line } from "./needs.ts";

/** One watcher among the others. */
export interface Seat {
  readonly line: Line;
  readonly access: Access;
  /** Null before the first subscription. */
  followed: Followed | null;
  mask: TopicMask;
  pingsMissed: number;
  /** Counts its subscriptions: one that comes while another is prepared makes that void. */
  turn: number;
}

/** An application that is told of, and who hears it. */
export interface Followed {
  readonly channel: Channel;
  readonly seats: Set<Seat>;
  lastLeftAtMs: number;
}

/** It hears nothing more of what it followed. */
export function leave(seat: Seat, nowMs: number): void {
  seat.turn += 1;
  const { followed } = seat;
  seat.followed = null;
  if (followed === null) return;
  followed.seats.delete(seat);
  followed.lastLeftAtMs = nowMs;
}
