import type { Problem } from "../domain/errors.ts";
import { AppError } from "../domain/errors.ts";

/** Throws `invalid_request` with all problems, if there are any. */
export function refuseProblems(problems: readonly Problem[]): void {
  const [first] = problems;
  if (first === undefined) return;
  const place = first.path === "" ? "" : `${first.path}: `;
  const more = problems.length === 1 ? "" : ` (and ${problems.length - 1} more)`;
  throw new AppError("invalid_request", `${place}${first.message}${more}`, { problems });
}

/** A name as one step of a JSON pointer (RFC 6901, section 3). */
export function pointer(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}
