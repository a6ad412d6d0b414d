/** Endpoints as the API shows them. */
import { z } from "zod";
import type { Endpoint, EndpointHealth } from "../domain/endpoint.ts";
import { hideHeaders } from "../manage/extra-headers.ts";
import type { CredentialsView, RevealedSecret } from "../manage/secrets.ts";
import type { Warning } from "../manage/warnings.ts";
import { component } from "./component.ts";
import { timeOut, timeText, timeTextOrNull } from "./schemas.ts";

const healthOut = z.object({
  slowed_until: timeOut
    .nullable()
    .describe("No attempt starts before this: the receiver asked for less."),
  failing_since: timeOut.nullable(),
  failed_in_a_row: z.int(),
  last_success_at: timeOut.nullable(),
  last_failure_at: timeOut.nullable(),
});

export const endpointOut = component(
  "Endpoint",
  z.object({
    id: z.string(),
    url: z.string(),
    description: z.string(),
    event_types: z.array(z.string()),
    tenant: z.string().nullable(),
    filter: z.unknown(),
    profile: z.object({
      kind: z.enum(["standard", "timestamped", "digest", "topic"]),
      name: z.string().nullable(),
      headers: z.record(z.string(), z.string()),
    }),
    signature: z.enum(["v1", "v1a"]).nullable().describe("Null for profiles other than standard."),
    public_key: z
      .string()
      .nullable()
      .describe("What receivers verify with, where signature is v1a."),
    backoff: z.union([z.enum(["appliance", "standard-webhooks"]), z.array(z.number())]),
    retry: z.enum(["all", "transient"]),
    timeout_ms: z.int(),
    connect_timeout_ms: z.int(),
    concurrency: z.int(),
    rate_per_second: z.number().nullable(),
    ordered: z.boolean(),
    auto_disable_days: z.number().nullable(),
    headers: z
      .record(z.string(), z.string())
      .describe("The names; every value is shown as `***`, and `***` sent back keeps it."),
    auth: z
      .union([
        z.object({ type: z.literal("basic"), username: z.string() }),
        z.object({ type: z.literal("bearer") }),
      ])
      .nullable()
      .describe("Passwords and tokens are never shown."),
    ca: z.string().nullable(),
    tls_verify: z.boolean(),
    egress_allow: z.array(z.string()),
    state: z.enum(["active", "paused", "disabled"]),
    disabled_reason: z.enum(["operator", "gone", "receiver_control", "only_failures"]).nullable(),
    state_changed_at: timeOut,
    transition: z
      .string()
      .nullable()
      .describe(
        "What is being done to its deliveries since its last change; null when that is done.",
      ),
    health: healthOut,
    created_at: timeOut,
    updated_at: timeOut,
    warnings: z.array(z.string()).describe("What an operator should know of these settings."),
    warning_details: z
      .array(
        z.object({
          code: z.string(),
          sentence: z.string(),
          grant: z.string().nullable().describe("What the egress guard advises to allow."),
        }),
      )
      .describe("The same, for words in another language."),
  }),
);

export type EndpointJson = z.infer<typeof endpointOut>;

export const secretOut = z.object({
  id: z.string(),
  secret: z.string(),
  public_key: z.string().nullable(),
  created_at: timeOut,
  expires_at: timeOut.nullable().describe("Null for the newest."),
});

export function secretJson(secret: RevealedSecret): z.infer<typeof secretOut> {
  return {
    id: secret.id,
    secret: secret.secret,
    public_key: secret.publicKey,
    created_at: timeText(secret.createdAtMs),
    expires_at: timeTextOrNull(secret.expiresAtMs),
  };
}

export function endpointJson(
  endpoint: Endpoint,
  credentials: CredentialsView,
  warnings: readonly Warning[],
): EndpointJson {
  const { settings, state, disabledReason, transition, health } = endpoint;
  const publicKey = credentials.secrets[0]?.publicKey ?? null;
  return {
    id: endpoint.id,
    url: settings.url,
    description: settings.description,
    event_types: [...settings.eventTypes],
    tenant: settings.tenant,
    filter: settings.filter,
    profile: { ...settings.profile, headers: { ...settings.profile.headers } },
    signature: settings.profile.kind !== "standard" ? null : publicKey === null ? "v1" : "v1a",
    public_key: publicKey,
    backoff: backoffJson(settings.backoff),
    retry: settings.retry,
    timeout_ms: settings.timeoutMs,
    connect_timeout_ms: settings.connectTimeoutMs,
    concurrency: settings.concurrencyMax,
    rate_per_second: settings.ratePerSecond,
    ordered: settings.isOrdered,
    auto_disable_days: settings.autoDisableDays,
    headers: hideHeaders(settings.headers),
    auth: authJson(credentials.auth),
    ca: settings.ca,
    tls_verify: settings.verifiesCertificate,
    egress_allow: [...settings.egressAllow],
    state,
    disabled_reason: disabledReason,
    state_changed_at: timeText(endpoint.stateChangedAtMs),
    transition,
    health: healthJson(health),
    created_at: timeText(endpoint.createdAtMs),
    updated_at: timeText(endpoint.updatedAtMs),
    warnings: warnings.map(({ sentence }) => sentence),
    warning_details: warnings.map((warning) => ({ ...warning })),
  };
}

export function backoffJson(backoff: Endpoint["settings"]["backoff"]): EndpointJson["backoff"] {
  return typeof backoff === "string" ? backoff : backoff.map((stepMs) => stepMs / 1_000);
}

function authJson(auth: CredentialsView["auth"]): EndpointJson["auth"] {
  if (auth === null) return null;
  return auth.kind === "basic" ? { type: "basic", username: auth.username } : { type: "bearer" };
}

function healthJson(health: EndpointHealth): EndpointJson["health"] {
  return {
    slowed_until: timeTextOrNull(health.slowedUntilMs),
    failing_since: timeTextOrNull(health.failingSinceMs),
    failed_in_a_row: health.failedInARow,
    last_success_at: timeTextOrNull(health.lastSuccessAtMs),
    last_failure_at: timeTextOrNull(health.lastFailureAtMs),
  };
}
