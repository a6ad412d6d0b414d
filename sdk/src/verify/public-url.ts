import type { ReadRequest } from "./read-request.ts";
import { expected } from "./webhook-error.ts";

export const ADDRESS_HINT =
  "The signed address is the one that the sender calls, with its scheme, host and query: behind a proxy it has to be given by option.";

/**
 * Reads the address that the sender signed: the request's own, or, where a proxy changes that, `publicUrl` with the query of
 * the request. Nothing is encoded anew. Throws `CONFIG_INVALID` for what is no address.
 */
export function addressReader(publicUrl: string | undefined): (request: ReadRequest) => string {
  if (publicUrl === undefined) return (request) => request.url;
  assertAddress("publicUrl", publicUrl);
  const [base = ""] = publicUrl.split("?", 1);
  return ({ url }) => {
    const start = url.indexOf("?");
    return start === -1 ? publicUrl : base + url.slice(start);
  };
}

export function assertAddress(name: string, address: unknown): void {
  if (typeof address === "string" && /^https?:\/\/[^/?#\s]/i.test(address)) return;
  throw expected(
    "CONFIG_INVALID",
    `${name} to be an address with its scheme`,
    `another ${typeof address}`,
  );
}
