import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { ApiKey, Scope } from "../domain/application.ts";
import { SCOPES } from "../domain/application.ts";
import type { Problem } from "../domain/errors.ts";
import { expected } from "../domain/errors.ts";
import type { IdMaker } from "../domain/id.ts";
import type { Caller, Chance, Clock } from "../domain/ports.ts";
import type { OfficeStore } from "../domain/stores.ts";
import { unknown } from "./lookup.ts";
import { refuseProblems } from "./problems.ts";

export const KEY_NAME_LENGTH_MAX = 100;
/** A key that a person chose must be at least this long. */
const OWN_KEY_LENGTH_MIN = 16;
const KEY_LENGTH_MAX = 512;
const PREFIX = "phk_";
const CHANCE_BYTES = 32;
const HINT_LENGTH = 8;
/** Of a key that a person chose less is shown: it may be short, and all of it is theirs. */
const OWN_HINT_LENGTH = 3;

/** A key as it may be shown: without its hash. */
export type KeyView = Omit<ApiKey, "hash">;

export interface KeyInput {
  /** Null for a key that is good for every application. */
  readonly applicationSeq: number | null;
  readonly name: string;
  readonly scopes: readonly Scope[];
}

/** Whose keys: one application's, those of the whole instance (null), or all. */
export type KeyOwner = number | null | "all";

export interface Keys {
  /**
   * The token is returned here and never again. `invalid_request` for an empty name or no scope.
   */
  create(input: KeyInput): Promise<{ key: KeyView; token: string }>;
  /** Oldest first, revoked ones included. */
  list(owner: KeyOwner): readonly KeyView[];
  /**
   * From its commit on the key opens nothing. `not_found` for a key of another owner; a second time
   * changes nothing.
   */
  revoke(owner: KeyOwner, id: string): Promise<KeyView>;
  /**
   * Who holds this token; null for nobody. One hash and one look-up, however many keys there are. A
   * guess learns nothing from the time that it takes: what is compared is its hash, of which a
   * guesser can't choose a prefix.
   */
  authenticate(token: string): Caller | null;
  /**
   * An instance-wide key with all scopes and this token, made unless it was there before; one that
   * was revoked stays so.
   */
  ensureKey(token: string): Promise<"made" | "present" | "revoked">;
  /**
   * Stores when keys were used since the last call. Rejects with `StoreUnavailable`; then nothing
   * is forgotten.
   */
  flushUsed(): Promise<void>;
}

export interface KeysNeeds {
  readonly store: Pick<OfficeStore, "keys" | "createKey" | "revokeKey" | "touchKeys">;
  readonly ids: IdMaker;
  readonly clock: Pick<Clock, "nowMs">;
  readonly chance: Pick<Chance, "bytes">;
}

/** Loads all keys; afterwards the store is only written. */
export async function openKeys(needs: KeysNeeds): Promise<Keys> {
  const { store, ids, clock, chance } = needs;
  const ring = createRing(await store.keys("all"));
  let used = new Map<number, number>();

  async function add(token: string, hint: string, input: KeyInput): Promise<ApiKey> {
    const made = { ...input, id: ids.next("key"), hash: hashOf(token), hint };
    const times = { createdAtMs: clock.nowMs(), lastUsedAtMs: null, revokedAtMs: null };
    const key = await store.createKey({ ...made, ...times });
    ring.put(key);
    return key;
  }

  function view(key: ApiKey): KeyView {
    const { seq, id, applicationSeq, name, hint, scopes, createdAtMs, revokedAtMs } = key;
    const lastUsedAtMs = used.get(seq) ?? key.lastUsedAtMs;
    return { seq, id, applicationSeq, name, hint, scopes, createdAtMs, lastUsedAtMs, revokedAtMs };
  }

  return {
    async create(input) {
      refuseProblems(keyProblems(input));
      const token = PREFIX + Buffer.from(chance.bytes(CHANCE_BYTES)).toString("base64url");
      const scopes = SCOPES.filter((scope) => input.scopes.includes(scope));
      const key = await add(token, token.slice(0, HINT_LENGTH), { ...input, scopes });
      return { key: view(key), token };
    },
    list: (owner) => ring.all().filter(ownedBy(owner)).map(view),
    async revoke(owner, id) {
      const key = ring.byId(id);
      if (key === undefined || !ownedBy(owner)(key)) throw unknown("key", id);
      if (key.revokedAtMs !== null) return view(key);
      const revoked = await store.revokeKey(id, clock.nowMs());
      if (revoked === null) throw unknown("key", id);
      ring.put(revoked);
      return view(revoked);
    },
    authenticate(token) {
      if (token.length > KEY_LENGTH_MAX) return null;
      const caller = ring.caller(token);
      if (caller !== null && caller.keySeq !== null) used.set(caller.keySeq, clock.nowMs());
      return caller;
    },
    async ensureKey(token) {
      refuseProblems(ownKeyProblems(token));
      const known = ring.byToken(token);
      if (known !== undefined) return known.revokedAtMs === null ? "present" : "revoked";
      const input = { applicationSeq: null, name: "bootstrap", scopes: SCOPES };
      await add(token, token.slice(0, OWN_HINT_LENGTH), input);
      return "made";
    },
    async flushUsed() {
      if (used.size === 0) return;
      const before = used;
      used = new Map();
      try {
        await store.touchKeys([...before].map(([seq, atMs]) => ({ seq, atMs })));
      } catch (error) {
        used = new Map([...before, ...used]);
        throw error;
      }
      ring.touch(before);
    },
  };
}

/** All keys in memory: a few hundred bytes each, and asked on every request. */
function createRing(stored: readonly ApiKey[]) {
  const keys = new Map<string, ApiKey>();
  const byHash = new Map<string, { readonly key: ApiKey; readonly caller: Caller | null }>();

  function put(key: ApiKey): void {
    keys.set(key.id, key);
    byHash.set(Buffer.from(key.hash).toString("hex"), { key, caller: callerOf(key) });
  }

  for (const key of stored) put(key);
  const find = (token: string) => byHash.get(hashOf(token).toString("hex"));
  return {
    put,
    all: () => [...keys.values()].toSorted((left, right) => left.seq - right.seq),
    byId: (id: string) => keys.get(id),
    byToken: (token: string) => find(token)?.key,
    caller: (token: string) => find(token)?.caller ?? null,
    touch(used: ReadonlyMap<number, number>): void {
      for (const key of keys.values()) {
        const lastUsedAtMs = used.get(key.seq);
        if (lastUsedAtMs !== undefined) put({ ...key, lastUsedAtMs });
      }
    },
  };
}

function callerOf({ seq, applicationSeq, scopes, revokedAtMs }: ApiKey): Caller | null {
  return revokedAtMs === null
    ? { kind: "key", applicationSeq, scopes, keySeq: seq, session: null }
    : null;
}

function hashOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

function ownedBy(owner: KeyOwner): (key: ApiKey) => boolean {
  return ({ applicationSeq }) => owner === "all" || applicationSeq === owner;
}

function keyProblems({ name, scopes }: KeyInput): readonly Problem[] {
  const problems: Problem[] = [];
  if (name.trim() === "" || name.length > KEY_NAME_LENGTH_MAX) {
    const wanted = `1 to ${KEY_NAME_LENGTH_MAX} characters`;
    problems.push({ path: "/name", message: expected("name", wanted, name) });
  }
  const isKnown = scopes.every((scope) => SCOPES.includes(scope));
  if (scopes.length === 0 || !isKnown) {
    const wanted = `one or more of ${SCOPES.join(", ")}`;
    problems.push({ path: "/scopes", message: expected("scopes", wanted, scopes) });
  }
  return problems;
}

/** The token is not repeated. A bearer token is visible ASCII, or no client could send it. */
function ownKeyProblems(token: string): readonly Problem[] {
  const { length } = token;
  const isGood = /^[\x21-\x7e]+$/.test(token) && length >= OWN_KEY_LENGTH_MIN;
  if (isGood && length <= KEY_LENGTH_MAX) return [];
  const wanted = `${OWN_KEY_LENGTH_MIN} to ${KEY_LENGTH_MAX} visible ASCII characters`;
  return [{ path: "", message: `expected the key to be ${wanted}, got ${length} characters` }];
}
