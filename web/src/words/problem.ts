import type { ProblemJson } from "../data/problem.ts";
import { en } from "./en.ts";
import type { problems } from "./en/problems.ts";
import { language, t } from "./words.ts";

type ProblemKey = Exclude<keyof typeof problems, "problem.detailed" | "problem.retry">;

/** Where our sentence says all of it. What the daemon says of any other holds a name, a place or a number that the reader needs. */
const WHOLE: ReadonlySet<ProblemKey> = new Set<ProblemKey>([
  "problem.unreachable",
  "problem.aborted",
  "problem.invalid_cursor",
  "problem.unauthorized",
  "problem.fresh_password_needed",
  "problem.sign_in_failed",
  "problem.code_needed",
  "problem.claim_code_needed",
  "problem.too_many_attempts",
]);
/** Where what the daemon says does not stand alone in English either. */
const LED: ReadonlySet<ProblemKey> = new Set<ProblemKey>([
  "problem.foreign_answer",
  "problem.forbidden",
]);

/**
 * One sentence for a problem, in the reader's language; what the daemon says of this very case stays in English, after it. A code that
 * this page has no words for is told in the daemon's own.
 */
export function problemText({ code, detail, title }: ProblemJson): string {
  const key = `problem.${code}`;
  if (!isKnown(key)) return detail === "" ? title : detail;
  const sentence = t(key);
  if (WHOLE.has(key)) return sentence;
  if (detail === "") return `${sentence}.`;
  if (language.value === "en" && !LED.has(key)) return detail;
  return t("problem.detailed", { sentence, detail });
}

function isKnown(key: string): key is ProblemKey {
  return Object.hasOwn(en, key) && key !== "problem.detailed" && key !== "problem.retry";
}
