import { listText, moreText, tableText, timeCell } from "./text.ts";
import type { Page, Session, Verb } from "./verb.ts";
import { jsonText, PAGE_OPTIONS, pageQuery, pathArg, show, textOption } from "./verb.ts";

interface EventType {
  readonly name: string;
  readonly description: string;
  readonly schema: unknown;
  readonly created_at: string;
  readonly updated_at: string;
}

const NAME = [["<name>", "such as invoice.paid"]] as const;

export const EVENT_TYPES: readonly Verb[] = [
  {
    name: "event-types list",
    summary: "List the event types that were written down",
    example: "event-types list",
    options: PAGE_OPTIONS,
    run: list,
  },
  {
    name: "event-types show",
    summary: "Show an event type with its schema",
    example: "event-types show invoice.paid",
    args: NAME,
    run: showOne,
  },
  {
    name: "event-types put",
    summary: "Write down an event type, or replace what was written",
    example: "event-types put invoice.paid --description 'Paid in full' --schema @paid.json",
    args: NAME,
    options: [
      ["--description <text>", "what it means"],
      ["--schema <json>", "JSON Schema that data must satisfy: JSON, @file or -"],
    ],
    run: put,
  },
  {
    name: "event-types delete",
    summary: "Forget an event type; its events are accepted as before, without a schema",
    example: "event-types delete invoice.paid",
    args: NAME,
    run: remove,
  },
];

async function list(session: Session): Promise<void> {
  const query = pageQuery(session);
  const answer = await session.client.ask({ method: "GET", path: "/v1/event-types", query });
  show(session, answer, ({ data, next_cursor: next }: Page<EventType>) => {
    if (data.length === 0)
      return "No event types are written down; events of any type are accepted.";
    const rows = data.map(({ name, schema, description, updated_at: at }) => [
      name,
      schema === null ? "-" : "yes",
      timeCell(at),
      description,
    ]);
    return tableText(["NAME", "SCHEMA", "UPDATED", "DESCRIPTION"], rows) + moreText(next);
  });
}

async function showOne(session: Session): Promise<void> {
  const path = `/v1/event-types/${pathArg(session, 0)}`;
  const answer = await session.client.ask({ method: "GET", path });
  show(session, answer, (type: EventType) => {
    const members = listText([
      ["name", type.name],
      ["description", type.description === "" ? null : type.description],
      ["created", timeCell(type.created_at)],
      ["updated", timeCell(type.updated_at)],
    ]);
    if (type.schema === null) return `${members}\n\nNo schema: any data is accepted.`;
    return `${members}\n\n${JSON.stringify(type.schema, null, 2)}`;
  });
}

async function put(session: Session): Promise<void> {
  const given = textOption(session, "schema");
  const schema =
    given === undefined ? undefined : JSON.parse(await jsonText(session.world, "--schema", given));
  const body = { description: textOption(session, "description"), schema };
  const path = `/v1/event-types/${pathArg(session, 0)}`;
  const answer = await session.client.ask({ method: "PUT", path, body });
  show(session, answer, ({ name }: EventType) => `Written down: ${name}.`);
}

async function remove(session: Session): Promise<void> {
  const path = `/v1/event-types/${pathArg(session, 0)}`;
  await session.client.ask({ method: "DELETE", path });
  if (!session.isJson) session.world.out(`Forgotten: ${session.args[0]}.\n`);
}
