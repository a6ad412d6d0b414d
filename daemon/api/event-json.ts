/** Events as the API shows them. */
import { z } from "zod";
import type { Event, EventBody } from "../domain/event.ts";
import type { ReplyBody } from "./route.ts";
import { timeOut, timeText } from "./schemas.ts";

const eventMembers = {
  id: z.string().describe("The webhook id that receivers see, the same on each attempt."),
  type: z.string(),
  tenant: z.string().nullable(),
  ordering_key: z.string().nullable(),
  occurred_at: timeOut,
  accepted_at: timeOut,
  content_type: z.string().nullable().describe("Null for JSON events."),
  body_bytes: z.int().describe("What is stored and sent, envelope included."),
  deliveries: z.int().describe("How many endpoints it goes to."),
};

export const eventOut = z.object(eventMembers);

export const eventWithBodyOut = z.object({
  ...eventMembers,
  data: z.unknown().optional().describe("Exactly as it was accepted. Absent for raw events."),
  body_base64: z.string().optional().describe("The bytes of a raw event. Absent for JSON events."),
});

export type EventJson = z.infer<typeof eventOut>;
export type EventWithBodyJson = z.infer<typeof eventWithBodyOut>;

type StoredEvent = Event & { readonly deliveryCount: number };

export function eventJson(event: StoredEvent): z.infer<typeof eventOut> {
  return {
    id: event.id,
    type: event.type,
    tenant: event.tenant,
    ordering_key: event.orderingKey,
    occurred_at: timeText(event.occurredAtMs),
    accepted_at: timeText(event.acceptedAtMs),
    content_type: event.contentType,
    body_bytes: event.bodyBytes,
    deliveries: event.deliveryCount,
  };
}

/** `data` is put in as the text it came as: parsed and written again, large integers would come out as others. */
export function eventWithBody(event: StoredEvent & { readonly body: EventBody }): ReplyBody {
  const { bytes, dataStart } = event.body;
  const members = eventJson(event);
  if (event.contentType !== null) {
    const body = Buffer.from(bytes).toString("base64");
    return { kind: "json", value: { ...members, body_base64: body } };
  }
  // The envelope ends with `data` and the brace that closes it.
  const data = bytes.subarray(dataStart, bytes.length - 1);
  const before = `${JSON.stringify(members).slice(0, -1)},"data":`;
  const text = Buffer.concat([Buffer.from(before), data, Buffer.from("}")]);
  return { kind: "text", contentType: "application/json", text };
}
