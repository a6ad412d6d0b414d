import { z } from "zod";
import { PROBLEM_KINDS } from "./problems.ts";

/** The shape of `ProblemDocument` for the OpenAPI document; a test holds answers against it. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.enum(Object.keys(PROBLEM_KINDS)).describe("Stable."),
  detail: z.string(),
  instance: z.string().describe("Ends with the request's id."),
  problems: z
    .array(
      z.object({
        pointer: z
          .string()
          .describe("A JSON pointer into the body, or a parameter's or header's name."),
        detail: z.string(),
      }),
    )
    .optional()
    .describe("Everything that is wrong, not only the first."),
});
