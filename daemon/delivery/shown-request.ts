import { envelope } from "../../sdk/src/wire/envelope.ts";
import { SdkError } from "../../sdk/src/wire/errors.ts";
import type { SigningKey } from "../../sdk/src/wire/secret.ts";
import type { ShownRequest } from "../domain/attempt.ts";
import type { Directory } from "../domain/directory.ts";
import type { Endpoint, EndpointAuth } from "../domain/endpoint.ts";
import type { Event, EventBody } from "../domain/event.ts";
import type { Clock } from "../domain/ports.ts";
import type { SignatureStep } from "../domain/signature-step.ts";
import type { AttemptRow, DeliveryRow, DueDelivery, ReadStore } from "../domain/stores.ts";
import { dataOf, headerLines, signedRequest } from "./request.ts";
import { signatureSteps } from "./signature-steps.ts";

export interface ShownRequestNeeds {
  readonly read: Pick<ReadStore, "event" | "variant" | "attempts">;
  readonly directory: Pick<Directory, "endpoint">;
  readonly clock: Pick<Clock, "wallMs">;
  readonly userAgent: string;
  signersAt(
    endpoint: Endpoint,
    wallMs: number,
  ): readonly { readonly id: string; readonly key: SigningKey }[];
  authOf(endpoint: Endpoint): EndpointAuth | null;
  headersOf(endpoint: Endpoint): Readonly<Record<string, string>>;
}

/**
 * What was sent last for a delivery, or what its next attempt would send, with how it is signed. Null where the endpoint is gone, or
 * the event: then nobody knows any more.
 */
export function createShownRequest(needs: ShownRequestNeeds) {
  return async (row: DeliveryRow): Promise<ShownRequest | null> => {
    const endpoint = needs.directory.endpoint(row.endpointSeq);
    if (endpoint === undefined) return null;
    const event = await needs.read.event(endpoint.applicationSeq, row.eventId);
    if (event === null) return null;
    const last = (await needs.read.attempts(row.seq)).findLast(
      (each) => each.requestHeaders !== "",
    );
    const body = await bodyFor(needs, endpoint, event);
    return shown(needs, { row, endpoint, event, body, last });
  };
}

type StoredEvent = Event & { readonly body: EventBody };

/** The bytes that are sent: kept where they were made before, made now where they were not. */
async function bodyFor(
  { read }: ShownRequestNeeds,
  { settings }: Endpoint,
  event: StoredEvent,
): Promise<Uint8Array> {
  const shape = settings.profile.kind;
  const { bytes } = event.body;
  if (event.contentType !== null || shape === "standard") return bytes;
  const kept = await read.variant(event.seq, shape);
  if (kept !== null) return kept;
  const { id, type, occurredAtMs } = event;
  return envelope(shape, { id, type, occurredAtMs, data: dataOf(dueEvent(event)) }).body;
}

function dueEvent(event: StoredEvent): DueDelivery["event"] {
  const { id, type, occurredAtMs, contentType, body } = event;
  const { bytes, dataStart } = body;
  const shape = contentType === null ? "standard" : "raw";
  return { id, type, occurredAtMs, contentType, body: bytes, dataStart, shape };
}

interface Looked {
  readonly row: DeliveryRow;
  readonly endpoint: Endpoint;
  readonly event: StoredEvent;
  readonly body: Uint8Array;
  readonly last: AttemptRow | undefined;
}

function shown(needs: ShownRequestNeeds, looked: Looked): ShownRequest {
  const { endpoint, event, body, last } = looked;
  const wallMs = last?.startedAtMs ?? needs.clock.wallMs();
  const { id, type, occurredAtMs } = event;
  const { url, profile } = endpoint.settings;
  const input = { id, type, occurredAtMs, timestampS: Math.floor(wallMs / 1_000), body };
  const sent = last?.requestHeaders ?? null;
  try {
    const then = needs.signersAt(endpoint, wallMs);
    // Secrets that have expired are not kept. Today's show the way as well, and that they are others.
    const signers = then.length > 0 ? then : needs.signersAt(endpoint, needs.clock.wallMs());
    const steps = signatureSteps(profile, input, signers, sent);
    return { url, isSent: sent !== null, headerLines: sent ?? next(needs, looked), body, steps };
  } catch (error) {
    if (!(error instanceof SdkError)) throw error;
    return { url, isSent: sent !== null, headerLines: sent ?? "", body, steps: [unsigned(error)] };
  }
}

/** The header lines of the next attempt, as its record would keep them. */
function next(needs: ShownRequestNeeds, { row, endpoint, event, body }: Looked): string {
  const wallMs = needs.clock.wallMs();
  const extra = needs.headersOf(endpoint);
  const request = signedRequest({
    delivery: { ...row, event: dueEvent(event) },
    body,
    endpoint,
    keys: needs.signersAt(endpoint, wallMs).map(({ key }) => key),
    auth: needs.authOf(endpoint),
    extra,
    userAgent: needs.userAgent,
    attemptNumber: row.attemptCount + 1,
    wallMs,
  });
  return headerLines(request, extra);
}

function unsigned({ message }: SdkError): SignatureStep {
  return { code: "unsigned", title: "No signature can be made now", value: message, facts: {} };
}
