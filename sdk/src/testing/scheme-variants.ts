import { HMAC_SHA1, HMAC_SHA256, HMAC_SHA512 } from "../verify/algorithms.ts";
import { BASE64, BASE64URL, HEX, TEXT, WHSEC } from "../verify/codec.ts";
import type { Form } from "../verify/codec.ts";
import type { ReadyScheme, ReadySignature } from "../verify/ready-scheme.ts";
import type { TimeUnit } from "../verify/spec.ts";

/** Another reading of the same scheme, and what it means when a signature fits that one. */
export interface SchemeVariant {
  readonly cause: "time unit" | "secret" | "signature";
  readonly scheme: ReadyScheme;
  readonly sentence: string;
}

export function* schemeVariants(scheme: ReadyScheme): Generator<SchemeVariant> {
  if (scheme.kind !== "signature") return;
  yield* timeUnits(scheme);
  yield* secrets(scheme);
  yield* writings(scheme);
}

const UNITS: Readonly<Record<TimeUnit, string>> = {
  s: "seconds",
  ms: "milliseconds",
  iso: "ISO 8601",
};

function* timeUnits(scheme: ReadySignature): Generator<SchemeVariant> {
  const { timestamp } = scheme;
  if (timestamp === undefined) return;
  for (const unit of ["s", "ms", "iso"] as const) {
    if (unit === timestamp.unit) continue;
    yield {
      cause: "time unit",
      scheme: { ...scheme, timestamp: { ...timestamp, unit } },
      sentence: `The time is in ${UNITS[unit]}, and this sender's is in ${UNITS[timestamp.unit]}: correct what signs (Date.now() gives milliseconds), or it is another sender.`,
    };
  }
}

/** A secret that is looked up by request can't be read otherwise here. */
function* secrets(scheme: ReadySignature): Generator<SchemeVariant> {
  const { secret, secretForm = TEXT } = scheme;
  if (typeof secret === "function" || !("sign" in scheme.algorithm)) return;
  const known = [secretForm].flat();
  const texts = [secret].flat().filter((one) => typeof one === "string");
  for (const text of texts) {
    for (const form of [TEXT, BASE64, HEX, WHSEC]) {
      if (!known.includes(form))
        yield secretVariant(
          scheme,
          text,
          form,
          `read as ${form === WHSEC ? "base64 after whsec_" : form.name}`,
        );
    }
    for (const [other, how] of respelled(text)) {
      for (const form of [...known, TEXT]) yield secretVariant(scheme, other, form, how);
    }
  }
}

function respelled(text: string): readonly (readonly [text: string, how: string])[] {
  const variants = [
    [text.replace(/^(["'])(.*)\1$/, "$2"), "without the quotes around it"],
    [text.replace(/^[A-Z_]+=/, ""), "without the name in front of it"],
    [text.replace(/^(v1,)?whsec_/, ""), "without whsec_"],
    [text.replace(/\\n$/, ""), "without the \\n at its end"],
    [text.replace(/\s/g, ""), "without the white space in it"],
  ] as const;
  return variants.filter(([other]) => other !== text && other !== "");
}

function secretVariant(
  scheme: ReadySignature,
  text: string,
  secretForm: Form,
  how: string,
): SchemeVariant {
  // As bytes where it is text: white space at the ends would be refused before it is tried.
  const secret = secretForm === TEXT ? new TextEncoder().encode(text) : text;
  return {
    cause: "secret",
    scheme: { ...scheme, secret, secretForm },
    sentence: `The signature fits the secret ${how}: correct the configured secret, or what signs, so that both have the same.`,
  };
}

const ALGORITHMS = [HMAC_SHA1, HMAC_SHA256, HMAC_SHA512];
const ENCODINGS = [HEX, BASE64, BASE64URL];

/** Other ways to write a signature, and other hashes. */
function* writings(scheme: ReadySignature): Generator<SchemeVariant> {
  const algorithms = "sign" in scheme.algorithm ? ALGORITHMS : [scheme.algorithm];
  for (const algorithm of algorithms) {
    for (const encoding of ENCODINGS) {
      for (const prefix of new Set([
        scheme.prefix ?? "",
        "",
        `${algorithm.name.slice("hmac-".length)}=`,
      ])) {
        const changed = [
          algorithm.name === scheme.algorithm.name ? "" : `made with ${algorithm.name}`,
          encoding === scheme.encoding ? "" : `written in ${encoding.name}`,
          prefix === (scheme.prefix ?? "")
            ? ""
            : prefix === ""
              ? "without its prefix"
              : `with ${prefix} in front`,
        ].filter((part) => part !== "");
        if (changed.length === 0) continue;
        yield {
          cause: "signature",
          scheme: { ...scheme, algorithm, encoding, prefix },
          sentence: `The signature is right, but ${changed.join(" and ")}, where this sender's is ${wanted(scheme)}: correct what signs, or it is another sender.`,
        };
      }
    }
  }
}

function wanted({ algorithm, encoding, prefix = "" }: ReadySignature): string {
  return `${algorithm.name} in ${encoding.name}${prefix === "" ? "" : ` after ${prefix}`}`;
}
