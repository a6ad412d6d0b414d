import type { Directory } from "../domain/directory.ts";
import type {
  Endpoint,
  EndpointAuth,
  EndpointSecret,
  EndpointSettings,
} from "../domain/endpoint.ts";
import { SECRET_OVERLAP_MS_DEFAULT, SECRET_OVERLAP_MS_MAX, UNTRIED } from "../domain/endpoint.ts";
import type { Problem } from "../domain/errors.ts";
import { AppError, expected } from "../domain/errors.ts";
import type { IdMaker } from "../domain/id.ts";
import type { Chance, Clock, Dispatcher, Vault } from "../domain/ports.ts";
import type { EndpointDefaults } from "../domain/office-settings.ts";
import type { EndpointChange, OfficeStore } from "../domain/stores.ts";
import type { Commit } from "./commit.ts";
import { createCommit } from "./commit.ts";
import { givenHeaders, sealHeaders } from "./extra-headers.ts";
import { endpointOf } from "./lookup.ts";
import { refuseProblems } from "./problems.ts";
import type { CredentialsView, Keyring, RevealedSecret, SignatureChoice } from "./secrets.ts";
import { choiceOf, isValid, newSecret, secretProblem } from "./secrets.ts";
import type { EgressRules, SettingsInput } from "./settings.ts";
import { mergeSettings, settingsProblems, withPlainUrl } from "./settings.ts";
import type { EndpointStates } from "./states.ts";
import { createEndpointStates } from "./states.ts";
import type { TakeTurns } from "./turns.ts";
import type { Warning } from "./warnings.ts";
import { warningsOf } from "./warnings.ts";
import { refuseWider } from "./widening.ts";

/** Secrets of one endpoint that are valid at once; each one signs every attempt. */
const SECRETS_MAX = 8;

export interface EndpointInput {
  /** At least `url` and `eventTypes`. */
  readonly settings: SettingsInput;
  /** On update, undefined keeps what there is and null takes it away. */
  readonly auth?: EndpointAuth | null | undefined;
  /** Whether whoever asks may open targets to the endpoint, and spare it the certificate check; absent for no. */
  readonly isOperator?: boolean | undefined;
}

export interface NewEndpointInput extends EndpointInput {
  /** An existing secret to go on with; undefined to be given a new one. */
  readonly secret?: string | undefined;
  /** How a new secret signs under the profile `standard`; `v1` where nothing is said. */
  readonly signature?: SignatureChoice | undefined;
}

interface RotationInput {
  readonly secret?: string | undefined;
  /** As for a new endpoint; undefined for as before. */
  readonly signature?: SignatureChoice | undefined;
  /**
   * How long older secrets sign along, 0 to 7 days; 24 hours where nothing is said. None stays
   * longer than it had.
   */
  readonly overlapMs?: number | undefined;
}

/**
 * Endpoints, as people change them. Another application's endpoint is `not_found`. What fails,
 * fails before anything was written; `StoreUnavailable` passes through. Only what is named so shows
 * secrets.
 */
export interface Endpoints extends EndpointStates {
  /**
   * Rejects with `invalid_request` and all problems at once, and with `forbidden` where only the operator may. The secret is shown here and by
   * `revealSecrets`.
   */
  create(
    applicationSeq: number,
    input: NewEndpointInput,
  ): Promise<{ endpoint: Endpoint; secret: RevealedSecret }>;
  /** Throws `not_found`. */
  read(applicationSeq: number, id: string): Endpoint;
  /** Oldest first. */
  list(applicationSeq: number): readonly Endpoint[];
  /**
   * What is absent stays. A change ends a slow-down; a new URL also begins a new count of failures.
   */
  update(applicationSeq: number, id: string, input: EndpointInput): Promise<Endpoint>;
  /** Both secrets sign until the overlap ends. `conflict` where too many are valid. */
  rotateSecret(
    applicationSeq: number,
    id: string,
    input: RotationInput,
  ): Promise<{ endpoint: Endpoint; secret: RevealedSecret }>;
  /** The valid ones, newest first. */
  revealSecrets(applicationSeq: number, id: string): readonly RevealedSecret[];
  /** User name, public keys and times; nothing that lets anybody in. */
  credentials(applicationSeq: number, id: string): CredentialsView;
  /** What is allowed and yet not good, one sentence each. */
  warnings(endpoint: Endpoint): readonly Warning[];
  /** Forgets secrets that have expired, of all endpoints. Returns of how many endpoints. */
  pruneSecrets(): Promise<number>;
}

export interface EndpointsNeeds {
  readonly store: Pick<OfficeStore, "createEndpoint" | "updateEndpoint">;
  readonly directory: Directory;
  readonly dispatcher: Pick<Dispatcher, "endpointChanged" | "wake">;
  readonly vault: Vault;
  readonly keyring: Keyring;
  readonly ids: IdMaker;
  readonly chance: Pick<Chance, "bytes">;
  readonly clock: Clock;
  readonly rules: EgressRules;
  readonly takeTurns: TakeTurns;
  /** What a new endpoint has where nothing is said; absent for what everybody's has. */
  readonly defaults?: () => EndpointDefaults;
}

export function createEndpoints(needs: EndpointsNeeds): Endpoints {
  const { directory, keyring, clock } = needs;
  const commit = createCommit(needs);
  return {
    ...createEndpointStates({ ...needs, commit }),
    create: (applicationSeq, input) => create(needs, applicationSeq, input),
    read: (applicationSeq, id) => endpointOf(directory, applicationSeq, id),
    list: (applicationSeq) => directory.endpoints(applicationSeq),
    update: (applicationSeq, id, input) =>
      commit(applicationSeq, id, (endpoint) => updateOf(needs, endpoint, input)),
    rotateSecret: (applicationSeq, id, input) => rotate(needs, commit, applicationSeq, id, input),
    revealSecrets: (applicationSeq, id) =>
      keyring.reveal(endpointOf(directory, applicationSeq, id), clock.wallMs()),
    credentials: (applicationSeq, id) =>
      keyring.view(endpointOf(directory, applicationSeq, id), clock.wallMs()),
    warnings: (endpoint) => warningsOf(needs, endpoint),
    pruneSecrets: () => pruneSecrets(needs, commit),
  };
}

async function create(
  needs: EndpointsNeeds,
  applicationSeq: number,
  input: NewEndpointInput,
): Promise<{ endpoint: Endpoint; secret: RevealedSecret }> {
  const merged = withPlainUrl(
    mergeSettings(null, { ...needs.defaults?.(), ...said(input.settings) }),
    needs.rules,
  );
  const { headers, problems } = givenHeaders(merged.headers, {});
  const settings = { ...merged, headers };
  const auth = input.auth ?? null;
  const profile = settings.profile.kind;
  refuseProblems([
    ...problems,
    ...settingsProblems(settings, auth, needs.rules),
    ...secretProblems(settings, input),
  ]);
  refuseWider(settings, null, input);
  const id = needs.ids.next("ep");
  const nowMs = needs.clock.nowMs();
  const text = input.secret ?? newSecret(profile, input.signature ?? "v1", needs.chance);
  const secret = seal(needs, id, text);
  const endpoint = await needs.store.createEndpoint({
    id,
    applicationSeq,
    settings: { ...settings, headers: sealHeaders(needs.vault, id, headers) },
    state: "active",
    disabledReason: null,
    stateChangedAtMs: nowMs,
    transition: null,
    health: UNTRIED,
    secrets: [secret],
    sealedAuth: auth === null ? null : sealAuth(needs, id, auth),
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  });
  needs.directory.putEndpoint(endpoint);
  return { endpoint, secret: newest(needs, endpoint) };
}

function said(input: SettingsInput): SettingsInput {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
}

function secretProblems(
  settings: EndpointSettings,
  input: Pick<NewEndpointInput, "secret" | "signature">,
): readonly Problem[] {
  const profile = settings.profile.kind;
  const problems: Problem[] = [];
  if (input.signature === "v1a" && profile !== "standard") {
    const message = expected("signature", `v1 for the profile ${profile}`, input.signature);
    problems.push({ path: "/signature", message });
  }
  if (input.secret === undefined) return problems;
  const message = secretProblem(profile, input.secret);
  if (message !== null) return [...problems, { path: "/secret", message }];
  if (input.signature !== undefined && profile === "standard") {
    const choice = choiceOf(input.secret);
    if (choice !== input.signature) {
      const wanted = `${choice}, as the secret signs, or absent`;
      problems.push({
        path: "/signature",
        message: expected("signature", wanted, input.signature),
      });
    }
  }
  return problems;
}

function updateOf(needs: EndpointsNeeds, endpoint: Endpoint, input: EndpointInput): EndpointChange {
  const settings = withPlainUrl(mergeSettings(endpoint.settings, input.settings), needs.rules);
  const auth = input.auth === undefined ? needs.keyring.authOf(endpoint) : input.auth;
  const known = needs.keyring.headersOf(endpoint);
  const { headers, problems } = givenHeaders(input.settings.headers ?? known, known);
  refuseProblems([
    ...problems,
    ...settingsProblems({ ...settings, headers }, auth, needs.rules),
    ...profileChangeProblems(needs, endpoint, settings),
  ]);
  refuseWider(settings, endpoint.settings, input);
  const { health } = endpoint;
  const hasMoved = settings.url !== endpoint.settings.url;
  return {
    settings: { ...settings, headers: sealHeaders(needs.vault, endpoint.id, headers) },
    ...(input.auth !== undefined && {
      sealedAuth: auth === null ? null : sealAuth(needs, endpoint.id, auth),
    }),
    health: hasMoved
      ? {
          ...health,
          ...UNTRIED,
          lastSuccessAtMs: health.lastSuccessAtMs,
          lastFailureAtMs: health.lastFailureAtMs,
        }
      : { ...health, slowedUntilMs: null, slowedSinceMs: null },
    atMs: needs.clock.nowMs(),
  };
}

/**
 * The newest secret must fit, or nothing could be signed; an older one that does not fit merely
 * ends.
 */
function profileChangeProblems(
  { keyring, clock }: EndpointsNeeds,
  endpoint: Endpoint,
  settings: EndpointSettings,
): readonly Problem[] {
  const { kind } = settings.profile;
  if (kind === endpoint.settings.profile.kind) return [];
  const newestSecret = keyring.reveal(endpoint, clock.wallMs())[0];
  const problem = newestSecret === undefined ? null : secretProblem(kind, newestSecret.secret);
  if (problem === null) return [];
  const message = `${problem}: rotate to a secret that fits ${kind} first`;
  return [{ path: "/profile/kind", message }];
}

async function rotate(
  needs: EndpointsNeeds,
  commit: Commit,
  applicationSeq: number,
  id: string,
  input: RotationInput,
): Promise<{ endpoint: Endpoint; secret: RevealedSecret }> {
  const endpoint = await commit(applicationSeq, id, (before) => rotationOf(needs, before, input));
  return { endpoint, secret: newest(needs, endpoint) };
}

function rotationOf(
  needs: EndpointsNeeds,
  endpoint: Endpoint,
  input: RotationInput,
): EndpointChange {
  const { clock, keyring, chance } = needs;
  const overlapMs = input.overlapMs ?? SECRET_OVERLAP_MS_DEFAULT;
  refuseProblems([...secretProblems(endpoint.settings, input), ...overlapProblems(overlapMs)]);
  const wallMs = clock.wallMs();
  const before = keyring.reveal(endpoint, wallMs)[0];
  const signature = input.signature ?? (before === undefined ? "v1" : choiceOf(before.secret));
  const text = input.secret ?? newSecret(endpoint.settings.profile.kind, signature, chance);
  if (text === before?.secret) {
    throw new AppError("conflict", "expected the secret to be a new one, got the present one");
  }
  const older = endpoint.secrets
    .map((each) => ({
      ...each,
      expiresAtMs: Math.min(each.expiresAtMs ?? Infinity, wallMs + overlapMs),
    }))
    .filter((each) => isValid(each, wallMs));
  if (older.length >= SECRETS_MAX) {
    const advice = "wait until one expires, or rotate with an overlap of 0";
    const wanted = `expected fewer than ${SECRETS_MAX} valid secrets`;
    const message = `${wanted}, got ${older.length}: ${advice}`;
    throw new AppError("conflict", message);
  }
  return { secrets: [seal(needs, endpoint.id, text), ...older], atMs: clock.nowMs() };
}

function overlapProblems(overlapMs: number): readonly Problem[] {
  if (Number.isInteger(overlapMs) && overlapMs >= 0 && overlapMs <= SECRET_OVERLAP_MS_MAX)
    return [];
  const wanted = `a whole number from 0 to ${SECRET_OVERLAP_MS_MAX}`;
  return [{ path: "/overlap_ms", message: expected("overlap_ms", wanted, overlapMs) }];
}

async function pruneSecrets(needs: EndpointsNeeds, commit: Commit): Promise<number> {
  const wallMs = needs.clock.wallMs();
  const isStale = (endpoint: Endpoint) => !endpoint.secrets.every((each) => isValid(each, wallMs));
  const stale = [...needs.directory.allEndpoints()].filter(isStale);
  for (const { applicationSeq, id, seq } of stale) {
    // Deleted while the ones before it were written.
    if (needs.directory.endpoint(seq) === undefined) continue;
    await commit(applicationSeq, id, ({ secrets }) => ({
      secrets: secrets.filter((each) => isValid(each, wallMs)),
      atMs: needs.clock.nowMs(),
    }));
  }
  return stale.length;
}

function seal(
  { vault, ids, clock }: EndpointsNeeds,
  endpointId: string,
  text: string,
): EndpointSecret {
  const sealed = vault.seal(endpointId, text);
  return { id: ids.next("sec"), sealed, createdAtMs: clock.wallMs(), expiresAtMs: null };
}

function sealAuth({ vault }: EndpointsNeeds, endpointId: string, auth: EndpointAuth): Uint8Array {
  return vault.seal(endpointId, JSON.stringify(auth));
}

function newest({ keyring, clock }: EndpointsNeeds, endpoint: Endpoint): RevealedSecret {
  const [secret] = keyring.reveal(endpoint, clock.wallMs());
  if (secret === undefined) throw new Error("expected a new secret to be valid, got none");
  return secret;
}
