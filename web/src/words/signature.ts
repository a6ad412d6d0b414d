import type { SignatureStepJson } from "../../../daemon/api/signature-json.ts";
import type { SignatureStepCode } from "../../../daemon/domain/signature-step.ts";
import type { Key } from "./en.ts";
import { en } from "./en.ts";
import { language, t } from "./words.ts";

type Facts = SignatureStepJson["facts"];
/** What of a step is shown. */
type StepWords = Pick<SignatureStepJson, "title" | "value">;

/**
 * One step of how a signature is made, in the reader's language; the daemon's own English for what this page has no words for. What
 * was signed or sent stays as it is.
 */
export function stepWords({ code, title, value, facts }: SignatureStepJson): StepWords {
  if (!isKnown(code)) return { title, value };
  const values = valuesOf(facts);
  const sentence = VALUES[code]?.(facts) ?? null;
  return {
    title: t(titleOf(code, facts), values),
    value: sentence !== null && isKey(sentence) ? t(sentence, values) : value,
  };
}

function isKnown(code: string): code is SignatureStepCode {
  return isKey(`signature.step.${code}`);
}

function isKey(key: string): key is Key {
  return Object.hasOwn(en, key);
}

function titleOf(
  code: SignatureStepCode,
  { secret_number: number, secret_count: count }: Facts,
): Key {
  if (code !== "secret" || count === 1) return `signature.step.${code}`;
  if (number === 1) return "signature.secret.newest";
  return number === count ? "signature.secret.oldest" : "signature.step.secret";
}

/** The sentence that a step's value is, where it is one: a key, unless the daemon is newer than the page. */
const VALUES: Readonly<Partial<Record<SignatureStepCode, (facts: Facts) => string | null>>> = {
  signed_content: ({ content }) => `signature.content.${content}`,
  spelled_out: ({ left_out: leftOut }) =>
    leftOut === undefined ? null : `signature.left_out.${leftOut}`,
  secret: () => "signature.made",
  compared: ({ differs_in: differsIn = [] }) =>
    differsIn.length === 0 ? "signature.same" : "signature.other",
};

function valuesOf(facts: Facts): Readonly<Record<string, string>> {
  return {
    number: `${facts.secret_number}`,
    count: `${facts.secret_count}`,
    id: facts.secret_id ?? "",
    header: facts.header ?? "",
    beginning: facts.beginning ?? "",
    bytes: `${facts.body_bytes}`,
    algorithm: facts.algorithm ?? "",
    encoding: facts.encoding ?? "",
    signature: facts.signature ?? "",
    headers: new Intl.ListFormat(language.value).format(facts.differs_in ?? []),
  };
}
