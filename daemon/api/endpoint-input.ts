/** What people may set at an endpoint, and how the API's words stand for the domain's. */
import { z } from "zod";
import { BACKOFF_STEP_MS_MAX, BACKOFF_STEP_MS_MIN, BACKOFF_STEPS_MAX } from "../domain/backoff.ts";
import type { EndpointAuth, ProfileChoice } from "../domain/endpoint.ts";
import {
  AUTO_DISABLE_DAYS_MAX,
  CONCURRENCY_MAX_MAX,
  ENDPOINT_DEFAULTS,
  RATE_PER_SECOND_MAX,
  SECRET_OVERLAP_MS_DEFAULT,
  SECRET_OVERLAP_MS_MAX,
  TIMEOUT_MS_MAX,
  TIMEOUT_MS_MIN,
} from "../domain/endpoint.ts";
import { TENANT_LENGTH_MAX } from "../domain/event.ts";
import type { SettingsInput } from "../manage/settings.ts";
import { DESCRIPTION_LENGTH_MAX, EGRESS_ALLOW_MAX, EVENT_TYPES_MAX } from "../manage/settings.ts";

const DEFAULTS = ENDPOINT_DEFAULTS;

const profileKind = z.enum(["standard", "timestamped", "digest", "topic"]);

const basicAuth = z.strictObject({
  type: z.literal("basic"),
  username: z.string(),
  password: z.string(),
});
const bearerAuth = z.strictObject({ type: z.literal("bearer"), token: z.string() });

const timeoutMs = z.int().min(TIMEOUT_MS_MIN).max(TIMEOUT_MS_MAX);

/** Every member but `url` and `event_types`, which are not optional in the same way everywhere. */
const members = {
  description: z.string().max(DESCRIPTION_LENGTH_MAX),
  tenant: z
    .string()
    .min(1)
    .max(TENANT_LENGTH_MAX)
    .nullable()
    .describe("Only events of this tenant; null takes those of all."),
  filter: z
    .record(z.string(), z.unknown())
    .nullable()
    .describe("Comparison operators over paths into data; null takes every event."),
  profile: z
    .union([
      profileKind,
      z.strictObject({
        kind: profileKind,
        name: z.string().nullish().describe("`<Name>` in header names such as X-<Name>-Signature."),
        headers: z.record(z.string(), z.string()).optional(),
      }),
    ])
    .describe(`What receivers see. Default: ${DEFAULTS.profile.kind}.`),
  backoff: z
    .union([
      z.enum(["appliance", "standard-webhooks"]),
      z
        .array(
          z
            .int()
            .min(BACKOFF_STEP_MS_MIN / 1_000)
            .max(BACKOFF_STEP_MS_MAX / 1_000),
        )
        .max(BACKOFF_STEPS_MAX),
    ])
    .describe(`A named table, or the delays in seconds. Default: ${DEFAULTS.backoff}.`),
  retry: z
    .enum(["all", "transient"])
    .describe(
      `With transient, 4xx other than 408, 409, 425 and 429 end a delivery. Default: ${DEFAULTS.retry}.`,
    ),
  timeout_ms: timeoutMs.describe(`The whole attempt. Default: ${DEFAULTS.timeoutMs}.`),
  connect_timeout_ms: timeoutMs.describe(`Default: ${DEFAULTS.connectTimeoutMs}.`),
  concurrency: z
    .int()
    .min(1)
    .max(CONCURRENCY_MAX_MAX)
    .describe(`Attempts under way at once. Default: ${DEFAULTS.concurrencyMax}.`),
  rate_per_second: z
    .int()
    .min(1)
    .max(RATE_PER_SECOND_MAX)
    .nullable()
    .describe("Attempts per second; null for no limit."),
  ordered: z.boolean().describe("Whether events with the same ordering key go one after another."),
  auto_disable_days: z
    .int()
    .min(1)
    .max(AUTO_DISABLE_DAYS_MAX)
    .nullable()
    .describe(
      `Days of only failures after which it is disabled; null for never. Default: ${DEFAULTS.autoDisableDays}.`,
    ),
  headers: z
    .record(z.string(), z.string())
    .describe("Sent with each attempt; the values are kept encrypted and never shown."),
  auth: z.discriminatedUnion("type", [basicAuth, bearerAuth]).nullable(),
  ca: z.string().nullable().describe("PEM of a private certificate authority."),
  tls_verify: z
    .boolean()
    .describe("False takes any certificate, and is the operator's to set. Default: true."),
  egress_allow: z
    .array(z.string())
    .max(EGRESS_ALLOW_MAX)
    .describe(
      "Private targets that it may reach: host:port, addresses, CIDRs. The operator's to set.",
    ),
};

const url = z.string().min(1).max(4_096).describe("An http or https URL.");
const eventTypes = z
  .array(z.string())
  .min(1)
  .max(EVENT_TYPES_MAX)
  .describe("Types or patterns such as `*` or `invoice.*`.");
const secret = z.string().min(1).max(512);
const signature = z.enum(["v1", "v1a"]);

const optional = z.strictObject(members).partial().shape;

export const newEndpoint = z.strictObject({
  url,
  event_types: eventTypes.default(["*"]),
  ...optional,
  secret: secret.optional().describe("An existing secret to go on with. Else one is made."),
  signature: signature.optional().describe("Of the profile standard: v1 HMAC-SHA256, v1a ed25519."),
});

export const endpointChange = z.strictObject({
  url: url.optional(),
  event_types: eventTypes.optional(),
  ...optional,
});

/** What the office may settle for endpoints whose maker says nothing. */
export const endpointDefaultsInput = z
  .strictObject({
    backoff: members.backoff,
    retry: members.retry,
    timeout_ms: members.timeout_ms,
    concurrency: members.concurrency,
    auto_disable_days: members.auto_disable_days,
  })
  .partial();

export const rotation = z.strictObject({
  secret: secret.optional().describe("The new secret. Else one is made."),
  signature: signature.optional().describe("Else as before."),
  overlap_s: z
    .int()
    .min(0)
    .max(SECRET_OVERLAP_MS_MAX / 1_000)
    .default(SECRET_OVERLAP_MS_DEFAULT / 1_000)
    .describe("How long the present secret signs along."),
});

type EndpointChangeJson = z.infer<typeof endpointChange>;

/** The settings among the members; undefined where nothing was said. */
export function settingsInput(given: EndpointChangeJson): SettingsInput {
  const { backoff } = given;
  return {
    url: given.url,
    description: given.description,
    eventTypes: given.event_types,
    tenant: given.tenant,
    filter: given.filter,
    profile: given.profile === undefined ? undefined : profileChoice(given.profile),
    backoff: Array.isArray(backoff) ? backoff.map((seconds) => seconds * 1_000) : backoff,
    retry: given.retry,
    timeoutMs: given.timeout_ms,
    connectTimeoutMs: given.connect_timeout_ms,
    concurrencyMax: given.concurrency,
    ratePerSecond: given.rate_per_second,
    isOrdered: given.ordered,
    autoDisableDays: given.auto_disable_days,
    headers: given.headers,
    ca: given.ca,
    verifiesCertificate: given.tls_verify,
    egressAllow: given.egress_allow,
  };
}

function profileChoice(given: NonNullable<EndpointChangeJson["profile"]>): ProfileChoice {
  if (typeof given === "string") return { kind: given, name: null, headers: {} };
  return { kind: given.kind, name: given.name ?? null, headers: given.headers ?? {} };
}

/** Undefined keeps what there is, null takes it away. */
export function authInput(given: EndpointChangeJson["auth"]): EndpointAuth | null | undefined {
  if (given === undefined || given === null) return given;
  return given.type === "basic"
    ? { kind: "basic", username: given.username, password: given.password }
    : { kind: "bearer", token: given.token };
}
