import { X509Certificate } from "node:crypto";
import { profileProblems } from "../../sdk/src/wire/profile.ts";
import {
  BACKOFF_PRESETS_MS,
  BACKOFF_STEPS_MAX,
  BACKOFF_STEP_MS_MAX,
  BACKOFF_STEP_MS_MIN,
} from "../domain/backoff.ts";
import type { EndpointAuth, EndpointSettings } from "../domain/endpoint.ts";
import {
  AUTO_DISABLE_DAYS_MAX,
  CONCURRENCY_MAX_MAX,
  ENDPOINT_DEFAULTS,
  RATE_PER_SECOND_MAX,
  TIMEOUT_MS_MAX,
  TIMEOUT_MS_MIN,
} from "../domain/endpoint.ts";
import type { Problem } from "../domain/errors.ts";
import { expected } from "../domain/errors.ts";
import { TENANT_LENGTH_MAX } from "../domain/event.ts";
import { parseFilter } from "../domain/filter.ts";
import type { Parsed } from "../domain/parsed.ts";
import { parsePattern } from "../domain/pattern.ts";
import { authProblems, headerProblems } from "./headers.ts";

export const EVENT_TYPES_MAX = 100;
export const DESCRIPTION_LENGTH_MAX = 1_000;
export const EGRESS_ALLOW_MAX = 64;
const CA_LENGTH_MAX = 64 * 1024;

/** The egress room's own rules, for what is set before anything is sent. */
export interface EgressRules {
  /** The URL in the one spelling that is stored and sent to. */
  readUrl(url: string): Parsed<string>;
  /** One sentence about what is wrong with the text, or null. */
  checkGrant(text: string): string | null;
  /**
   * Why the guard will refuse this URL, in one sentence, as far as that is known without asking the DNS; null where it
   * is not known.
   */
  foresee(url: string, grants: readonly string[]): string | null;
}

/**
 * Settings as a person gives them: what is absent (or undefined) keeps its value, or gets the
 * default.
 */
export type SettingsInput = {
  readonly [Name in keyof EndpointSettings]?: EndpointSettings[Name] | undefined;
};

/**
 * All settings: those given, the others from `before`, or from the defaults where there is none.
 */
export function mergeSettings(
  before: EndpointSettings | null,
  input: SettingsInput,
): EndpointSettings {
  const given = Object.entries(input).filter(([, value]) => value !== undefined);
  const base = before ?? { ...ENDPOINT_DEFAULTS, url: "", eventTypes: [] };
  return { ...base, ...Object.fromEntries(given) };
}

/** The settings as they are stored: the URL in its one spelling, so that what is shown is where it goes. */
export function withPlainUrl(settings: EndpointSettings, rules: EgressRules): EndpointSettings {
  const read = rules.readUrl(settings.url);
  return read.ok && read.value !== settings.url ? { ...settings, url: read.value } : settings;
}

/**
 * Every rule that types can't say. Paths are JSON pointers into the request, by the names of the
 * API.
 */
export function settingsProblems(
  settings: EndpointSettings,
  auth: EndpointAuth | null,
  rules: EgressRules,
): readonly Problem[] {
  return [
    ...urlProblems(settings.url, rules),
    ...lengthProblems("/description", settings.description, DESCRIPTION_LENGTH_MAX),
    ...patternProblems(settings.eventTypes),
    ...(settings.tenant === null ? [] : tenantProblems(settings.tenant)),
    ...filterProblems(settings.filter),
    ...profileProblems(settings.profile).map(({ path, message }) => ({
      path: `/profile${path}`,
      message,
    })),
    ...backoffProblems(settings.backoff),
    ...limitProblems(settings),
    ...headerProblems(settings.headers, settings.profile, auth !== null),
    ...authProblems(auth),
    ...(settings.ca === null ? [] : at("/ca", caProblem(settings.ca))),
    ...grantProblems(settings.egressAllow, rules),
  ];
}

function urlProblems(url: string, rules: EgressRules): Problem[] {
  const read = rules.readUrl(url);
  return read.ok ? [] : [{ path: "/url", message: read.problem }];
}

function at(path: string, message: string | null): Problem[] {
  return message === null ? [] : [{ path, message }];
}

function lengthProblems(path: string, text: string, lengthMax: number): Problem[] {
  if (text.length <= lengthMax) return [];
  const message = expected(path.slice(1), `at most ${lengthMax} characters`, text.length);
  return [{ path, message }];
}

function tenantProblems(tenant: string): Problem[] {
  if (tenant.length > 0) return lengthProblems("/tenant", tenant, TENANT_LENGTH_MAX);
  return [
    { path: "/tenant", message: expected("tenant", "text, or null for every tenant", tenant) },
  ];
}

function patternProblems(patterns: readonly string[]): Problem[] {
  if (patterns.length === 0 || patterns.length > EVENT_TYPES_MAX) {
    const wanted = `1 to ${EVENT_TYPES_MAX} subscription patterns`;
    return at("/event_types", expected("event_types", wanted, patterns.length));
  }
  return patterns.flatMap((text, index) => {
    const pattern = parsePattern(text);
    return pattern.ok ? [] : [{ path: `/event_types/${index}`, message: pattern.problem }];
  });
}

function filterProblems(filter: unknown): Problem[] {
  if (filter === null) return [];
  const parsed = parseFilter(filter);
  return parsed.ok ? [] : [{ path: "/filter", message: parsed.problem }];
}

function backoffProblems(backoff: EndpointSettings["backoff"]): Problem[] {
  if (typeof backoff === "string") {
    if (Object.hasOwn(BACKOFF_PRESETS_MS, backoff)) return [];
    const wanted = `one of ${Object.keys(BACKOFF_PRESETS_MS).join(", ")}, or a list of steps`;
    return at("/backoff", expected("backoff", wanted, backoff));
  }
  if (backoff.length > BACKOFF_STEPS_MAX) {
    return at("/backoff", expected("backoff", `0 to ${BACKOFF_STEPS_MAX} steps`, backoff.length));
  }
  return backoff.flatMap((stepMs, index) =>
    rangeProblems(`/backoff/${index}`, "step", stepMs, BACKOFF_STEP_MS_MIN, BACKOFF_STEP_MS_MAX),
  );
}

function limitProblems(settings: EndpointSettings): Problem[] {
  const { timeoutMs, connectTimeoutMs, concurrencyMax, ratePerSecond, autoDisableDays } = settings;
  const [timeMin, timeMax] = [TIMEOUT_MS_MIN, TIMEOUT_MS_MAX];
  // A connect limit above the attempt's own does no harm: the attempt's counts from the first
  // look-up and ends both.
  return [
    ...rangeProblems("/timeout_ms", "timeout_ms", timeoutMs, timeMin, timeMax),
    ...rangeProblems(
      "/connect_timeout_ms",
      "connect_timeout_ms",
      connectTimeoutMs,
      timeMin,
      timeMax,
    ),
    ...rangeProblems("/concurrency_max", "concurrency_max", concurrencyMax, 1, CONCURRENCY_MAX_MAX),
    ...(ratePerSecond === null
      ? []
      : rangeProblems(
          "/rate_per_second",
          "rate_per_second",
          ratePerSecond,
          1,
          RATE_PER_SECOND_MAX,
        )),
    ...(autoDisableDays === null
      ? []
      : rangeProblems(
          "/auto_disable_days",
          "auto_disable_days",
          autoDisableDays,
          1,
          AUTO_DISABLE_DAYS_MAX,
        )),
  ];
}

function rangeProblems(
  path: string,
  what: string,
  value: number,
  min: number,
  max: number,
): Problem[] {
  if (Number.isInteger(value) && value >= min && value <= max) return [];
  return [{ path, message: expected(what, `a whole number from ${min} to ${max}`, value) }];
}

function grantProblems(grants: readonly string[], rules: EgressRules): Problem[] {
  if (grants.length > EGRESS_ALLOW_MAX) {
    const wanted = `at most ${EGRESS_ALLOW_MAX} grants`;
    return at("/egress_allow", expected("egress_allow", wanted, grants.length));
  }
  return grants.flatMap((text, index) => at(`/egress_allow/${index}`, rules.checkGrant(text)));
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/** Nothing of the text is repeated: it may be the wrong half of a key pair. */
function caProblem(pem: string): string | null {
  const wanted = (got: string) => `expected ca to be one or more certificates in PEM, got ${got}`;
  if (pem.length > CA_LENGTH_MAX) return wanted(`more than ${CA_LENGTH_MAX} characters`);
  if (pem.includes("PRIVATE KEY")) return wanted("a private key among them");
  const certificates = pem.match(CERTIFICATE) ?? [];
  if (certificates.length === 0) return wanted("none");
  const bad = certificates.findIndex((text) => !isCertificate(text));
  return bad === -1 ? null : wanted(`one that can't be read (number ${bad + 1})`);
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).fingerprint256 !== "";
  } catch {
    return false;
  }
}
