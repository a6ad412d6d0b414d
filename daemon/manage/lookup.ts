import type { Directory } from "../domain/directory.ts";
import type { Endpoint } from "../domain/endpoint.ts";
import { AppError, expected } from "../domain/errors.ts";

/**
 * Throws `not_found`, also for another application's: whether it exists is not the caller's
 * business.
 */
export function endpointOf(
  directory: Pick<Directory, "endpointById">,
  applicationSeq: number,
  id: string,
): Endpoint {
  const endpoint = directory.endpointById(applicationSeq, id);
  if (endpoint === undefined) throw unknown("endpoint", id);
  return endpoint;
}

export function unknown(noun: string, id: string): AppError {
  return new AppError("not_found", expected(`the ${noun}`, "one of this application's", id));
}
