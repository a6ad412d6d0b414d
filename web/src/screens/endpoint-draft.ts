/** An endpoint's settings as a form holds them, all of it text, and what the API is told of it. */
import type { EndpointJson } from "../../../daemon/api/endpoint-json.ts";
import { ENDPOINT_DEFAULTS } from "../../../daemon/domain/endpoint.ts";
import type { ProblemJson } from "../data/problem.ts";

export interface Draft {
  readonly url: string;
  readonly description: string;
  /** A pattern a line. */
  readonly eventTypes: string;
  readonly tenant: string;
  /** JSON; empty for none. */
  readonly filter: string;
  readonly profileKind: EndpointJson["profile"]["kind"];
  readonly profileName: string;
  /** `key: header name`, one a line. */
  readonly profileHeaders: string;
  readonly signature: "v1" | "v1a";
  /** An existing one to go on with; only where an endpoint is made. */
  readonly secret: string;
  /** `name: value`, one a line. */
  readonly headers: string;
  readonly authType: "none" | "basic" | "bearer";
  readonly username: string;
  readonly password: string;
  readonly token: string;
  readonly ca: string;
  readonly verifiesTls: boolean;
  readonly backoff: "appliance" | "standard-webhooks" | "own";
  /** Delays such as `5s 1m 2h`, for an own table. */
  readonly backoffSteps: string;
  readonly retry: "all" | "transient";
  readonly timeoutS: string;
  readonly connectTimeoutS: string;
  readonly concurrency: string;
  /** Empty for no limit. */
  readonly ratePerSecond: string;
  readonly isOrdered: boolean;
  /** Empty for never. */
  readonly autoDisableDays: string;
  /** A grant a line. */
  readonly egressAllow: string;
}

/** What a form begins with where an endpoint is made. */
export const NEW_DRAFT: Draft = {
  url: "",
  description: "",
  eventTypes: "*",
  tenant: "",
  filter: "",
  profileKind: "standard",
  profileName: "",
  profileHeaders: "",
  signature: "v1",
  secret: "",
  headers: "",
  authType: "none",
  username: "",
  password: "",
  token: "",
  ca: "",
  verifiesTls: true,
  backoff: ENDPOINT_DEFAULTS.backoff,
  backoffSteps: "",
  retry: ENDPOINT_DEFAULTS.retry,
  timeoutS: `${ENDPOINT_DEFAULTS.timeoutMs / 1_000}`,
  connectTimeoutS: `${ENDPOINT_DEFAULTS.connectTimeoutMs / 1_000}`,
  concurrency: `${ENDPOINT_DEFAULTS.concurrencyMax}`,
  ratePerSecond: "",
  isOrdered: ENDPOINT_DEFAULTS.isOrdered,
  autoDisableDays: `${ENDPOINT_DEFAULTS.autoDisableDays}`,
  egressAllow: "",
};

/** The settings that an endpoint has. */
export function draftOf(endpoint: EndpointJson): Draft {
  const { auth, backoff, profile } = endpoint;
  return {
    url: endpoint.url,
    description: endpoint.description,
    eventTypes: endpoint.event_types.join("\n"),
    tenant: endpoint.tenant ?? "",
    filter: endpoint.filter === null ? "" : JSON.stringify(endpoint.filter, null, 2),
    profileKind: profile.kind,
    profileName: profile.name ?? "",
    profileHeaders: pairLines(profile.headers),
    signature: endpoint.signature ?? "v1",
    secret: "",
    headers: pairLines(endpoint.headers),
    authType: auth?.type ?? "none",
    username: auth?.type === "basic" ? auth.username : "",
    password: "",
    token: "",
    ca: endpoint.ca ?? "",
    verifiesTls: endpoint.tls_verify,
    backoff: typeof backoff === "string" ? backoff : "own",
    backoffSteps: typeof backoff === "string" ? "" : backoff.map(delayText).join(" "),
    retry: endpoint.retry,
    timeoutS: `${endpoint.timeout_ms / 1_000}`,
    connectTimeoutS: `${endpoint.connect_timeout_ms / 1_000}`,
    concurrency: `${endpoint.concurrency}`,
    ratePerSecond: `${endpoint.rate_per_second ?? ""}`,
    isOrdered: endpoint.ordered,
    autoDisableDays: `${endpoint.auto_disable_days ?? ""}`,
    egressAllow: endpoint.egress_allow.join("\n"),
  };
}

type Members = Readonly<Record<string, unknown>>;

type Read =
  | { readonly kind: "good"; readonly members: Members }
  | { readonly kind: "bad"; readonly problem: ProblemJson };

/** Only what the form says otherwise than `before`; what can't be read at all is said where it stands. */
export function changesOf(draft: Draft, before: Draft): Read {
  const problems = problemsOf(draft);
  if (problems.length > 0) {
    const detail = "expected each field to be as its hint says";
    const problem = { code: "invalid_request", status: 0, title: "", detail, retryAfterS: null };
    return { kind: "bad", problem: { ...problem, problems } };
  }
  const old = membersOf(before);
  const changed = Object.entries(membersOf(draft)).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(old[name]),
  );
  return { kind: "good", members: Object.fromEntries(changed) };
}

function membersOf(draft: Draft): Members {
  return {
    url: draft.url.trim(),
    description: draft.description,
    event_types: draft.eventTypes.split(/[\s,]+/).filter(Boolean),
    tenant: draft.tenant.trim() || null,
    filter: draft.filter.trim() === "" ? null : (JSON.parse(draft.filter) as unknown),
    profile: {
      kind: draft.profileKind,
      name: draft.profileName.trim() || null,
      headers: pairsOf(draft.profileHeaders),
    },
    headers: pairsOf(draft.headers),
    auth: authOf(draft),
    ca: draft.ca.trim() === "" ? null : draft.ca,
    tls_verify: draft.verifiesTls,
    backoff: draft.backoff === "own" ? delaysOf(draft.backoffSteps) : draft.backoff,
    retry: draft.retry,
    timeout_ms: Math.round(Number(draft.timeoutS) * 1_000),
    connect_timeout_ms: Math.round(Number(draft.connectTimeoutS) * 1_000),
    concurrency: Number(draft.concurrency),
    rate_per_second: numberOrNull(draft.ratePerSecond),
    ordered: draft.isOrdered,
    auto_disable_days: numberOrNull(draft.autoDisableDays),
    egress_allow: linesOf(draft.egressAllow),
  };
}

/** An empty password in the form is the one that is kept: it is never shown. */
function authOf({ authType, username, password, token }: Draft): Members | null {
  if (authType === "none") return null;
  return authType === "basic" ? { type: "basic", username, password } : { type: "bearer", token };
}

function problemsOf(draft: Draft): NonNullable<ProblemJson["problems"]> {
  const checks: readonly (readonly [pointer: string, isFine: boolean, detail: string])[] = [
    ["/filter", isFilter(draft.filter), "expected the filter to be a JSON object"],
    ["/headers", arePairs(draft.headers), "expected each header to be `name: value` on its line"],
    ["/profile", arePairs(draft.profileHeaders), "expected each name to be `key: header name`"],
    [
      "/backoff",
      draft.backoff !== "own" || delaysOf(draft.backoffSteps).every(Number.isFinite),
      "expected the delays to be such as `5s 1m 2h`",
    ],
  ];
  return checks
    .filter(([, isFine]) => !isFine)
    .map(([pointer, , detail]) => ({ pointer, detail: `${detail}.` }));
}

function isFilter(text: string): boolean {
  if (text.trim() === "") return true;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function numberOrNull(text: string): number | null {
  return text.trim() === "" ? null : Number(text);
}

function linesOf(text: string): readonly string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
}

function pairLines(pairs: Readonly<Record<string, string>>): string {
  return Object.entries(pairs)
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n");
}

function arePairs(text: string): boolean {
  return linesOf(text).every((line) => line.indexOf(":") > 0);
}

function pairsOf(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    linesOf(text).map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    }),
  );
}

const UNITS_S = { s: 1, m: 60, min: 60, h: 3_600, d: 86_400 } as const;

/** `5s 1m, 2h` in seconds; NaN for what is no delay. */
function delaysOf(text: string): readonly number[] {
  return text
    .split(/[\s,]+/)
    .filter(Boolean)
    .map((word) => {
      const [, digits = "", unit = "s"] = /^(\d+)(s|min|m|h|d)?$/.exec(word) ?? [];
      return digits === "" ? Number.NaN : Number(digits) * UNITS_S[unit as keyof typeof UNITS_S];
    });
}

/** 5400 as `90m`: the largest unit that it is a whole number of. */
export function delayText(seconds: number): string {
  const units = [
    ["d", 86_400],
    ["h", 3_600],
    ["m", 60],
  ] as const;
  const [unit, unitS] = units.find(([, each]) => seconds >= each && seconds % each === 0) ?? [
    "s",
    1,
  ];
  return `${seconds / unitS}${unit}`;
}
