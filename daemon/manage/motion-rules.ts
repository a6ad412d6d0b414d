/** What putting deliveries in motion needs, and when it is refused: the same for one and for many. */
import type { Directory } from "../domain/directory.ts";
import type { Endpoint } from "../domain/endpoint.ts";
import { AppError, expected } from "../domain/errors.ts";
import type { Clock, Dispatcher, Feed, Timers } from "../domain/ports.ts";
import type { DeliveryRow, OfficeStore, ReadStore } from "../domain/stores.ts";

export interface MotionNeeds {
  readonly store: Pick<
    OfficeStore,
    | "resend"
    | "cancel"
    | "resendMany"
    | "cancelMany"
    | "recoverChunk"
    | "failedChunk"
    | "heldChunk"
    | "cancelChunk"
  > &
    Pick<ReadStore, "delivery" | "deliveries" | "counts">;
  readonly directory: Directory;
  readonly dispatcher: Pick<Dispatcher, "wake" | "endpointChanged" | "isInFlight">;
  readonly feed: Pick<Feed, "publish">;
  readonly clock: Pick<Clock, "nowMs">;
  readonly timers: Pick<Timers, "soon">;
}

/** What a delivery is held for that is put in motion at this endpoint now. */
export function holdAt({ state }: Endpoint): "paused" | "disabled" | null {
  return state === "active" ? null : state;
}

/** What resending could not help, with what would; null where it can be sent again. */
export function whyNotResent(
  row: DeliveryRow,
  endpoint: Endpoint | undefined,
  dispatcher: Pick<Dispatcher, "isInFlight">,
): AppError | null {
  if (dispatcher.isInFlight(row.seq)) {
    return conflict("at rest", "an attempt under way", "wait until it has ended");
  }
  if (endpoint === undefined) {
    const got = "one whose endpoint was deleted";
    return conflict("one of a present endpoint", got, "nobody takes it");
  }
  if (row.isTest) return conflict("no test", "a test", "test the endpoint once more");
  return row.state === "held" ? whyHeld(row, endpoint) : null;
}

function whyHeld(row: DeliveryRow, { state }: Endpoint): AppError | null {
  if (row.hold === "order") {
    const advice = "it follows when the one before it has ended or is cancelled";
    return conflict("first of its ordering key", "one that waits for another", advice);
  }
  if (state === "active") return null;
  const advice = state === "paused" ? "resume the endpoint" : "enable the endpoint";
  return conflict("at an active endpoint", `one held at a ${state} endpoint`, advice);
}

/** Nothing can have failed then: a slip of the pen that would be answered with 0 recovered, as if all were well. */
export function inFuture(sinceMs: number): AppError {
  const message = expected("since", "a time that is past", new Date(sinceMs).toISOString());
  return new AppError("invalid_request", message, { problems: [{ path: "/since", message }] });
}

export function conflict(wanted: string, got: string, advice: string): AppError {
  return new AppError("conflict", `expected the delivery to be ${wanted}, got ${got}: ${advice}`);
}
