import type { SignatureStep } from "../../../daemon/domain/signature-step.ts";
import { signature as english } from "./en/signature.ts";
import { t } from "./words.ts";

type SignatureKey = keyof typeof english;
type StepWords = Pick<SignatureStep, "title" | "value">;

/**
 * What the daemon may say in a step, by the step's title. None where the value is what was signed or sent, which may read like anything
 * and stays as it is. Of two that fit a sentence the first counts.
 */
const STEPS = {
  "signature.title.content": [
    "signature.content.standard",
    "signature.content.timestamped",
    "signature.content.body",
  ],
  "signature.title.spelled-out": [],
  "signature.title.secret.newest": ["signature.made"],
  "signature.title.secret.oldest": ["signature.made"],
  "signature.title.secret": ["signature.made"],
  "signature.title.header": [],
  "signature.title.compared": ["signature.same", "signature.other.both", "signature.other"],
  "signature.title.unsigned": [],
} as const satisfies Readonly<Partial<Record<SignatureKey, readonly SignatureKey[]>>>;
const TITLES = Object.keys(STEPS) as readonly (keyof typeof STEPS)[];

/**
 * One step of how a signature is made, in the reader's language. The API has a sentence and no code for each, so it is known by that;
 * a step of a newer daemon's that this page does not know is shown as it came.
 */
export function stepWords({ title, value }: StepWords): StepWords {
  const key = TITLES.find((each) => valuesIn(each, title) !== null);
  if (key === undefined) return { title, value };
  return { title: said(title, [key]), value: said(value, STEPS[key]) };
}

function said(sentence: string, keys: readonly SignatureKey[]): string {
  for (const key of keys) {
    const values = valuesIn(key, sentence);
    if (values !== null) return t(key, values);
  }
  return sentence;
}

/** What stands in a sentence where its English pattern has a name in braces; null where it is another sentence. */
function valuesIn(key: SignatureKey, sentence: string): Readonly<Record<string, string>> | null {
  const pattern = english[key]
    .replaceAll(/[.()]/g, String.raw`\$&`)
    .replaceAll(/\{(\w+)\}/g, "(?<$1>.+)");
  const found = new RegExp(`^${pattern}$`, "s").exec(sentence);
  return found === null ? null : (found.groups ?? {});
}
