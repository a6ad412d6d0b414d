/** A producer's namespace. Two applications never see each other's data. */
export interface Application {
  readonly seq: number;
  readonly id: string;
  /** Unique; usable wherever the id is. `default` exists from the start. */
  readonly name: string;
  readonly createdAtMs: number;
}

export const DEFAULT_APPLICATION = "default";
export const APPLICATION_NAME_PATTERN = /^[a-z0-9][a-z0-9_-]{0,62}$/;

/** What a key may do. `manage` includes `read`; an instance-wide key chooses the application by header. */
export type Scope = "events:write" | "read" | "manage";
export const SCOPES: readonly Scope[] = ["events:write", "read", "manage"];

export interface ApiKey {
  readonly seq: number;
  readonly id: string;
  /** Null for an instance-wide key. */
  readonly applicationSeq: number | null;
  readonly name: string;
  /** SHA-256 of the whole key: a key has 256 bits of chance, so a slow hash would protect nothing and cost each request. */
  readonly hash: Uint8Array;
  /** The first characters, to tell keys apart in a list. */
  readonly hint: string;
  readonly scopes: readonly Scope[];
  readonly createdAtMs: number;
  readonly lastUsedAtMs: number | null;
  readonly revokedAtMs: number | null;
}

/** An event type that a person has written down; events of unknown types are accepted, too. */
export interface EventType {
  readonly applicationSeq: number;
  readonly name: string;
  readonly description: string;
  /** JSON Schema (draft 2020-12) that `data` must satisfy; null for none. */
  readonly schema: unknown;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}
