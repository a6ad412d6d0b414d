import type { Endpoint, Transition } from "../domain/endpoint.ts";
import { AppError } from "../domain/errors.ts";
import type { Clock } from "../domain/ports.ts";
import type { EndpointChange } from "../domain/stores.ts";
import type { Commit } from "./commit.ts";

/**
 * What happens to held deliveries when an endpoint goes on: `latest` keeps the newest of each
 * ordering key.
 */
type ReleaseChoice = "all" | "latest" | "none";

/**
 * Pausing and disabling hold what waits, resuming and enabling let it go; which, is stored with the
 * change and worked off by the engine. Each may be repeated: an endpoint that is so already stays
 * as it is.
 */
export interface EndpointStates {
  /** `conflict` where it is disabled: that verdict stands until somebody enables it. */
  pause(applicationSeq: number, id: string): Promise<Endpoint>;
  /**
   * `conflict` where it is disabled. Where it is active, what is still held goes by the new choice.
   */
  resume(applicationSeq: number, id: string, choice: ReleaseChoice): Promise<Endpoint>;
  /** By an operator; a reason that was there before stays. */
  disable(applicationSeq: number, id: string): Promise<Endpoint>;
  /**
   * `conflict` where it is paused. Failures are counted anew, or the next one would disable it
   * again.
   */
  enable(applicationSeq: number, id: string, choice: ReleaseChoice): Promise<Endpoint>;
}

export interface StatesNeeds {
  readonly clock: Pick<Clock, "nowMs">;
  readonly commit: Commit;
}

export function createEndpointStates({ clock, commit }: StatesNeeds): EndpointStates {
  return {
    pause: (applicationSeq, id) =>
      commit(applicationSeq, id, (endpoint) => {
        if (endpoint.state === "disabled")
          throw unfit(endpoint, "active or paused", "enable it first");
        if (endpoint.state === "paused") return null;
        return { state: "paused", transition: "hold", atMs: clock.nowMs() };
      }),
    resume: (applicationSeq, id, choice) =>
      commit(applicationSeq, id, (endpoint) => {
        if (endpoint.state === "disabled") throw unfit(endpoint, "paused", "enable it instead");
        return released(endpoint, choice, clock.nowMs());
      }),
    disable: (applicationSeq, id) =>
      commit(applicationSeq, id, (endpoint) => {
        if (endpoint.state === "disabled") return null;
        const verdict = { state: "disabled", disabledReason: "operator" } as const;
        return { ...verdict, transition: "hold", atMs: clock.nowMs() };
      }),
    enable: (applicationSeq, id, choice) =>
      commit(applicationSeq, id, (endpoint) => {
        if (endpoint.state === "paused") throw unfit(endpoint, "disabled", "resume it instead");
        return released(endpoint, choice, clock.nowMs());
      }),
  };
}

const TRANSITIONS: Readonly<Record<ReleaseChoice, Transition>> = {
  all: "release_all",
  latest: "release_latest",
  none: "release_none",
};

function released(endpoint: Endpoint, choice: ReleaseChoice, nowMs: number): EndpointChange {
  const transition = TRANSITIONS[choice];
  // Also for one that is active: it lets go what a resume under way still holds, by the choice made
  // last.
  if (endpoint.state === "active") return { transition, atMs: nowMs };
  // The days while it was held are no days of failures.
  const run = {
    failingSinceMs: null,
    failedInARow: 0,
    slowedUntilMs: null,
    slowedSinceMs: null,
    slowCount: 0,
  };
  const health = { ...endpoint.health, ...run };
  return { state: "active", disabledReason: null, transition, health, atMs: nowMs };
}

function unfit({ state }: Endpoint, wanted: string, advice: string): AppError {
  const message = `expected the endpoint to be ${wanted}, got ${state}: ${advice}`;
  return new AppError("conflict", message);
}
