import { TOKEN } from "../verify/algorithms.ts";
import { sha256Hex } from "#crypto";
import { eventOf } from "../verify/body.ts";
import { encode, utf8, utf8Text } from "../verify/codec.ts";
import { joined } from "../verify/crypto.ts";
import type { Part } from "../verify/crypto.ts";
import { specOf } from "../verify/make-provider.ts";
import { isForm } from "../verify/form.ts";
import type { Provider } from "../verify/provider.ts";
import type { ReadySpec } from "../verify/ready-scheme.ts";
import { prepareKeys } from "../verify/secrets.ts";
import { signedParts } from "../verify/signed-parts.ts";
import { readFirst, readersOf } from "../verify/sources.ts";
import type {
  Algorithm,
  ProviderSpec,
  Scheme,
  SignatureScheme,
  Source,
  SymmetricAlgorithm,
  TimeUnit,
  TimestampRule,
} from "../verify/spec.ts";
import { WebhookError } from "../verify/webhook-error.ts";
import { createDraft, listOf, placeFirst } from "./draft.ts";
import type { Draft, DraftBody } from "./draft.ts";
import { signerOf } from "./private-key.ts";
import { placeCustom } from "./sign-custom.ts";
import { spoiledBodies } from "./spoil.ts";

export type Tamper = "body" | "signature" | "timestamp" | "id" | "secret";

export interface SignOptions {
  /** Bytes and texts are sent as they are; an object becomes JSON (or a form), with `id`, `type` and times put into it. */
  readonly body?: DraftBody | undefined;
  readonly type?: string | undefined;
  readonly id?: string | undefined;
  /** The time that is signed; default the machine's clock. */
  readonly nowMs?: number | undefined;
  /** Exact, for schemes that sign it. */
  readonly url?: string | undefined;
  readonly method?: string | undefined;
  readonly attempt?: number | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Where the receiver has only the public key. PKCS #8 as DER or PEM, or an ed25519 seed. */
  readonly privateKey?: string | Uint8Array | undefined;
  /** Which of the provider's schemes signs, counted from 0; default the first that can. */
  readonly scheme?: number | undefined;
  /** Spoils what was signed, so that it has to be refused. Throws where the scheme would not notice. */
  readonly tamper?: Tamper | undefined;
}

/** A draft with everything in it but the signature, and what signs it. */
interface Work<S> {
  readonly spec: ProviderSpec;
  readonly scheme: S;
  readonly draft: Draft;
  readonly options: SignOptions;
  readonly nowMs: number;
}

/** What the provider was defined with. Throws `CONFIG_INVALID` for one that was made by other means. */
export function specFor<E>(provider: Provider<E>): ReadySpec {
  const spec = specOf(provider);
  if (spec !== null) return spec as unknown as ReadySpec;
  throw invalid("a provider made by defineProvider or by posthorn-sdk/providers", "another");
}

/** The finished draft. Throws `CONFIG_INVALID` for what can't be done with this provider. */
export async function signedDraft<E>(
  provider: Provider<E>,
  options: SignOptions,
  nowMs: number,
): Promise<Draft> {
  const spec = specFor(provider);
  const scheme = chosenScheme(spec, options);
  const draft = createDraft({
    method: options.method ?? provider.methods[0] ?? "POST",
    url: options.url ?? "https://receiver.test/webhook",
    headers: options.headers ?? {},
    body: options.body ?? {},
    bodyField: spec.body?.field,
    isForm: spec.body?.name === "form",
  });
  const work = { spec, draft, options, nowMs };
  await placeIdentity({ ...work, scheme });
  assertIdentity({ ...work, scheme });
  if (scheme.kind === "custom") await placeCustom({ ...work, scheme });
  else if (scheme.algorithm === TOKEN) await placeToken({ ...work, scheme });
  else await placeSignature({ ...work, scheme });
  return draft;
}

function chosenScheme(spec: ProviderSpec, { scheme, privateKey }: SignOptions): Scheme {
  if (scheme !== undefined) {
    const chosen = spec.schemes[scheme];
    if (chosen !== undefined) return chosen;
    throw invalid(`scheme to be under ${spec.schemes.length}`, `${scheme}`);
  }
  const canSign = (each: Scheme): boolean =>
    each.kind === "signature" &&
    (each.algorithm === TOKEN || isSymmetric(each.algorithm) === (privateKey === undefined));
  const chosen = spec.schemes.find(canSign) ?? spec.schemes[0];
  if (chosen === undefined) throw invalid("a scheme", "none");
  return chosen;
}

async function placeIdentity({ spec, scheme, draft, options }: Work<Scheme>): Promise<void> {
  const { id, type, attempt } = options;
  const ids = idsOf(spec, scheme);
  const first = ids[0];
  if (id !== undefined) placeFirst(draft, ids, id);
  else if (first !== undefined && "header" in first && draft.header(first.header) === null) {
    draft.place(first, await defaultId(draft));
  }
  if (type !== undefined) placeFirst(draft, spec.type, type);
  if (attempt !== undefined) placeFirst(draft, spec.attempt, attempt);
}

function idsOf(spec: ProviderSpec, scheme: Scheme): readonly Source[] {
  const own = scheme.kind === "custom" ? undefined : scheme.id;
  return [...listOf(own), ...listOf(spec.id)];
}

/** Equal bodies are the same event, others are not: what a receiver's test expects. */
async function defaultId(draft: Draft): Promise<string> {
  return `evt_${(await sha256Hex([draft.read().body])).slice(0, 24)}`;
}

/** What was asked for stands where the provider reads it: exact bodies and computed values can't be written into. */
function assertIdentity({ spec, scheme, draft, options }: Work<Scheme>): void {
  const request = draft.read();
  const event = eventOf(spec, request);
  const wanted = [
    ["id", idsOf(spec, scheme), options.id],
    ["type", listOf(spec.type), options.type],
    ["attempt", listOf(spec.attempt), options.attempt],
  ] as const;
  for (const [name, sources, value] of wanted) {
    if (value === undefined) continue;
    const found = readFirst(readersOf(sources), request, () => event)?.text;
    if (found === `${value}`) continue;
    throw invalid(
      `${name} to be where ${spec.name} reads it; put it into body (an object) or headers yourself`,
      found === undefined ? "nothing there" : "another there",
    );
  }
}

async function placeToken(work: Work<SignatureScheme>): Promise<void> {
  const { scheme, draft, options, spec } = work;
  const [key] = await prepareKeys(scheme.secret, scheme.secretForm, TOKEN)(draft.read());
  const secret = key?.secret ?? new Uint8Array();
  const isSpoiled = options.tamper === "secret" || options.tamper === "signature";
  if (options.tamper !== undefined && !isSpoiled) throw unnoticed(spec, options.tamper);
  write(work, "", isSpoiled ? utf8(`${utf8Text(secret).slice(0, -1)}~`) : secret);
}

async function placeSignature(work: Work<SignatureScheme>): Promise<void> {
  const { scheme, draft, options } = work;
  const [key] = await prepareKeys(scheme.secret, scheme.secretForm, scheme.algorithm)(draft.read());
  const secret = key?.secret ?? new Uint8Array();
  for (const [name, source] of Object.entries(scheme.values ?? {})) {
    if ("header" in source && draft.header(source.header) === null)
      draft.place(source, `test-${name}`);
  }
  await placeBodyDigest(work);
  const time = placeTime(work, work.nowMs);
  const { tamper } = options;
  const signing = tamper === "secret" ? flipped(secret) : secret;
  const parts = partsOf(work, time, signing);
  const mac = await macOf(work, signing, parts);
  const signature = tamper === "signature" ? flipped(mac) : mac;
  write(work, time, signature);
  if (tamper === "timestamp" || tamper === "id" || tamper === "body") {
    await spoil(work, { tamper, secret, parts, signature, time });
  }
}

/** Twilio alone signs what is no form by a digest in the address; a GET sends no body that could have one. */
async function placeBodyDigest({ draft, spec }: Work<SignatureScheme>): Promise<void> {
  const request = draft.read();
  const isInAddress = request.query(BODY_DIGEST) !== null;
  if (
    spec.name !== "twilio" ||
    request.method === "GET" ||
    isForm(request) ||
    request.body.length === 0 ||
    isInAddress
  )
    return;
  draft.place({ query: BODY_DIGEST }, await sha256Hex([request.body]));
}

const BODY_DIGEST = "bodySHA256";

/** Puts the time where it belongs and gives its text; what an exact body says stays. */
function placeTime({ scheme, draft, spec }: Work<SignatureScheme>, nowMs: number): string {
  const { timestamp } = scheme;
  if (timestamp === undefined) return "";
  const value = timeValue(nowMs, timestamp.unit);
  if ("item" in timestamp.from) return `${value}`;
  if (draft.place(timestamp.from, value)) return `${value}`;
  const request = draft.read();
  const found = readFirst(readersOf(timestamp.from), request, () => eventOf(spec, request));
  if (found !== null) return found.text;
  throw invalid(
    `a body with the time that ${spec.name} reads, or an object to put it into`,
    "none",
  );
}

function timeValue(ms: number, unit: TimeUnit): number | string {
  if (unit === "iso") return new Date(ms).toISOString();
  return unit === "s" ? Math.floor(ms / 1_000) : ms;
}

function partsOf(
  { scheme, draft, spec }: Work<SignatureScheme>,
  timestamp: string,
  secret: Uint8Array,
): readonly Part[] {
  const request = draft.read();
  const event = (): unknown => eventOf(spec, request);
  const variants = signedParts(scheme)({ request, event, timestamp }, secret);
  if (variants instanceof WebhookError) throw variants;
  const [first] = variants;
  if (first === undefined)
    throw invalid(`a request that ${spec.name} could have signed`, "another");
  return first;
}

async function macOf(
  { scheme, options }: Work<SignatureScheme>,
  secret: Uint8Array,
  parts: readonly Part[],
): Promise<Uint8Array> {
  const { algorithm } = scheme;
  if (isSymmetric(algorithm)) return algorithm.sign(secret)(parts);
  if (options.privateKey === undefined)
    throw invalid(`privateKey, since ${algorithm.name} keys only verify`, "none");
  const mac = await signerOf(algorithm.name, options.privateKey)(parts);
  // Another key of the same kind can't be made here; a bit of another signature is as little this key's.
  return options.tamper === "secret" ? flipped(mac) : mac;
}

function isSymmetric(algorithm: Algorithm): algorithm is SymmetricAlgorithm {
  return "sign" in algorithm;
}

function write(
  { scheme, draft, spec }: Work<SignatureScheme>,
  time: string,
  signature: Uint8Array,
): void {
  const { prefix = "", separator = ",", timestamp, encoding } = scheme;
  const own = `${prefix}${encode(encoding.name, signature)}`;
  const hasItem = timestamp !== undefined && "item" in timestamp.from;
  const text = hasItem ? `${itemOf(timestamp.from)}${time}${separator}${own}` : own;
  if (listOf(scheme.signature).some((source) => "body" in source)) draft.open();
  if (placeFirst(draft, scheme.signature, text) === null) {
    throw invalid(`a body that the signature of ${spec.name} can be put into`, "another");
  }
}

function itemOf(from: TimestampRule["from"]): string {
  return "item" in from ? from.item : "";
}

interface Signed {
  readonly tamper: "body" | "timestamp" | "id";
  readonly secret: Uint8Array;
  readonly parts: readonly Part[];
  readonly signature: Uint8Array;
  readonly time: string;
}

/** Changes what was signed, after it was signed. */
async function spoil(work: Work<SignatureScheme>, signed: Signed): Promise<void> {
  const { draft, spec, scheme, nowMs } = work;
  const { tamper, signature } = signed;
  if (tamper === "timestamp") {
    const stepMs = scheme.timestamp?.unit === "s" ? 1_000 : 1;
    const time = placeTime(work, nowMs + stepMs);
    write(work, time, signature);
    if (await isNoticed(work, { ...signed, time })) return;
  } else if (tamper === "id") {
    placeFirst(draft, idsOf(spec, scheme), "evt_tampered");
    if (await isNoticed(work, signed)) return;
  } else {
    const genuine = draft.read();
    for (const body of spoiledBodies(genuine)) {
      draft.setBody(body);
      if (await isNoticed(work, signed)) return;
    }
  }
  throw unnoticed(spec, tamper);
}

async function isNoticed(
  work: Work<SignatureScheme>,
  { secret, parts, time }: Signed,
): Promise<boolean> {
  const request = work.draft.read();
  try {
    if (encode("hex", joined(partsOf(work, time, secret))) !== encode("hex", joined(parts)))
      return true;
  } catch {
    return false;
  }
  const error = await work.scheme.also?.(request, eventOf(work.spec, request));
  // A receiver that has seen the genuine request refuses this one as a repeat, not for its content.
  return Boolean(error) && error?.code !== "REPLAYED";
}

/** Another bit in the first byte. */
function flipped(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, index) => (index === 0 ? byte ^ 1 : byte));
}

function unnoticed(spec: ProviderSpec, tamper: Tamper): WebhookError {
  return invalid(
    `tamper to be of what ${spec.name} signs`,
    `${tamper}, which this scheme does not`,
  );
}

function invalid(wanted: string, got: string): WebhookError {
  return new WebhookError("CONFIG_INVALID", `expected ${wanted}, got ${got}`);
}
