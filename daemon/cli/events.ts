import { listText, moreText, tableText, timeCell } from "./text.ts";
import type { Page, Session, Verb } from "./verb.ts";
import { PAGE_OPTIONS, pageQuery, pathArg, show, textOption, timeOption } from "./verb.ts";

interface Event {
  readonly id: string;
  readonly type: string;
  readonly tenant: string | null;
  readonly ordering_key: string | null;
  readonly occurred_at: string;
  readonly accepted_at: string;
  readonly content_type: string | null;
  readonly body_bytes: number;
  readonly deliveries: number;
}

export const EVENTS: readonly Verb[] = [
  {
    name: "events list",
    summary: "List events, newest first",
    example: "events list --type invoice.paid --from 2h",
    options: [
      ["--type <type>", "of this type"],
      ["--tenant <tenant>", "of this tenant"],
      ["--from <time>", "accepted then or later: a time, or how long ago, such as 2h"],
      ["--to <time>", "accepted before then"],
      ["--text <text>", "with this piece of text in the id, type, tenant, key or body"],
      ...PAGE_OPTIONS,
    ],
    run: list,
  },
  {
    name: "events show",
    summary: "Show an event with its data",
    example: "events show evt_01hq3v0m3x8r9k6w2n4t5b7c1d",
    args: [["<id>", "the event's id"]],
    run: showOne,
  },
];

async function list(session: Session): Promise<void> {
  const query = {
    type: textOption(session, "type"),
    tenant: textOption(session, "tenant"),
    from: timeOption(session, "from"),
    to: timeOption(session, "to"),
    text: textOption(session, "text"),
    ...pageQuery(session),
  };
  const answer = await session.client.ask({ method: "GET", path: "/v1/events", query });
  show(session, answer, ({ data, next_cursor: next }: Page<Event>) => {
    if (data.length === 0) return `No events.${moreText(next)}`;
    const heads = ["ID", "TYPE", "TENANT", "ACCEPTED", "BYTES", "DELIVERIES"];
    const rows = data.map((each) => [
      each.id,
      each.type,
      each.tenant ?? "-",
      timeCell(each.accepted_at),
      String(each.body_bytes),
      String(each.deliveries),
    ]);
    return tableText(heads, rows) + moreText(next);
  });
}

async function showOne(session: Session): Promise<void> {
  const path = `/v1/events/${pathArg(session, 0)}`;
  const answer = await session.client.ask({ method: "GET", path });
  show(session, answer, (event: Event) => {
    const members = listText([
      ["id", event.id],
      ["type", event.type],
      ["tenant", event.tenant],
      ["ordering key", event.ordering_key],
      ["occurred", timeCell(event.occurred_at)],
      ["accepted", timeCell(event.accepted_at)],
      ["content type", event.content_type],
      ["deliveries", String(event.deliveries)],
    ]);
    return `${members}\n\n${dataOf(answer.text, event)}`;
  });
}

/**
 * The data as the producer wrote it: the API puts it last, as it came. Read and written again, a
 * large integer would be shown as another.
 */
function dataOf(text: string, event: Event): string {
  if (event.content_type !== null) return `${event.body_bytes} bytes; see --json for them.`;
  const start = text.indexOf(',"data":');
  if (start < 0) return "";
  return text.slice(start + ',"data":'.length, text.lastIndexOf("}"));
}
