import { headerName } from "../../sdk/src/wire/profile.ts";
import type { Profile } from "../../sdk/src/wire/profile.ts";
import type { SigningKey } from "../../sdk/src/wire/secret.ts";
import type { SignInput } from "../../sdk/src/wire/sign.ts";
import { profileHeaders } from "../../sdk/src/wire/sign.ts";
import type { SignatureStep } from "../domain/attempt.ts";

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
    { title: "Signed content", value: contentForm(profile) },
    { title: "Content, spelled out", value: contentOf(profile, input) },
    ...signers.map((signer, at) => ({
      title: `Secret ${at + 1} of ${signers.length}${placeWords(at, signers.length)}: ${signer.id}`,
      value: signedWith(profile, input, signer.key),
    })),
    ...headers.map(([name, value]) => ({ title: `Header ${name}`, value })),
    ...(recorded === null ? [] : [{ title: "Compared", value: compared(headers, recorded) }]),
  ];
}

function isSignature(profile: Profile, name: string): boolean {
  if (name === headerName(profile, "signature")) return true;
  const hasNext = profile.kind === "digest" || profile.kind === "topic";
  return hasNext && name === headerName(profile, "signatureNext");
}

function contentForm({ kind }: Profile): string {
  switch (kind) {
    case "standard":
      return "the id, a dot, the timestamp in unix seconds, a dot, and the body's bytes";
    case "timestamped":
      return "the timestamp in unix seconds (t), a dot, and the body's bytes";
    case "digest":
    case "topic":
      return "the body's bytes, and nothing else";
  }
}

function contentOf({ kind }: Profile, { id, timestampS, body }: SignInput): string {
  const head =
    kind === "standard" ? `${id}.${timestampS}.` : kind === "timestamped" ? `${timestampS}.` : "";
  const text = new TextDecoder("utf-8").decode(body);
  if (!Buffer.from(text).equals(body)) return `${head}<${body.length} bytes that are no text>`;
  if (text.length <= SHOWN_LENGTH_MAX) return head + text;
  return `${head}${text.slice(0, SHOWN_LENGTH_MAX)}… <${body.length} bytes in all>`;
}

function placeWords(at: number, count: number): string {
  if (count === 1) return "";
  if (at === 0) return " (the newest)";
  return at === count - 1 ? " (the oldest)" : "";
}

/** What one secret puts into the header, with how. */
function signedWith(profile: Profile, input: SignInput, key: SigningKey): string {
  const name = headerName(profile, "signature");
  const header = profileHeaders(profile, input, [key]).find(([each]) => each === name);
  const value = header?.[1] ?? "";
  // The timestamp stands in front of all signatures, once.
  const own = profile.kind === "timestamped" ? value.replace(/^t=\d+,/, "") : value;
  const how = key.kind === "hmac" ? "HMAC-SHA256" : "Ed25519";
  const coding = profile.kind === "standard" ? "base64" : "hex";
  return `${how} over the content, in ${coding}: ${own}`;
}

function compared(headers: readonly (readonly [string, string])[], recorded: string): string {
  const sent = new Map(
    recorded.split("\n").map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const others = headers.filter(([name, value]) => sent.get(name.toLowerCase()) !== value);
  if (others.length === 0) return "the same as was sent";
  const names = others.map(([name]) => name).join(" and ");
  return (
    `not what was sent in ${names}: a secret was rotated or has expired since, or the endpoint's ` +
    "profile was changed"
  );
}
