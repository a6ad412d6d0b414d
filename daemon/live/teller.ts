import type { Directory } from "../domain/directory.ts";
import type { Change } from "../domain/ports.ts";
import { createChannel } from "./channel.ts";
import type { Delta } from "./delta.ts";
import type { LiveNeeds } from "./needs.ts";
import { createRepeat } from "./repeat.ts";
import type { Followed, Seat } from "./seat.ts";

const TELL_EVERY_MS = 250;
/** Also where nothing changed hands: a minute goes by, and something may be left over to be told. */
const LOOK_EVERY_MS = 1_000;
/** How long an application is followed after its last watcher left. */
const LINGER_MS = 60_000;

/** Hears of changes while anything is followed, and tells them to whoever follows. */
export interface Teller {
  /** The number of the newest delta. */
  readonly seq: number;
  follow(applicationSeq: number): Followed;
  stop(): void;
}

interface Lines {
  readonly send: (seat: Seat, frame: Buffer) => void;
  /** Ends a line that has missed something: whoever comes back begins anew. */
  readonly fail: (seat: Seat) => void;
}

export function createTeller(needs: LiveNeeds, { send, fail }: Lines): Teller {
  const { clock, directory, feed } = needs;
  const followed = new Map<number, Followed>();
  const repeat = createRepeat(needs.timers, TELL_EVERY_MS, () => followed.size > 0, tick);
  let seq = 0;
  let waiting: (readonly Change[])[] = [];
  let lookedAtMs = -Infinity;
  let revision = directory.revision;
  let isTelling = false;
  let stopListening: (() => void) | null = null;

  function tick(): void {
    const nowMs = clock.nowMs();
    const isLook = nowMs - lookedAtMs >= LOOK_EVERY_MS || revision !== directory.revision;
    if (isTelling || (waiting.length === 0 && !isLook)) return;
    if (isLook) lookedAtMs = nowMs;
    revision = directory.revision;
    isTelling = true;
    void tell(isLook).finally(() => {
      isTelling = false;
      if (isLook) forgetUnwatched(nowMs);
    });
  }

  async function tell(isLook: boolean): Promise<void> {
    const changes = byApplication(waiting, directory);
    waiting = [];
    for (const [applicationSeq, { channel, seats }] of followed) {
      const own = changes.get(applicationSeq) ?? [];
      if (own.length === 0 && !isLook) continue;
      try {
        const delta = await channel.tell(own, seats.size);
        if (delta !== null) broadcast(seats, delta);
      } catch (error) {
        giveUp(applicationSeq, seats, error);
      }
    }
  }

  /** What was not told is lost to its application alone; a channel made anew knows that it does not know what was before. */
  function giveUp(applicationSeq: number, seats: ReadonlySet<Seat>, error: unknown): void {
    needs.log.error("watchers could not be told", { error });
    followed.delete(applicationSeq);
    for (const seat of seats) fail(seat);
  }

  function broadcast(seats: ReadonlySet<Seat>, delta: Delta): void {
    for (const seat of seats) {
      const frame = delta.frameFor(seat.mask);
      if (frame !== null) send(seat, frame);
    }
  }

  function forgetUnwatched(nowMs: number): void {
    for (const [applicationSeq, { seats, lastLeftAtMs }] of followed) {
      if (seats.size === 0 && nowMs - lastLeftAtMs >= LINGER_MS) followed.delete(applicationSeq);
    }
    if (followed.size === 0) stopHearing();
  }

  function stopHearing(): void {
    stopListening?.();
    stopListening = null;
    waiting = [];
  }

  return {
    get seq() {
      return seq;
    },
    follow(applicationSeq) {
      const known = followed.get(applicationSeq);
      if (known !== undefined) {
        known.lastLeftAtMs = clock.nowMs();
        return known;
      }
      // A number of its own for the beginning: what happened before it, after the delta of the number before, nobody knows.
      const channel = createChannel(needs, applicationSeq, (seq += 1), () => (seq += 1));
      const fresh = { channel, seats: new Set<Seat>(), lastLeftAtMs: clock.nowMs() };
      followed.set(applicationSeq, fresh);
      stopListening ??= feed.subscribe((changes) => void waiting.push(changes));
      repeat.start();
      return fresh;
    },
    stop() {
      repeat.stop();
      followed.clear();
      stopHearing();
    },
  };
}

function byApplication(
  batches: readonly (readonly Change[])[],
  directory: Directory,
): Map<number, Change[]> {
  const found = new Map<number, Change[]>();
  for (const batch of batches) {
    for (const change of batch) {
      const applicationSeq = directory.endpoint(change.endpointSeq)?.applicationSeq;
      if (applicationSeq === undefined) continue;
      const own = found.get(applicationSeq);
      if (own === undefined) found.set(applicationSeq, [change]);
      else own.push(change);
    }
  }
  return found;
}
