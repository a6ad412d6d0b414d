import type { ReadRequest } from "./read-request.ts";

export function isForm(request: ReadRequest): boolean {
  const type = request.header("content-type")?.toLowerCase();
  return type?.startsWith("application/x-www-form-urlencoded") ?? false;
}
