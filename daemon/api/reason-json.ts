/** Why a delivery has its state, as the API says it: in a sentence, and in values for who has words of their own. */
import { z } from "zod";
import type { ReasonInput } from "../domain/reason.ts";
import { explain } from "../domain/reason.ts";
import type { ReasonFacts } from "../domain/reason-facts.ts";
import { reasonFacts } from "../domain/reason-facts.ts";
import { timeOut, timeText, timeTextOrNull } from "./schemas.ts";

const factsOut = z
  .object({
    attempt: z.int().describe("Under way, or the next one."),
    attempt_max: z.int().describe("The last one that there can be, as long as nobody resends it."),
    attempts: z.int().describe("Made so far."),
    attempts_of_run: z.int().describe("Made since it was made or resent."),
    last_error: z.string(),
    last_status: z.int(),
    grant: z.string().describe("What the egress guard advises to allow."),
    others_waiting: z.int().describe("Of the same endpoint."),
    in_flight: z.int().describe("The endpoint's attempts under way."),
    concurrency: z.int().describe("The endpoint's attempts at once."),
    failed_in_a_row: z.int().describe("Given where it is why few attempts go at once."),
    daemon_concurrency: z.int().describe("All attempts at once."),
    rate_per_second: z.number(),
    timeout_ms: z.number(),
    endpoint_changed_at: timeOut.describe("When its endpoint got the state that it has."),
    auto_disable_days: z.number(),
    ordering_key: z.string(),
    is_latest_only: z.boolean().describe("Of each ordering key only the newest is released."),
    is_cancelled: z.boolean(),
    settled_at: timeOut,
  })
  .partial()
  .describe("What the sentence is made of, for words in another language. More may be added.");

export const reasonOut = z.object({
  code: z.string(),
  sentence: z.string().describe("Why it has this state and what comes next, for people."),
  next_at: timeOut.nullable(),
  facts: factsOut,
});

export type ReasonJson = z.infer<typeof reasonOut>;

export function reasonJson(input: ReasonInput): ReasonJson {
  const { code, sentence, nextAtMs } = explain(input);
  const facts = factsJson(reasonFacts(code, input));
  return { code, sentence, next_at: timeTextOrNull(nextAtMs), facts };
}

/** Members keep their order, and what is absent stays so. */
function factsJson(facts: ReasonFacts): ReasonJson["facts"] {
  const entries = Object.entries(facts).map(([name, value]) =>
    name.endsWith("AtMs") && typeof value === "number"
      ? [snake(name.slice(0, -"Ms".length)), timeText(value)]
      : [RENAMED[name] ?? snake(name), value],
  );
  return Object.fromEntries(entries);
}

/** As the endpoint's own settings are called in the API. */
const RENAMED: Readonly<Record<string, string>> = {
  concurrencyMax: "concurrency",
  daemonConcurrencyMax: "daemon_concurrency",
};

function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
