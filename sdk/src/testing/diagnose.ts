import { eventOf } from "../verify/body.ts";
import { systemClock } from "../verify/clock.ts";
import { makeProvider } from "../verify/make-provider.ts";
import { assertOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import { asReadRequest, readRequest } from "../verify/read.ts";
import type { ReadySpec } from "../verify/ready-scheme.ts";
import type { ReadRequest } from "../verify/read-request.ts";
import type { RawRequest } from "../verify/request.ts";
import { readFirst, readersOf } from "../verify/sources.ts";
import type { SignatureScheme } from "../verify/spec.ts";
import { timeMs } from "../verify/times.ts";
import { BODY_BYTES_MAX } from "../verify/verify.ts";
import { WebhookError } from "../verify/webhook-error.ts";
import { addressVariants } from "./address-variants.ts";
import { bodyVariants } from "./body-variants.ts";
import { nodeEnvironment } from "./environment.ts";
import { missingHeader } from "./look-alikes.ts";
import { schemeVariants } from "./scheme-variants.ts";
import type { SchemeVariant } from "./scheme-variants.ts";
import { specFor } from "./sign.ts";

export interface Finding {
  readonly cause:
    | "request"
    | "header"
    | "clock"
    | "time unit"
    | "body"
    | "address"
    | "secret"
    | "signature"
    | "unknown";
  /** What is wrong and how it is mended. Holds no secret, no signature and nothing of the body. */
  readonly sentence: string;
}

export interface DiagnoseOptions {
  readonly clock?: (() => number) | undefined;
  /** What `NODE_ENV` says; default what the runtime's environment says, where it has one. */
  readonly environment?: string | undefined;
}

/**
 * Why a request is refused, for whoever builds a receiver: tries what usually goes wrong until a signature fits, and says in
 * sentences what that means. None for a request that is genuine.
 *
 * It tries other secrets' readings, other bodies and other times than `verify`, so its answer never makes a request genuine,
 * and it is not for production: it rejects with `CONFIG_INVALID` there, as it does for an option that there is not.
 */
export async function diagnose<E>(
  input: Request | RawRequest,
  provider: Provider<E>,
  options: DiagnoseOptions = {},
): Promise<readonly Finding[]> {
  assertOptions("diagnose", options, ["clock", "environment"]);
  const { clock = systemClock, environment = nodeEnvironment() } = options;
  if (environment === "production") {
    throw new WebhookError(
      "CONFIG_INVALID",
      "expected diagnose to run in development, got NODE_ENV=production",
    );
  }
  const spec = specFor(provider);
  const request = await readRequest(input, BODY_BYTES_MAX);
  if (request instanceof WebhookError) return [ofError("request", request)];
  const nowMs = clock();
  const refusal = await refusalOf(spec, request, nowMs);
  if (refusal === null) return [];
  const lack = missingHeader(spec, request);
  if (lack !== null) return [{ cause: "header", sentence: lack }];
  const found = await firstFinding(spec, request, nowMs);
  return [found ?? { cause: "unknown", sentence: `${refusal.message}. ${NOTHING_FITS}` }];
}

const NOTHING_FITS =
  "None of the usual causes makes it fit. Compare the secret with the one that the sender shows for this very endpoint (test and live ones differ), and the body with the bytes that the sender logs.";

function ofError(cause: Finding["cause"], { message, hint }: WebhookError): Finding {
  return { cause, sentence: hint === null ? `${message}.` : `${message}. ${hint}` };
}

/** The first reading under which the signature fits. One is enough: by chance none does. */
async function firstFinding(
  spec: ReadySpec,
  request: ReadRequest,
  nowMs: number,
): Promise<Finding | null> {
  const ownMs = ownTimeMs(spec, request) ?? nowMs;
  const isGenuine = async (given: ReadySpec, other: ReadRequest, atMs: number): Promise<boolean> =>
    (await refusalOf(given, other, atMs)) === null;

  if (await isGenuine(spec, request, ownMs)) {
    const unit = await fittingScheme(spec, ["time unit"], (given) =>
      isGenuine(given, request, nowMs),
    );
    return unit ?? { cause: "clock", sentence: clockSentence(nowMs - ownMs) };
  }
  for (const { body, sentence } of bodyVariants(request.body)) {
    if (await isGenuine(spec, changed(request, { body }), ownMs))
      return { cause: "body", sentence };
  }
  for (const { url, sentence } of addressVariants(request.url, request.header)) {
    if (await isGenuine(spec, changed(request, { url }), ownMs))
      return { cause: "address", sentence };
  }
  const causes = ["time unit", "secret", "signature"] as const;
  // A text that is no time in the scheme's unit at all is refused before the signature is looked at.
  return fittingScheme(spec, causes, (given) =>
    isGenuine(given, request, ownTimeMs(given, request) ?? nowMs),
  );
}

async function fittingScheme(
  spec: ReadySpec,
  causes: readonly SchemeVariant["cause"][],
  isGenuine: (given: ReadySpec) => Promise<boolean>,
): Promise<Finding | null> {
  for (const [index, own] of spec.schemes.entries()) {
    for (const { cause, scheme, sentence } of schemeVariants(own)) {
      if (!causes.includes(cause)) continue;
      const schemes = spec.schemes.map((each, at) => (at === index ? scheme : each));
      if (await isGenuine({ ...spec, schemes })) return { cause, sentence };
    }
  }
  return null;
}

/** Null where it is accepted. Without the handshake: SNS' has an effect. */
async function refusalOf(
  spec: ReadySpec,
  request: ReadRequest,
  nowMs: number,
): Promise<WebhookError | null> {
  try {
    const provider = makeProvider({ ...spec, handshake: () => null });
    const result = await provider.check(request, { nowMs });
    return result.kind === "refused" ? result.error : null;
  } catch (error) {
    // A secret that is none in another reading.
    if (error instanceof WebhookError) return error;
    throw error;
  }
}

/** When the request says that it was signed; null where it does not, or not in the scheme's unit. */
function ownTimeMs(spec: ReadySpec, request: ReadRequest): number | null {
  for (const scheme of spec.schemes) {
    if (scheme.kind !== "signature" || scheme.timestamp === undefined) continue;
    const text = timeText(scheme, spec, request);
    const ms = text === null ? null : timeMs(text, scheme.timestamp.unit);
    if (ms !== null) return ms;
  }
  return null;
}

function timeText(
  { timestamp, signature, separator = "," }: SignatureScheme,
  spec: ReadySpec,
  request: ReadRequest,
): string | null {
  if (timestamp === undefined) return null;
  const { from } = timestamp;
  const event = (): unknown => eventOf(spec, request);
  if (!("item" in from)) return readFirst(readersOf(from), request, event)?.text ?? null;
  const list = readFirst(readersOf(signature), request, event)?.text ?? "";
  const items = list.split(separator).map((item) => item.trim());
  return items.find((item) => item.startsWith(from.item))?.slice(from.item.length) ?? null;
}

function clockSentence(aheadMs: number): string {
  const seconds = Math.round(Math.abs(aheadMs) / 1_000);
  return aheadMs > 0
    ? `The signature is right, and made ${seconds} s before this machine's time: set the clock here (NTP), unless it is an old request that was recorded or waited on its way. Tests give verify the time by its clock option.`
    : `The signature is right, and made ${seconds} s after this machine's time: set the clock here (NTP), or the sender's. Tests give verify the time by its clock option.`;
}

function changed(
  request: ReadRequest,
  { body = request.body, url = request.url }: { readonly body?: Uint8Array; readonly url?: string },
): ReadRequest {
  return asReadRequest(request.method, url, request.headers, body);
}
