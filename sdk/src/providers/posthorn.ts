import { HEX } from "../verify/codec.ts";
import { HMAC_SHA256 } from "../verify/algorithms.ts";
import { JSON_OR_TEXT_BODY } from "../verify/body.ts";
import { makeProvider } from "../verify/make-provider.ts";
import { assertOneOf, assertThat } from "../verify/option-checks.ts";
import { assertOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import { listed, timedList } from "../verify/listed.ts";
import type { ReadySignature, ReadySpec } from "../verify/ready-scheme.ts";
import type { SecretSource, Source } from "../verify/spec.ts";
import { WebhookError, expected } from "../verify/webhook-error.ts";
import { headerName, profileProblems } from "../wire/profile.ts";
import type { HeaderKey, Profile } from "../wire/profile.ts";
import { V1, V1A, standardSchemes } from "../verify/standard-schemes.ts";

/** The event under the profile that the endpoint has; the fields that all senders' events share in each. */
export interface PosthornEvent {
  readonly id?: string;
  readonly type?: string;
  readonly event_type?: string;
  readonly topic?: string;
  readonly timestamp?: string;
  readonly ts?: number;
  readonly data?: unknown;
  readonly payload?: unknown;
}

export interface PosthornOptions {
  /** At most 8; during a rotation give the old and the new one. */
  readonly secret?: SecretSource | undefined;
  /** `whpk_` and base64, for `standard` alone. */
  readonly publicKey?: SecretSource | undefined;
  /** The endpoint's profile; default `standard`. */
  readonly profile?: Profile["kind"] | undefined;
  /** `<Name>` in the headers of `digest` and `topic`, where it is not "Posthorn". */
  readonly name?: string | undefined;
  /** Whole header names, by the profile's own key for each. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** For `standard` and `timestamped`; the others sign no time. Default 300. */
  readonly toleranceS?: number | undefined;
}

/**
 * Posthorn's own webhooks, by the profile of the endpoint (`wire/README.md`). Prefer `standard`: in `digest` nothing signed
 * holds the event's id, and in `digest` and `topic` nothing signed holds the time of the attempt.
 *
 * `sequence` is null in each. `standard` signs id, time and body and nothing else, so a number could stand only in the id; but
 * that is the event's, the same at every endpoint, and an endpoint's filter would leave holes that mean nothing. What was missed
 * is found by `reconcile`, from the daemon's own list. `orderingKey` is null, too: an endpoint with `ordered` keeps the order
 * while it sends.
 */
export function posthorn(options: PosthornOptions): Provider<PosthornEvent> {
  assertOptions("posthorn", options, [
    "secret",
    "publicKey",
    "profile",
    "name",
    "headers",
    "toleranceS",
  ]);
  const profile: Profile = {
    kind: options.profile ?? "standard",
    name: options.name ?? null,
    headers: options.headers ?? {},
  };
  assertOneOf("profile", profile.kind, Object.keys(PARTS));
  assertThat("headers", profile.headers, isObject, "an object");
  const parts = PARTS[profile.kind];
  const [problem] = profileProblems(profile);
  if (problem !== undefined) throw new WebhookError("CONFIG_INVALID", problem.message);
  if (profile.kind !== "standard" && options.publicKey !== undefined) {
    throw invalid(`publicKey to be absent for ${profile.kind}`);
  }
  return makeProvider({
    name: "posthorn",
    body: JSON_OR_TEXT_BODY,
    attempt: { header: "posthorn-attempt" },
    ...parts(options, (key) => headerName(profile, key)),
  });
}

type Parts = Pick<ReadySpec<PosthornEvent>, "schemes" | "id" | "type" | "occurredAt">;
type Names = (key: HeaderKey) => string;

/** What the body holds is signed, and so goes before the header that says the same. */
const PARTS: Readonly<Record<Profile["kind"], (options: PosthornOptions, name: Names) => Parts>> = {
  standard: (options, name) => ({
    schemes: standardSchemes(options, [name], [V1, V1A]),
    type: { body: "type" },
    occurredAt: { from: { body: "timestamp" }, unit: "iso" },
  }),
  timestamped: ({ secret, toleranceS }, name) => ({
    schemes: [
      {
        ...hexScheme(secret, [{ header: name("signature") }], "v1="),
        ...timedList(",", "t=", "s", toleranceS),
        signed: "{timestamp}.{body}",
      },
    ],
    id: [{ body: "id" }, { header: name("id") }],
    type: [{ body: "type" }, { header: name("event") }],
    occurredAt: { from: { body: "timestamp" }, unit: "iso" },
  }),
  digest: ({ secret }, name) => ({
    schemes: [hexScheme(secret, rotating(name), "sha256=")],
    id: { header: name("delivery") },
    type: [{ body: "event_type" }, { header: name("event") }],
    occurredAt: { from: { body: "timestamp" }, unit: "iso" },
  }),
  topic: ({ secret }, name) => ({
    schemes: [hexScheme(secret, rotating(name), "sha256=")],
    id: [{ body: "id" }, { header: name("id") }],
    type: [{ body: "type" }, { header: name("topic") }],
    occurredAt: { from: { body: "ts" }, unit: "s" },
  }),
};

/** The newer secrets' signatures stand in a header of their own while a rotation lasts. */
function rotating(name: Names): Source[] {
  return [{ header: name("signature") }, { header: name("signatureNext") }];
}

function hexScheme(
  secret: SecretSource | undefined,
  signature: readonly Source[],
  prefix: string,
): ReadySignature {
  if (secret === undefined) throw expected("SECRET_MISSING", "secret to be given", "none");
  return {
    kind: "signature",
    secret,
    signature,
    ...listed(","),
    prefix,
    encoding: HEX,
    algorithm: HMAC_SHA256,
    signed: "{body}",
  };
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

function invalid(wanted: string): WebhookError {
  return expected("CONFIG_INVALID", wanted, "another");
}
