import { moreText, tableText, timeCell } from "./text.ts";
import type { Page, Session, Verb } from "./verb.ts";
import { PAGE_OPTIONS, pageQuery, show } from "./verb.ts";

interface Application {
  readonly id: string;
  readonly name: string;
  readonly created_at: string;
}

export const APPLICATIONS: readonly Verb[] = [
  {
    name: "applications list",
    summary: "List applications, oldest first",
    example: "applications list",
    options: PAGE_OPTIONS,
    run: list,
  },
  {
    name: "applications create",
    summary: "Create an application: a namespace with its own endpoints, events and keys",
    example: "applications create billing",
    args: [["<name>", "1 to 63 of a-z 0-9 _ -"]],
    run: create,
  },
];

async function list(session: Session): Promise<void> {
  const query = pageQuery(session);
  const answer = await session.client.ask({ method: "GET", path: "/v1/applications", query });
  show(session, answer, ({ data, next_cursor: next }: Page<Application>) => {
    const rows = data.map(({ id, name, created_at: at }) => [id, name, timeCell(at)]);
    return tableText(["ID", "NAME", "CREATED"], rows) + moreText(next);
  });
}

async function create(session: Session): Promise<void> {
  const body = { name: session.args[0] };
  const answer = await session.client.ask({ method: "POST", path: "/v1/applications", body });
  show(
    session,
    answer,
    ({ id, name }: Application) => `Created ${id}; act in it with --app ${name}.`,
  );
}
