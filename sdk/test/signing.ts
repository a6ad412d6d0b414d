import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { Shape } from "../src/wire/envelope.ts";
import { decodeSecret } from "../src/wire/secret.ts";
import type { SigningKey } from "../src/wire/secret.ts";
import { profileHeaders } from "../src/wire/sign.ts";
import type { SignInput } from "../src/wire/sign.ts";
import type { Profile } from "../src/wire/profile.ts";

/** 2026-11-22T04:05:06Z. */
export const NOW_S = 1_795_320_306;

export function signingKey(profile: Shape, secret: string): SigningKey {
  const decoded = decodeSecret(profile, secret);
  assert.ok(decoded.kind === "key", JSON.stringify(decoded));
  return decoded.key;
}

export function signInput(body: string | Uint8Array, more: Partial<SignInput> = {}): SignInput {
  return {
    id: "evt_01k",
    type: "invoice.paid",
    occurredAtMs: NOW_S * 1000 - 5_250,
    timestampS: NOW_S,
    body: typeof body === "string" ? Buffer.from(body) : body,
    ...more,
  };
}

/** The headers by lower-case name, signed with all secrets, newest first. */
export function signedHeaders(
  profile: Profile,
  input: SignInput,
  secrets: readonly string[],
): Record<string, string> {
  const keys = secrets.map((secret) => signingKey(profile.kind, secret));
  const headers = profileHeaders(profile, input, keys);
  const entries = headers.map(([name, value]): [string, string] => [name.toLowerCase(), value]);
  assert.equal(
    new Set(entries.map(([name]) => name)).size,
    entries.length,
    "a name is there twice",
  );
  return Object.fromEntries(entries);
}

export interface Vector {
  readonly id: string;
  readonly provider: string;
  readonly secret?: string;
  readonly publicKey?: string;
  readonly body?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly expect: "valid" | "invalid";
}

const FILE = new URL("./vectors/provider-vectors.json", import.meta.url);

/** One vector by its id; of those with one secret or none, which are all that signing needs. */
export function vector(id: string): Vector {
  const { vectors } = JSON.parse(readFileSync(FILE, "utf8")) as { vectors: readonly Vector[] };
  const found = vectors.find((one) => one.id === id);
  assert.ok(found, `no vector ${id}`);
  return found;
}
