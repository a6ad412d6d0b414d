/** A step of how a signature is made, as the API says it: in English, and in values for who has words of their own. */
import { z } from "zod";
import type { SignatureStep } from "../domain/signature-step.ts";
import { SIGNATURE_STEP_CODES } from "../domain/signature-step.ts";

const factsOut = z
  .object({
    content: z
      .string()
      .describe("What is signed: `id.timestamp.body`, `timestamp.body` or `body`, dots included."),
    left_out: z
      .string()
      .describe(
        "Why content is not spelled out to its end: `too_long` or `not_text`. Absent where all of it is.",
      ),
    beginning: z.string().describe("Given with `left_out`: what is spelled out."),
    body_bytes: z.int().describe("Given with `left_out`: how long the body is."),
    secret_id: z.string(),
    secret_number: z
      .int()
      .describe("Its place among those that sign: 1 is the newest, `secret_count` the oldest."),
    secret_count: z.int(),
    algorithm: z.string().describe("`HMAC-SHA256` or `Ed25519`."),
    encoding: z.string().describe("`base64` or `hex`."),
    signature: z.string().describe("What this secret puts into the header."),
    header: z.string().describe("The header's name."),
    differs_in: z
      .array(z.string())
      .describe("The names of headers that were sent otherwise; none where it is the same."),
  })
  .partial()
  .describe("What its English is made of, for words in another language. More may be added.");

export const signatureStepOut = z.object({
  code: z
    .string()
    .describe(
      `What the step is: ${SIGNATURE_STEP_CODES.map((code) => `\`${code}\``).join(", ")}. More may be added.`,
    ),
  title: z.string().describe("For people, in English."),
  value: z.string().describe("What was signed or sent, or an English sentence."),
  facts: factsOut,
});

export type SignatureStepJson = z.infer<typeof signatureStepOut>;

/** What is absent of the facts stays so in the answer. */
export function signatureStepJson({ code, title, value, facts }: SignatureStep): SignatureStepJson {
  return {
    code,
    title,
    value,
    facts: {
      content: facts.content,
      left_out: facts.leftOut,
      beginning: facts.beginning,
      body_bytes: facts.bodyBytes,
      secret_id: facts.secretId,
      secret_number: facts.secretNumber,
      secret_count: facts.secretCount,
      algorithm: facts.algorithm,
      encoding: facts.encoding,
      signature: facts.signature,
      header: facts.header,
      differs_in: facts.differsIn && [...facts.differsIn],
    },
  };
}
