import { envelope } from "../../sdk/src/wire/envelope.ts";
import { profileHeaders } from "../../sdk/src/wire/sign.ts";
import type { SigningKey } from "../../sdk/src/wire/secret.ts";
import type { OutgoingRequest } from "../domain/attempt.ts";
import type { Endpoint, EndpointAuth } from "../domain/endpoint.ts";
import type { DueDelivery, DueEvent } from "../domain/stores.ts";

export interface RequestInput {
  readonly delivery: DueDelivery;
  readonly body: Uint8Array;
  readonly endpoint: Endpoint;
  /** Newest first, those that are valid now. */
  readonly keys: readonly SigningKey[];
  readonly auth: EndpointAuth | null;
  /** The endpoint's extra headers, with their values. */
  readonly extra: Readonly<Record<string, string>>;
  readonly userAgent: string;
  /** Counted over all runs through the table, from 1. */
  readonly attemptNumber: number;
  /** The calendar's time, not the engine's: a receiver compares it with its own calendar. */
  readonly wallMs: number;
}

const JSON_TYPE = "application/json";
const NOTHING = Buffer.from("0");

/** The signed POST of one attempt. Pure: the same input gives the same bytes and headers. Throws `SdkError` where nothing can be signed. */
export function signedRequest(input: RequestInput): OutgoingRequest {
  const { delivery, endpoint, body } = input;
  const { event } = delivery;
  const headers: [string, string][] = [
    ["content-type", event.contentType ?? JSON_TYPE],
    ["user-agent", input.userAgent],
    ["posthorn-attempt", `${input.attemptNumber}`],
  ];
  const signed = profileHeaders(
    endpoint.settings.profile,
    {
      id: event.id,
      type: event.type,
      occurredAtMs: event.occurredAtMs,
      timestampS: Math.floor(input.wallMs / 1_000),
      body,
    },
    input.keys,
  );
  for (const [name, value] of signed) headers.push([name, value]);
  for (const name in input.extra) headers.push([name, input.extra[name] ?? ""]);
  if (input.auth !== null) headers.push(["authorization", authorization(input.auth)]);
  return { url: endpoint.settings.url, headers, body };
}

function authorization(auth: EndpointAuth): string {
  if (auth.kind === "bearer") return `Bearer ${auth.token}`;
  // RFC 7617: user-id and password in UTF-8, joined by a colon.
  return `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString("base64")}`;
}

/** The producer's data as it stands in the event's body. A test that waits for a slot may have another body than the event's own. */
export function dataOf({ id, type, occurredAtMs, body, dataStart, shape }: DueEvent): Uint8Array {
  if (shape === "raw") return body;
  const empty = envelope(shape, { id, type, occurredAtMs, data: NOTHING });
  return body.subarray(dataStart, body.length - (empty.body.length - empty.dataEnd));
}

/** The header lines as they are kept with the attempt: what was sent, but for credentials, as most extra headers are. */
export function headerLines(request: OutgoingRequest, extra: RequestInput["extra"]): string {
  let lines = "";
  for (const [name, value] of request.headers) {
    const shown = name === "authorization" || Object.hasOwn(extra, name) ? "***" : value;
    lines += lines === "" ? `${name}: ${shown}` : `\n${name}: ${shown}`;
  }
  return lines;
}
