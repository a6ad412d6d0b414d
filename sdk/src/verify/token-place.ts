import { BASE64, TEXT } from "./codec.ts";
import type { Form } from "./codec.ts";
import type { ReadRequest } from "./read-request.ts";
import type { ReadySignature } from "./ready-scheme.ts";
import type { SecretSource } from "./spec.ts";
import { tokenIn } from "./token-scheme.ts";
import { expected, kindOf } from "./webhook-error.ts";

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

/** A shared secret that is sent as it is. It proves nothing about the body. */
export function tokenScheme(
  { secret, in: place }: TokenOptions,
  usual: TokenPlace,
  secretForm: Form = TEXT,
): ReadySignature {
  const at = place ?? usual;
  if (!isPlace(at)) {
    throw expected(
      "CONFIG_INVALID",
      `in to be "basic", "bearer", "path", { header } or { query }`,
      typeof at === "string" ? `"${at}"` : kindOf(at),
    );
  }
  const signature =
    at === "basic" || at === "bearer"
      ? { header: "authorization" }
      : at === "path"
        ? ({ read: lastOfPath, from: "header" } as const)
        : at;
  return {
    ...tokenIn(signature, secret, secretForm),
    prefix: at === "basic" ? "Basic " : at === "bearer" ? "Bearer " : "",
    encoding: at === "basic" ? BASE64 : TEXT,
  };
}

function isPlace(place: TokenPlace): boolean {
  if (typeof place === "string") return ["basic", "bearer", "path"].includes(place);
  return typeof ("header" in place ? place.header : place.query) === "string";
}

function lastOfPath({ url }: ReadRequest): string | null {
  const [path = ""] = url.split(/[?#]/, 1);
  return path.slice(path.lastIndexOf("/") + 1);
}
