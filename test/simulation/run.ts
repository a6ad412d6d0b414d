import { TIMEOUT_MS_MAX } from "../../daemon/domain/endpoint.ts";
import type { Endpoint, Transition } from "../../daemon/domain/endpoint.ts";
import type { IncomingEvent } from "../../daemon/domain/ports.ts";
import { settled } from "../support/fake-time.ts";
import { checkAtEnd } from "./invariants.ts";
import type { World } from "./world.ts";
import { changeEndpoint, createWorld, kill, randomEvent, startLife } from "./world.ts";

export interface Verdict {
  readonly seed: number;
  readonly acknowledged: number;
  readonly posts: number;
  readonly crashes: number;
  readonly violations: readonly string[];
}

const SECOND = 1_000;
const HOUR = 3_600_000;
const QUIET_STEPS_MAX = 200_000;

/** One whole life of a post office by seed: a troubled time with faults, then healing, until nothing is left to do. */
export async function simulate(seed: number): Promise<Verdict> {
  const world = await createWorld(seed);
  await troubledTime(world);
  await heal(world);
  checkAtEnd(world);
  const { ledger, network, crashes } = world;
  world.store.close();
  return {
    seed,
    acknowledged: ledger.acknowledged.size,
    posts: network.posts,
    crashes,
    violations: ledger.violations,
  };
}

async function troubledTime(world: World): Promise<void> {
  const { seeded, time } = world;
  const events = seeded.whole(20, 60);
  let untilMs = time.elapsedMs;
  scheduleTick(world);
  for (let number = 0; number < events; number++) {
    if (seeded.happens(0.7)) produce(world, randomEvent(world, number));
    if (seeded.happens(0.15)) await operate(world);
    if (seeded.happens(0.05)) time.jumpWall(seeded.pick([-HOUR, HOUR, -5 * SECOND]));
    if (seeded.happens(0.05)) world.faults.isDiskFull = !world.faults.isDiskFull;
    untilMs += seeded.happens(0.9) ? seeded.whole(1, 5_000) : seeded.whole(1, HOUR);
    await runUntil(world, untilMs);
  }
}

async function heal(world: World): Promise<void> {
  world.faults.crash = 0;
  world.faults.isDiskFull = false;
  world.network.heal();
  if (world.seeded.happens(0.5)) await restart(world);
  for (const endpoint of world.life.directory.allEndpoints()) {
    if (endpoint.state !== "active") await activate(world, endpoint, "release_all");
  }
  const open = world.connection.file
    .prepare("select count(*) from delivery where state in ('pending', 'held')")
    .pluck();
  for (let steps = 0; open.get() !== 0; steps++) {
    const isStuck = steps > QUIET_STEPS_MAX || !(await world.time.step(Infinity));
    if (isStuck) return world.ledger.violate(`${String(open.get())} deliveries never end`);
  }
  // A delivery may be cancelled while its attempt is under way; the attempt still ends and is recorded.
  await world.time.advance(TIMEOUT_MS_MAX + SECOND);
}

async function runUntil(world: World, untilMs: number): Promise<void> {
  const { seeded, time } = world;
  const crashPerStep = world.faults.crash / 10;
  while (time.elapsedMs < untilMs) {
    const isRunning = await time.step(untilMs);
    if (seeded.happens(crashPerStep)) world.life.incarnation.isAlive = false;
    if (!world.life.incarnation.isAlive) await restart(world);
    else if (!isRunning) await time.advance(untilMs - time.elapsedMs);
  }
}

async function restart(world: World): Promise<void> {
  kill(world);
  await settled();
  await startLife(world);
  scheduleTick(world);
}

/** Each second, as the schedule does; over quiet hours only when something is due, which changes nothing but the time it takes. */
function scheduleTick(world: World): void {
  const { time, life } = world;
  const earliest = world.connection.file
    .prepare<[], number | null>("select min(due_at_ms) from delivery where due_at_ms is not null")
    .pluck();
  let ticksAtMs: readonly number[] = [];
  const again = (): void => {
    if (!life.incarnation.isAlive) return;
    const isHindered = world.faults.isDiskFull || life.engine.isBlocked;
    if (isHindered) ticksAtMs = [];
    // What was due two ticks ago has had every chance.
    const [longAgoMs] = ticksAtMs.slice(-2);
    if (ticksAtMs.length >= 2 && longAgoMs !== undefined) {
      world.ledger.lookForIdleness(life, longAgoMs);
    }
    ticksAtMs = [...ticksAtMs.slice(-1), time.clock.nowMs()];
    life.engine.tick();
    const waitMs = (earliest.get() ?? Infinity) - time.clock.nowMs();
    const delayMs = Math.min(Math.max(Math.ceil(waitMs / SECOND) * SECOND, SECOND), 60 * SECOND);
    time.timers.after(delayMs, again);
  };
  time.timers.after(SECOND, again);
}

/** A producer that repeats its request with the same key when no answer came, as it should. */
function produce(world: World, event: IncomingEvent): void {
  const { ingest, incarnation } = world.life;
  let isAnswered = false;
  const copies = world.seeded.happens(0.1) && event.idempotencyKey !== null ? 2 : 1;
  ingest.accept(Array.from({ length: copies }, () => event)).then(
    (answers) => {
      isAnswered = true;
      const ids = new Set<string>();
      for (const answer of answers) {
        if (answer.kind === "conflict") return world.ledger.violate(answer.message);
        ids.add(answer.eventId);
        world.ledger.acknowledged.set(answer.eventId, answer.deliveryCount);
      }
      if (ids.size !== 1 && copies > 1) world.ledger.violate("equal keys made two events");
    },
    () => {
      isAnswered = true;
    },
  );
  if (event.idempotencyKey === null) return;
  world.time.timers.after(10 * SECOND, () => {
    if (!isAnswered && incarnation.isAlive) produce(world, event);
  });
}

async function operate(world: World): Promise<void> {
  if (!world.life.incarnation.isAlive) return;
  const { seeded, life, time } = world;
  const endpoint = seeded.pick([...life.directory.allEndpoints()]);
  const atMs = time.clock.nowMs();
  if (endpoint.state === "active") {
    if (seeded.happens(0.5)) await resendOrCancel(world, endpoint);
    else {
      const change = { state: "paused", transition: "hold", atMs } as const;
      await changeEndpoint(world, endpoint, { ...change, disabledReason: null });
    }
    return;
  }
  await activate(world, endpoint, seeded.pick(["release_all", "release_latest", "release_none"]));
}

async function activate(world: World, endpoint: Endpoint, transition: Transition): Promise<void> {
  const atMs = world.time.clock.nowMs();
  const change = { state: "active", disabledReason: null, transition, atMs } as const;
  await changeEndpoint(world, endpoint, change);
}

async function resendOrCancel(world: World, endpoint: Endpoint): Promise<void> {
  const { seeded, store, life, time } = world;
  const seqs = world.connection.file
    .prepare<[number], number>("select seq from delivery where endpoint_seq = ?")
    .pluck()
    .all(endpoint.seq);
  if (seqs.length === 0) return;
  const seq = seeded.pick(seqs);
  if (life.engine.isInFlight(seq)) return;
  if (seeded.happens(0.5)) {
    world.ledger.resent.add(seq);
    await store.office.resend(seq, null, time.clock.nowMs());
  } else {
    await store.office.cancel(seq, time.clock.nowMs());
  }
  life.engine.endpointChanged(endpoint.seq);
}
