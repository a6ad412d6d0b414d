import { headerName } from "../../sdk/src/wire/profile.ts";
import type { Profile } from "../../sdk/src/wire/profile.ts";
import type { SigningKey } from "../../sdk/src/wire/secret.ts";
import type { SignInput } from "../../sdk/src/wire/sign.ts";
import { profileHeaders } from "../../sdk/src/wire/sign.ts";
import type { SignatureStep, SignedContent } from "../domain/signature-step.ts";

interface Signer {
  readonly id: string;
  readonly key: SigningKey;
}

/** What of a body stands in a step; all of it stands beside the steps. */
const SHOWN_LENGTH_MAX = 2_000;

/**
 * How a request's signature is made, step by step, for somebody whose receiver refuses it. The same code signs as for real, once with
 * each secret. A secret is named by its id and its place, and never shown. `recorded`: the header lines that were sent; the last
 * step then says whether they hold what comes out. Pure; throws `SdkError` as signing does.
 */
export function signatureSteps(
  profile: Profile,
  input: SignInput,
  signers: readonly Signer[],
  recorded: string | null,
): readonly SignatureStep[] {
  const keys = signers.map(({ key }) => key);
  const headers = profileHeaders(profile, input, keys).filter(([name]) =>
    isSignature(profile, name),
  );
  return [
    contentStep(profile),
    spelledOutStep(profile, input),
    ...signers.map((signer, at) => secretStep(profile, input, signer, at, signers.length)),
    ...headers.map(([name, value]) => headerStep(name, value)),
    ...(recorded === null ? [] : [comparedStep(headers, recorded)]),
  ];
}

function isSignature(profile: Profile, name: string): boolean {
  if (name === headerName(profile, "signature")) return true;
  const hasNext = profile.kind === "digest" || profile.kind === "topic";
  return hasNext && name === headerName(profile, "signatureNext");
}

function contentStep(profile: Profile): SignatureStep {
  const content = signedContent(profile);
  return {
    code: "signed_content",
    title: "Signed content",
    value: CONTENT_WORDS[content],
    facts: { content },
  };
}

const CONTENT_WORDS: Readonly<Record<SignedContent, string>> = {
  "id.timestamp.body": "the id, a dot, the timestamp in unix seconds, a dot, and the body's bytes",
  "timestamp.body": "the timestamp in unix seconds (t), a dot, and the body's bytes",
  body: "the body's bytes, and nothing else",
};

function signedContent({ kind }: Profile): SignedContent {
  switch (kind) {
    case "standard":
      return "id.timestamp.body";
    case "timestamped":
      return "timestamp.body";
    case "digest":
    case "topic":
      return "body";
  }
}

function spelledOutStep({ kind }: Profile, { id, timestampS, body }: SignInput): SignatureStep {
  const head =
    kind === "standard" ? `${id}.${timestampS}.` : kind === "timestamped" ? `${timestampS}.` : "";
  const text = new TextDecoder("utf-8").decode(body);
  const step = { code: "spelled_out", title: "Content, spelled out" } as const;
  const bodyBytes = body.length;
  if (!Buffer.from(text).equals(body)) {
    const value = `${head}<${bodyBytes} bytes that are no text>`;
    return { ...step, value, facts: { leftOut: "not_text", beginning: head, bodyBytes } };
  }
  const beginning = head + text.slice(0, SHOWN_LENGTH_MAX);
  if (text.length <= SHOWN_LENGTH_MAX) return { ...step, value: beginning, facts: {} };
  const value = `${beginning}… <${bodyBytes} bytes in all>`;
  return { ...step, value, facts: { leftOut: "too_long", beginning, bodyBytes } };
}

/** What one secret puts into the header, with how. */
function secretStep(
  profile: Profile,
  input: SignInput,
  { id, key }: Signer,
  at: number,
  count: number,
): SignatureStep {
  const name = headerName(profile, "signature");
  const header = profileHeaders(profile, input, [key]).find(([each]) => each === name);
  const value = header?.[1] ?? "";
  // The timestamp stands in front of all signatures, once.
  const signature = profile.kind === "timestamped" ? value.replace(/^t=\d+,/, "") : value;
  const algorithm = key.kind === "hmac" ? "HMAC-SHA256" : "Ed25519";
  const encoding = profile.kind === "standard" ? "base64" : "hex";
  const place = { secretId: id, secretNumber: at + 1, secretCount: count };
  return {
    code: "secret",
    title: `Secret ${at + 1} of ${count}${placeWords(at, count)}: ${id}`,
    value: `${algorithm} over the content, in ${encoding}: ${signature}`,
    facts: { ...place, algorithm, encoding, signature },
  };
}

function placeWords(at: number, count: number): string {
  if (count === 1) return "";
  if (at === 0) return " (the newest)";
  return at === count - 1 ? " (the oldest)" : "";
}

function headerStep(name: string, value: string): SignatureStep {
  return { code: "header", title: `Header ${name}`, value, facts: { header: name } };
}

function comparedStep(
  headers: readonly (readonly [string, string])[],
  recorded: string,
): SignatureStep {
  const sent = new Map(
    recorded.split("\n").map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const others = headers.filter(([name, value]) => sent.get(name.toLowerCase()) !== value);
  const differsIn = others.map(([name]) => name);
  const value = comparedWords(differsIn);
  return { code: "compared", title: "Compared", value, facts: { differsIn } };
}

function comparedWords(differsIn: readonly string[]): string {
  if (differsIn.length === 0) return "the same as was sent";
  return (
    `not what was sent in ${differsIn.join(" and ")}: a secret was rotated or has expired since, or ` +
    "the endpoint's profile was changed"
  );
}
