import { parseDurationMs } from "../domain/quantity.ts";
import type { DeliveryWithAttempts } from "./deliveries.ts";
import { attemptsText } from "./deliveries.ts";
import { CliFailure, EXIT, usageFailure } from "./exit.ts";
import { countText, listText, moreText, tableText, timeCell } from "./text.ts";
import type { Page, Session, Verb } from "./verb.ts";
import {
  isSet,
  jsonText,
  listOption,
  PAGE_OPTIONS,
  pageQuery,
  pathArg,
  show,
  textOption,
  valueOf,
} from "./verb.ts";

/** What is shown of an endpoint. */
interface Endpoint {
  readonly id: string;
  readonly url: string;
  readonly description: string;
  readonly event_types: readonly string[];
  readonly tenant: string | null;
  readonly profile: { readonly kind: string };
  readonly state: string;
  readonly disabled_reason: string | null;
  readonly ordered: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly health: {
    readonly failed_in_a_row: number;
    readonly last_success_at: string | null;
    readonly last_failure_at: string | null;
  };
  readonly created_at: string;
  readonly warnings: readonly string[];
}

const ID = [["<id>", "the endpoint's id"]] as const;

const SETTINGS_OPTIONS = [
  ["--event-types <patterns>", "types or patterns, comma-separated, such as invoice.*,order.paid"],
  ["--description <text>", "what it is for"],
  ["--tenant <tenant>", "only this tenant's events"],
  ["--profile <profile>", "standard, timestamped, digest or topic"],
  ["--ordered", "events with the same ordering key go one after another"],
  ["--timeout <time>", "of a whole attempt, such as 15s"],
  ["--egress-allow <targets>", "private targets it may reach, comma-separated"],
  ["--settings <json>", "any other settings, by the API's names: JSON, @file or -"],
] as const;

export const ENDPOINTS: readonly Verb[] = [
  {
    name: "endpoints list",
    summary: "List endpoints, oldest first",
    example: "endpoints list",
    options: PAGE_OPTIONS,
    run: list,
  },
  {
    name: "endpoints create",
    summary: "Create an endpoint, and show its secret",
    example: "endpoints create https://shop.example/hooks --event-types 'invoice.*'",
    // Not <url>: --url is where the daemon is, here as everywhere.
    args: [["<to>", "the URL that deliveries go to"]],
    options: SETTINGS_OPTIONS,
    run: create,
  },
  {
    name: "endpoints show",
    summary: "Show an endpoint with its counts",
    example: "endpoints show ep_01hq3v0m3x8r9k6w2n4t5b7c1d",
    args: ID,
    run: showOne,
  },
  {
    name: "endpoints update",
    summary: "Change some of an endpoint's settings",
    example: "endpoints update ep_01hq3v0m3x8r9k6w2n4t5b7c1d --timeout 30s",
    args: ID,
    options: [["--to <url>", "the URL that deliveries go to"], ...SETTINGS_OPTIONS],
    run: update,
  },
  {
    name: "endpoints delete",
    summary: "Delete an endpoint; what still waits for it is cancelled",
    example: "endpoints delete ep_01hq3v0m3x8r9k6w2n4t5b7c1d",
    args: ID,
    run: remove,
  },
  stateVerb("pause", "Pause an endpoint: what arrives is held", "Paused"),
  stateVerb("disable", "Disable an endpoint: what arrives is held", "Disabled"),
  stateVerb("resume", "Resume a paused endpoint", "Resumed"),
  stateVerb("enable", "Enable a disabled endpoint", "Enabled"),
  {
    name: "endpoints test",
    summary: "Send a test event to an endpoint and show how it was answered",
    example: "endpoints test ep_01hq3v0m3x8r9k6w2n4t5b7c1d",
    args: ID,
    run: test,
  },
  {
    name: "endpoints cancel-pending",
    summary: "Call off everything that waits at an endpoint, held deliveries included",
    example: "endpoints cancel-pending ep_01hq3v0m3x8r9k6w2n4t5b7c1d",
    args: ID,
    run: cancelPending,
  },
  {
    name: "endpoints secret",
    summary: "Show the secret that receivers verify with",
    example: "endpoints secret ep_01hq3v0m3x8r9k6w2n4t5b7c1d",
    args: ID,
    run: secret,
  },
  {
    name: "endpoints rotate",
    summary: "Give an endpoint a new secret; both sign until the overlap ends",
    example: "endpoints rotate ep_01hq3v0m3x8r9k6w2n4t5b7c1d --overlap 24h",
    args: ID,
    options: [["--overlap <time>", "how long the present secret signs along, such as 24h"]],
    run: rotate,
  },
];

async function list(session: Session): Promise<void> {
  const query = pageQuery(session);
  const answer = await session.client.ask({ method: "GET", path: "/v1/endpoints", query });
  show(session, answer, ({ data, next_cursor: next }: Page<Endpoint>) => {
    if (data.length === 0) {
      return "No endpoints yet; make one with `posthorn endpoints create <url>`.";
    }
    const rows = data.map((each) => [
      each.id,
      each.state,
      each.event_types.join(","),
      each.health.failed_in_a_row === 0 ? "-" : String(each.health.failed_in_a_row),
      timeCell(each.health.last_success_at),
      each.url,
    ]);
    const heads = ["ID", "STATE", "EVENT TYPES", "FAILED IN A ROW", "LAST SUCCESS", "URL"];
    return tableText(heads, rows) + moreText(next);
  });
}

async function create(session: Session): Promise<void> {
  const body = { url: session.args[0], ...(await settingsOf(session)) };
  const answer = await session.client.ask({ method: "POST", path: "/v1/endpoints", body });
  show(session, answer, (endpoint: Endpoint & { readonly secret: string }) =>
    [
      `Created ${endpoint.id}. Its receiver verifies with this secret:`,
      endpoint.secret,
      ...endpoint.warnings,
    ].join("\n"),
  );
}

async function settingsOf(session: Session): Promise<Record<string, unknown>> {
  const timeout = textOption(session, "timeout");
  const timeoutMs = timeout === undefined ? undefined : parseDurationMs(timeout, "s");
  if (timeoutMs === null) {
    throw usageFailure(`expected --timeout to be a time such as 15s, got ${timeout}`);
  }
  const settings = textOption(session, "settings");
  const others: unknown =
    settings === undefined ? {} : JSON.parse(await jsonText(session.world, "--settings", settings));
  if (typeof others !== "object" || others === null || Array.isArray(others)) {
    throw usageFailure(`expected --settings to be a JSON object, got ${settings}`);
  }
  return {
    event_types: listOption(session, "eventTypes"),
    description: textOption(session, "description"),
    tenant: textOption(session, "tenant"),
    profile: textOption(session, "profile"),
    ordered: isSet(session, "ordered") ? true : undefined,
    timeout_ms: timeoutMs,
    egress_allow: listOption(session, "egressAllow"),
    ...others,
  };
}

async function showOne(session: Session): Promise<void> {
  const path = `/v1/endpoints/${pathArg(session, 0)}`;
  const answer = await session.client.ask({ method: "GET", path });
  if (session.isJson) return show(session, answer, () => "");
  const stats = await session.client.ask({ method: "GET", path: `${path}/stats` });
  const counts = valueOf(stats) as Record<string, number>;
  show(session, answer, (endpoint: Endpoint) => endpointText(endpoint, counts));
}

function endpointText(endpoint: Endpoint, counts: Readonly<Record<string, number>>): string {
  const { health, disabled_reason: why } = endpoint;
  const headers = Object.keys(endpoint.headers).join(", ");
  const number = (name: string) => String(counts[name] ?? 0);
  return listText([
    ["id", endpoint.id],
    ["url", endpoint.url],
    ["description", endpoint.description === "" ? null : endpoint.description],
    ["state", why === null ? endpoint.state : `${endpoint.state} (${why})`],
    ["event types", endpoint.event_types.join(", ")],
    ["tenant", endpoint.tenant],
    ["profile", endpoint.profile.kind],
    ["ordered", endpoint.ordered ? "yes" : null],
    ["extra headers", headers === "" ? null : headers],
    ["last success", timeCell(health.last_success_at)],
    ["last failure", timeCell(health.last_failure_at)],
    ["failed in a row", String(health.failed_in_a_row)],
    [
      "waiting",
      `${number("pending")} pending (${number("in_flight")} in flight), ${number("held")} held`,
    ],
    [
      "ended",
      `${number("delivered")} delivered, ${number("exhausted")} exhausted, ${number("cancelled")} cancelled`,
    ],
    ["attempts", `${number("attempts")}, of which ${number("failed_attempts")} failed`],
    ["created", timeCell(endpoint.created_at)],
    ...endpoint.warnings.map((warning): [string, string] => ["warning", warning]),
  ]);
}

async function update(session: Session): Promise<void> {
  const path = `/v1/endpoints/${pathArg(session, 0)}`;
  const body = { url: textOption(session, "to"), ...(await settingsOf(session)) };
  if (Object.values(body).every((value) => value === undefined)) {
    throw usageFailure("expected at least one setting to change, got none");
  }
  const answer = await session.client.ask({ method: "PATCH", path, body });
  show(session, answer, ({ id, warnings }: Endpoint) => [`Changed ${id}.`, ...warnings].join("\n"));
}

async function remove(session: Session): Promise<void> {
  const path = `/v1/endpoints/${pathArg(session, 0)}`;
  await session.client.ask({ method: "DELETE", path });
  if (!session.isJson) session.world.out(`Deleted ${session.args[0]}.\n`);
}

function stateVerb(
  verb: "pause" | "resume" | "disable" | "enable",
  summary: string,
  done: string,
): Verb {
  const letsGo = verb === "resume" || verb === "enable";
  return {
    name: `endpoints ${verb}`,
    summary,
    example: `endpoints ${verb} ep_01hq3v0m3x8r9k6w2n4t5b7c1d${letsGo ? " --held latest" : ""}`,
    args: ID,
    options: letsGo
      ? [
          [
            "--held <which>",
            "of the held deliveries: all (default), latest of each ordering key, none",
          ],
        ]
      : [],
    async run(session) {
      const path = `/v1/endpoints/${pathArg(session, 0)}/${verb}`;
      const body = letsGo ? { held: textOption(session, "held") } : undefined;
      const answer = await session.client.ask({ method: "POST", path, body });
      show(session, answer, ({ id }: Endpoint) => `${done} ${id}.`);
    },
  };
}

async function test(session: Session): Promise<void> {
  const path = `/v1/endpoints/${pathArg(session, 0)}/test`;
  const answer = await session.client.ask({ method: "POST", path });
  show(session, answer, ({ reason, attempts }: DeliveryWithAttempts) =>
    [reason.sentence, attemptsText(attempts)].filter((text) => text !== "").join("\n\n"),
  );
  const { state, id } = valueOf(answer) as DeliveryWithAttempts;
  if (state === "delivered") return;
  throw new CliFailure(EXIT.failed, `expected the test ${id} to be delivered, got ${state}`);
}

async function cancelPending(session: Session): Promise<void> {
  const path = `/v1/endpoints/${pathArg(session, 0)}/cancel-pending`;
  const answer = await session.client.ask({ method: "POST", path });
  show(session, answer, ({ cancelled }: { readonly cancelled: number }) =>
    cancelled === 0
      ? "Nothing waits there."
      : `Called off ${countText(cancelled, "delivery", "deliveries")}.`,
  );
}

async function secret(session: Session): Promise<void> {
  const path = `/v1/endpoints/${pathArg(session, 0)}/secret`;
  const answer = await session.client.ask({ method: "GET", path });
  // Only the secret, so that it can be piped to where it is needed.
  show(session, answer, (value: { readonly secret: string }) => value.secret);
}

async function rotate(session: Session): Promise<void> {
  const overlap = textOption(session, "overlap");
  const overlapMs = overlap === undefined ? undefined : parseDurationMs(overlap, "s");
  if (overlapMs === null) {
    throw usageFailure(`expected --overlap to be a time such as 24h, got ${overlap}`);
  }
  const body = { overlap_s: overlapMs === undefined ? undefined : Math.round(overlapMs / 1_000) };
  const path = `/v1/endpoints/${pathArg(session, 0)}/rotate-secret`;
  const answer = await session.client.ask({ method: "POST", path, body });
  show(
    session,
    answer,
    ({
      secret: text,
      previous_valid_until: until,
    }: {
      readonly secret: string;
      readonly previous_valid_until: string | null;
    }) =>
      until === null
        ? `The new secret, from now on the only one:\n${text}`
        : `The new secret; the one before signs along until ${timeCell(until)}:\n${text}`,
  );
}
