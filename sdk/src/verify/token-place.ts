import type { ReadRequest } from "./read-request.ts";
import type { SecretForm, SecretSource, TokenScheme } from "./spec.ts";

/**
 * Where a shared secret is sent: as user and password of an Authorization header (`basic`; the secret is then
 * `user:password`), behind `Bearer `, in a header or a query parameter of its own, or as the last part of the path.
 */
export type TokenPlace =
  | "basic"
  | "bearer"
  | "path"
  | { readonly header: string }
  | { readonly query: string };

export interface TokenOptions {
  /** At most 8; during a change give the old and the new one. */
  readonly secret: SecretSource;
  readonly in?: TokenPlace | undefined;
}

export const TOKEN_OPTIONS: readonly string[] = ["secret", "in"];

export function tokenScheme(
  { secret, in: place }: TokenOptions,
  usual: TokenPlace,
  secretForm: SecretForm = "text",
): TokenScheme {
  const at = place ?? usual;
  const base = { kind: "token", secret, secretForm } as const;
  if (at === "basic") return { ...base, token: { header: "authorization" }, form: "basic" };
  if (at === "bearer") return { ...base, token: { header: "authorization" }, prefix: "Bearer " };
  if (at === "path") return { ...base, token: { read: lastOfPath, from: "header" } };
  return { ...base, token: at };
}

function lastOfPath({ url }: ReadRequest): string | null {
  const [path = ""] = url.split(/[?#]/, 1);
  return path.slice(path.lastIndexOf("/") + 1);
}
