import { usageFailure } from "./exit.ts";
import { countText } from "./text.ts";
import type { Session, Verb } from "./verb.ts";
import { jsonText, show, textOption, valueOf } from "./verb.ts";

export const SEND: Verb = {
  name: "send",
  summary: "Send an event",
  example: `send --type invoice.paid --data '{"invoice":"in_1042"}'`,
  options: [
    ["--type <type>", "the event's type (required)"],
    ["--data <json>", "the event's data: JSON, @file, or - for the standard input (required)"],
    ["--tenant <tenant>", "only endpoints of this tenant, or of none, get it"],
    ["--id <id>", "an id of your own; sending it twice is answered with the first answer"],
    ["--ordering-key <key>", "events with the same key go one after another"],
    ["--occurred-at <time>", "when it happened, such as 2026-01-31T12:00:00Z (default: now)"],
    ["--idempotency-key <key>", "the same key and event again is answered with the first answer"],
  ],
  run: send,
};

async function send(session: Session): Promise<void> {
  const [type, data] = [textOption(session, "type"), textOption(session, "data")];
  if (type === undefined) throw usageFailure("expected --type to be an event type, got nothing");
  if (data === undefined) throw usageFailure("expected --data to be JSON, @file or -, got nothing");
  const members = {
    type,
    tenant: textOption(session, "tenant"),
    id: textOption(session, "id"),
    ordering_key: textOption(session, "orderingKey"),
    occurred_at: textOption(session, "occurredAt"),
  };
  const dataText = await jsonText(session.world, "--data", data);
  // The text goes on as it came: read and written again, 1e400 or a large integer would be another
  // number.
  const bodyText = `${JSON.stringify(members).slice(0, -1)},"data":${dataText}}`;
  const headers = { "Idempotency-Key": textOption(session, "idempotencyKey") };
  const asked = { method: "POST", path: "/v1/events", bodyText, headers } as const;
  const answer = await session.client.ask(asked);
  show(session, answer, () => sentence(valueOf(answer) as Accepted, answer.isReplayed));
}

interface Accepted {
  readonly id: string;
  readonly deliveries: number;
}

function sentence({ id, deliveries }: Accepted, isReplayed: boolean): string {
  const how = isReplayed ? "Accepted before, as" : "Accepted as";
  if (deliveries === 0) return `${how} ${id}; no endpoint subscribes to it.`;
  return `${how} ${id}, with ${countText(deliveries, "delivery", "deliveries")}.`;
}
