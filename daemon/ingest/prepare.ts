import type { Shape } from "../../sdk/src/wire/envelope.ts";
import { envelope } from "../../sdk/src/wire/envelope.ts";
import type { Endpoint, ProfileKind } from "../domain/endpoint.ts";
import type { IdMaker } from "../domain/id.ts";
import type { Admission, IncomingEvent } from "../domain/ports.ts";
import type { Accepted, DueEvent, NewDelivery, NewEvent } from "../domain/stores.ts";
import { keyOfOwnId } from "../domain/event.ts";
import { fingerprint } from "./fingerprint.ts";

/** An event with its bodies made and its deliveries written down, ready for the commit. */
export interface Prepared {
  readonly entry: NewEvent;
  /** In the order of `entry.deliveries`: the body that each endpoint's profile wants. */
  readonly bodies: readonly DueEvent[];
}

/** Makes the event's bodies, once each, and one delivery per endpoint. Pure but for the ids. */
export function prepare(
  incoming: IncomingEvent,
  endpoints: readonly Endpoint[],
  nowMs: number,
  ids: IdMaker,
  isTest: boolean,
): Prepared {
  const id = incoming.id ?? ids.next("evt");
  const occurredAtMs = incoming.occurredAtMs ?? nowMs;
  const bodies = new Map<ProfileKind | "raw", DueEvent>();
  const bodyIn = (shape: Shape): DueEvent => {
    const kind = incoming.contentType === null ? shape : "raw";
    const known = bodies.get(kind);
    if (known !== undefined) return known;
    const made = makeBody(incoming, id, occurredAtMs, kind);
    bodies.set(kind, made);
    return made;
  };
  const own = bodyIn("standard");
  const wanted = endpoints.map((endpoint) => bodyIn(endpoint.settings.profile.kind));
  const variants = [...bodies.values()].flatMap(({ shape, body }) =>
    shape === "raw" || shape === "standard" ? [] : [{ shape, bytes: body }],
  );
  const { applicationSeq, type, tenant, orderingKey, contentType, idempotencyKey } = incoming;
  const key = idempotencyKey ?? (incoming.id === null ? null : keyOfOwnId(incoming.id));
  const entry: NewEvent = {
    event: {
      id,
      applicationSeq,
      type,
      tenant,
      orderingKey,
      occurredAtMs,
      acceptedAtMs: nowMs,
      contentType,
      bodyBytes: own.body.length,
    },
    body: { bytes: own.body, dataStart: own.dataStart },
    variants,
    deliveries: endpoints.map((endpoint) => newDelivery(endpoint, orderingKey, ids, isTest)),
    idempotency: key === null ? null : { key, fingerprint: fingerprint(incoming) },
  };
  return { entry, bodies: wanted };
}

function makeBody(
  incoming: IncomingEvent,
  id: string,
  occurredAtMs: number,
  shape: ProfileKind | "raw",
): DueEvent {
  const { type, contentType, data } = incoming;
  const common = { id, type, occurredAtMs, contentType, shape };
  if (shape === "raw") return { ...common, body: data, dataStart: 0 };
  const { body, dataStart } = envelope(shape, { id, type, occurredAtMs, data });
  return { ...common, body, dataStart };
}

function newDelivery(
  endpoint: Endpoint,
  orderingKey: string | null,
  ids: IdMaker,
  isTest: boolean,
): NewDelivery {
  const hold = isTest || endpoint.state === "active" ? null : endpoint.state;
  return {
    id: ids.next("dlv"),
    endpointSeq: endpoint.seq,
    hold,
    orderingKey: isTest ? null : orderingKey,
    isTest,
  };
}

/** What the engine is handed after the commit. */
export function admissions(prepared: Prepared, answer: Accepted): Admission[] {
  if (answer.kind !== "accepted") return [];
  const { eventSeq } = answer;
  return answer.deliveries.flatMap((delivery, i) => {
    const event = prepared.bodies[i];
    return event === undefined ? [] : [{ delivery, eventSeq, event }];
  });
}
