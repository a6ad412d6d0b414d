/**
 * Requests are checked by zod schemas; what is wrong with them is said in the house's one sentence form, all faults at
 * once. zod's own messages are not used: they name the check that failed ("Too small"), not what would have been right.
 */
import type { z } from "zod";
import type { Problem } from "../domain/errors.ts";
import { AppError, expected } from "../domain/errors.ts";
import { nearestWord } from "../domain/nearest-word.ts";
import { pointer } from "../manage/problems.ts";
import type { JsonSchema } from "./wanted.ts";
import { memberNames, schemaWithWords, schemasAt, wantedText } from "./wanted.ts";

/** Values of these members are secrets, as are extra headers' values; a problem document may end in a log on the caller's side. */
const SECRET_MEMBERS = new Set(["secret", "password", "token", "auth", "headers"]);

const PROBLEMS_MAX = 100;

type Issue = z.core.$ZodIssue;

/**
 * The value in the schema's output form; throws AppError `invalid_request` with every fault. `where` places the faults:
 * in the body each has its JSON pointer, in the query the parameter's name.
 */
export function validated<T>(schema: z.ZodType<T>, value: unknown, where: "body" | "query"): T {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const root = schemaWithWords(schema);
  const problems = result.error.issues.flatMap((issue) => problemsOf(issue, [], root, where));
  throw invalidRequest(problems.slice(0, PROBLEMS_MAX));
}

/** The error for these faults; its own sentence is the first fault's, and says how many more there are. */
export function invalidRequest(problems: readonly Problem[]): AppError {
  const first = problems[0]?.message ?? "expected the request to be valid";
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
  return new AppError("invalid_request", `${first}${more}`, { problems });
}

function problemsOf(
  issue: Issue,
  base: readonly PropertyKey[],
  root: JsonSchema,
  where: "body" | "query",
): Problem[] {
  const path = [...base, ...issue.path];
  const place = placeOf(path, where);
  if (issue.code === "unrecognized_keys") return unknownMembers(issue, path, root, where);
  if (issue.code === "invalid_union") {
    const inner = closestOption(issue);
    if (inner !== null) return inner.flatMap((each) => problemsOf(each, path, root, where));
  }
  // A check of our own says in its message what it wants.
  const wanted = issue.code === "custom" ? issue.message : wantedText(schemasAt(root, path));
  return [{ path: place, message: sentence(place, wanted, inputOf(issue), path) }];
}

/** Of a union that a member decides about, zod shows the whole object; what is wrong is that member. */
function inputOf(issue: Issue): unknown {
  if (issue.code !== "invalid_union" || issue.discriminator === undefined) return issue.input;
  const { input, discriminator } = issue;
  return typeof input === "object" && input !== null ? Reflect.get(input, discriminator) : input;
}

function sentence(
  place: string,
  wanted: string,
  input: unknown,
  path: readonly PropertyKey[],
): string {
  const what = place === "" ? "body" : place;
  const isHidden = SECRET_MEMBERS.has(String(path.at(-1))) || path.at(-2) === "headers";
  if (isHidden && input !== undefined) {
    const got = typeof input === "string" ? `${input.length} other characters` : "something else";
    return `expected ${what} to be ${wanted}, got ${got}`;
  }
  return expected(what, wanted, input);
}

/** Of a union's options the one whose form was met, so that its own faults can be named; null where none or many are. */
function closestOption(issue: z.core.$ZodIssueInvalidUnion): readonly Issue[] | null {
  const met = issue.errors.filter((issues) => issues.every((each) => !isOfOtherForm(each)));
  return met.length === 1 && met[0] !== undefined && met[0].length > 0 ? met[0] : null;
}

function isOfOtherForm(issue: Issue): boolean {
  return issue.path.length === 0 && issue.code !== "unrecognized_keys";
}

function unknownMembers(
  issue: z.core.$ZodIssueUnrecognizedKeys,
  path: readonly PropertyKey[],
  root: JsonSchema,
  where: "body" | "query",
): Problem[] {
  const known = memberNames(schemasAt(root, path));
  const holder = issue.input;
  return issue.keys.map((key) => {
    const place = placeOf([...path, key], where);
    const near = nearestWord(key, known);
    const kind = where === "query" ? "a known parameter" : "a known member";
    const wanted = near === null ? kind : `${kind} (did you mean ${near}?)`;
    return { path: place, message: sentence(place, wanted, holder?.[key], [...path, key]) };
  });
}

/** A JSON pointer (RFC 6901), or the bare name of a query parameter. */
function placeOf(path: readonly PropertyKey[], where: "body" | "query"): string {
  if (where === "query") return path.map(String).join(".");
  return path.map((step) => `/${pointer(String(step))}`).join("");
}

/**
 * Query parameters as the schema's own types, so that one schema serves validation and the OpenAPI document: text that
 * looks like an integer is one where the schema asks for it. A parameter given twice is a fault, because somebody else
 * (a proxy, a log reader) may see the other one.
 */
export function validatedQuery<T>(schema: z.ZodType<T>, queryText: string): T {
  const root = schemaWithWords(schema);
  const values: Record<string, unknown> = Object.create(null);
  const repeated: Problem[] = [];
  for (const [name, text] of new URLSearchParams(queryText)) {
    if (name in values) {
      repeated.push({ path: name, message: expected(name, "there once", text) });
      continue;
    }
    values[name] = typed(text, schemasAt(root, [name]));
  }
  if (repeated.length > 0) throw invalidRequest(repeated);
  return validated(schema, { ...values }, "query");
}

function typed(text: string, schemas: readonly JsonSchema[]): unknown {
  const wantsInteger = schemas.some(({ type }) => type === "integer");
  return wantsInteger && /^-?\d{1,15}$/.test(text) ? Number(text) : text;
}
