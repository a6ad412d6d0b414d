import type { ReadRequest } from "./read-request.ts";

export function isForm(request: ReadRequest): boolean {
  return /^application\/x-www-form-urlencoded/i.test(request.header("content-type") ?? "");
}
