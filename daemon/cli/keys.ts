import { moreText, tableText, timeCell } from "./text.ts";
import type { Page, Session, Verb } from "./verb.ts";
import { isSet, listOption, PAGE_OPTIONS, pageQuery, pathArg, show } from "./verb.ts";

interface Key {
  readonly id: string;
  readonly name: string;
  readonly application_id: string | null;
  readonly scopes: readonly string[];
  readonly hint: string;
  readonly created_at: string;
  readonly last_used_at: string | null;
  readonly revoked_at: string | null;
}

export const KEYS: readonly Verb[] = [
  {
    name: "keys list",
    summary: "List API keys, revoked ones included",
    example: "keys list",
    options: PAGE_OPTIONS,
    run: list,
  },
  {
    name: "keys create",
    summary: "Create an API key, and show it this once",
    example: "keys create billing --scopes events:write",
    args: [["<name>", "what it is for"]],
    options: [
      ["--scopes <scopes>", "events:write, read, manage, comma-separated (default: events:write)"],
      ["--instance", "a key of the whole instance instead of one application"],
    ],
    run: create,
  },
  {
    name: "keys revoke",
    summary: "Revoke an API key: from now on it opens nothing",
    example: "keys revoke key_01hq3v0m3x8r9k6w2n4t5b7c1d",
    args: [["<id>", "the key's id"]],
    run: revoke,
  },
];

async function list(session: Session): Promise<void> {
  const query = pageQuery(session);
  const answer = await session.client.ask({ method: "GET", path: "/v1/keys", query });
  show(session, answer, ({ data, next_cursor: next }: Page<Key>) => {
    if (data.length === 0) return "No keys yet; make one with `posthorn keys create <name>`.";
    const heads = ["ID", "NAME", "APPLICATION", "SCOPES", "KEY", "LAST USED", "REVOKED"];
    const rows = data.map((key) => [
      key.id,
      key.name,
      key.application_id ?? "(instance)",
      key.scopes.join(","),
      `${key.hint}...`,
      timeCell(key.last_used_at),
      timeCell(key.revoked_at),
    ]);
    return tableText(heads, rows) + moreText(next);
  });
}

async function create(session: Session): Promise<void> {
  const body = {
    name: session.args[0],
    scopes: listOption(session, "scopes") ?? ["events:write"],
    instance: isSet(session, "instance") ? true : undefined,
  };
  const answer = await session.client.ask({ method: "POST", path: "/v1/keys", body });
  show(
    session,
    answer,
    ({ id, key }: Key & { readonly key: string }) =>
      `Created ${id}. The key is shown here and never again:\n${key}`,
  );
}

async function revoke(session: Session): Promise<void> {
  const path = `/v1/keys/${pathArg(session, 0)}`;
  const answer = await session.client.ask({ method: "DELETE", path });
  show(session, answer, ({ id, name }: Key) => `Revoked ${id} (${name}).`);
}
