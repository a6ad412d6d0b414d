import { listText, moreText, plain, tableText, timeCell } from "./text.ts";
import type { Page, Session, Verb } from "./verb.ts";
import { isSet, PAGE_OPTIONS, pageQuery, pathArg, show, textOption, timeOption } from "./verb.ts";

/** What is shown of a delivery. */
export interface Delivery {
  readonly id: string;
  readonly event_id: string;
  readonly event_type: string;
  readonly tenant: string | null;
  readonly endpoint_id: string | null;
  readonly state: string;
  readonly attempt_count: number;
  readonly due_at: string | null;
  readonly reason: { readonly sentence: string };
  readonly ordering_key: string | null;
  readonly is_test: boolean;
  readonly created_at: string;
  readonly settled_at: string | null;
}

interface Attempt {
  readonly number: number;
  readonly started_at: string;
  readonly duration_ms: number;
  readonly status: number | null;
  readonly error: { readonly code: string; readonly message: string | null } | null;
  readonly response: { readonly excerpt: string; readonly excerpt_encoding: string } | null;
}

export interface DeliveryWithAttempts extends Delivery {
  readonly attempts: readonly Attempt[];
}

const ID = [["<id>", "the delivery's id"]] as const;
const EXAMPLE_ID = "dlv_01hq3v0m3x8r9k6w2n4t5b7c1d";

export const DELIVERIES: readonly Verb[] = [
  {
    name: "deliveries list",
    summary: "List deliveries, newest first, each with the reason for its state",
    example: "deliveries list --state exhausted --from 24h",
    options: [
      ["--event <id>", "of this event"],
      ["--endpoint <id>", "to this endpoint"],
      ["--state <state>", "pending, in_flight, held, delivered, exhausted or cancelled"],
      ["--type <type>", "of events of this type"],
      ["--tenant <tenant>", "of this tenant"],
      ["--from <time>", "made then or later: a time, or how long ago, such as 2h"],
      ["--to <time>", "made before then"],
      ["--error <code>", "whose last attempt ended so, such as http_500"],
      ["--status <status>", "answered so: 500, 4xx, 5xx, or none for no answer"],
      ["--text <text>", "with this piece of text in ids, type, tenant, key, error or body"],
      ["--test", "only tests"],
      ...PAGE_OPTIONS,
    ],
    run: list,
  },
  {
    name: "deliveries show",
    summary: "Show a delivery with its attempts",
    example: `deliveries show ${EXAMPLE_ID}`,
    args: ID,
    run: (session) => one(session, "GET", ""),
  },
  {
    name: "deliveries resend",
    summary: "Send a delivery again, its backoff table from the start",
    example: `deliveries resend ${EXAMPLE_ID}`,
    args: ID,
    run: (session) => one(session, "POST", "/resend"),
  },
  {
    name: "deliveries cancel",
    summary: "Call a delivery off",
    example: `deliveries cancel ${EXAMPLE_ID}`,
    args: ID,
    run: (session) => one(session, "POST", "/cancel"),
  },
];

async function list(session: Session): Promise<void> {
  const query = {
    event_id: textOption(session, "event"),
    endpoint_id: textOption(session, "endpoint"),
    state: textOption(session, "state"),
    type: textOption(session, "type"),
    tenant: textOption(session, "tenant"),
    from: timeOption(session, "from"),
    to: timeOption(session, "to"),
    error: textOption(session, "error"),
    status: textOption(session, "status"),
    text: textOption(session, "text"),
    is_test: isSet(session, "test") ? "true" : undefined,
    ...pageQuery(session),
  };
  const answer = await session.client.ask({ method: "GET", path: "/v1/deliveries", query });
  show(session, answer, ({ data, next_cursor: next }: Page<Delivery>) => {
    if (data.length === 0) return `No deliveries.${moreText(next)}`;
    const heads = ["ID", "STATE", "EVENT TYPE", "ENDPOINT", "ATTEMPTS", "REASON"];
    return tableText(heads, data.map(cells)) + moreText(next);
  });
}

function cells(delivery: Delivery): readonly string[] {
  return [
    delivery.id,
    delivery.state,
    delivery.event_type,
    delivery.endpoint_id ?? "-",
    String(delivery.attempt_count),
    delivery.reason.sentence,
  ];
}

async function one(session: Session, method: "GET" | "POST", action: string): Promise<void> {
  const path = `/v1/deliveries/${pathArg(session, 0)}${action}`;
  const answer = await session.client.ask({ method, path });
  show(session, answer, deliveryText);
}

function deliveryText(delivery: DeliveryWithAttempts): string {
  const members = listText([
    ["id", delivery.id],
    ["state", delivery.state],
    ["reason", delivery.reason.sentence],
    ["event", `${delivery.event_id} (${delivery.event_type})`],
    ["endpoint", delivery.endpoint_id ?? "deleted"],
    ["tenant", delivery.tenant],
    ["ordering key", delivery.ordering_key],
    ["test", delivery.is_test ? "yes" : null],
    ["created", timeCell(delivery.created_at)],
    ["due", delivery.due_at === null ? null : timeCell(delivery.due_at)],
    ["ended", delivery.settled_at === null ? null : timeCell(delivery.settled_at)],
  ]);
  const attempts = attemptsText(delivery.attempts);
  return attempts === "" ? members : `${members}\n\n${attempts}`;
}

const EXCERPT_LENGTH_MAX = 80;

/** A table of the attempts; empty where there is none. */
export function attemptsText(attempts: readonly Attempt[]): string {
  if (attempts.length === 0) return "";
  const rows = attempts.map(
    ({ number, started_at: at, duration_ms: ms, status, error, response }) => [
      String(number),
      timeCell(at),
      `${Math.round(ms)} ms`,
      status === null ? (error?.code ?? "-") : String(status),
      error?.message ?? excerptOf(response),
    ],
  );
  return tableText(["ATTEMPT", "STARTED", "TOOK", "OUTCOME", "ANSWER"], rows);
}

function excerptOf(response: Attempt["response"]): string {
  if (response === null || response.excerpt_encoding !== "text") return "";
  const text = plain(response.excerpt).trim();
  return text.length > EXCERPT_LENGTH_MAX ? `${text.slice(0, EXCERPT_LENGTH_MAX)}...` : text;
}
