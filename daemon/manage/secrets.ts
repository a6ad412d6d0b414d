import { Buffer } from "node:buffer";
import type { SigningKey } from "../../sdk/src/wire/secret.ts";
import { decodeSecret, makeKeyPair, makeSecret, publicKeyOf } from "../../sdk/src/wire/secret.ts";
import type {
  Endpoint,
  EndpointAuth,
  EndpointSecret,
  EndpointSettings,
  ProfileKind,
} from "../domain/endpoint.ts";
import type { Chance, Vault } from "../domain/ports.ts";
import { openHeaders } from "./extra-headers.ts";

/**
 * How `standard` signs: `v1` is HMAC-SHA256 with a shared secret, `v1a` ed25519, for receivers that
 * should not share one.
 */
export type SignatureChoice = "v1" | "v1a";

/**
 * A secret with its text. Made by `create`, `rotateSecret` and `revealSecrets`, and by nothing
 * else.
 */
export interface RevealedSecret {
  readonly id: string;
  readonly secret: string;
  /** `whpk_…`: what a receiver verifies with where that is not the secret; null for HMAC. */
  readonly publicKey: string | null;
  readonly createdAtMs: number;
  /** Null for the newest; older ones sign along until then. */
  readonly expiresAtMs: number | null;
}

/**
 * What may be shown of an endpoint's credentials to whoever may read it: no secret, password or
 * token.
 */
export interface CredentialsView {
  readonly auth:
    | { readonly kind: "basic"; readonly username: string }
    | { readonly kind: "bearer" }
    | null;
  readonly secrets: readonly Omit<RevealedSecret, "secret">[];
}

interface Signer {
  readonly id: string;
  readonly key: SigningKey;
}

/** Opens what is sealed, once per version of an endpoint: the hot path costs a look-up. */
export interface Keyring {
  /**
   * The keys to sign with at that time of the calendar, newest first, expired ones left out. Of an
   * endpoint that was checked when it was set there is at least one. Throws when the vault can't
   * open a secret: the data directory's key is another.
   */
  keysOf(endpoint: Endpoint, wallMs: number): readonly SigningKey[];
  /** Those that signed at that time of the calendar, newest first, as far as they are still known. For looking back. */
  signersAt(endpoint: Endpoint, wallMs: number): readonly Signer[];
  /** The credentials to send with each attempt; null for none. Throws as `keysOf` does. */
  authOf(endpoint: Endpoint): EndpointAuth | null;
  /** The extra headers with their values, to send with each attempt. Throws as `keysOf` does. */
  headersOf(endpoint: Endpoint): EndpointSettings["headers"];
  /** Whether one of the secrets that sign now is shorter than `SECRET_BYTES_SOUND`. */
  hasWeakKey(endpoint: Endpoint, wallMs: number): boolean;
  /** The valid secrets' texts, newest first. */
  reveal(endpoint: Endpoint, wallMs: number): readonly RevealedSecret[];
  view(endpoint: Endpoint, wallMs: number): CredentialsView;
}

/** 256 bits: the seed of an ed25519 pair, and within the 192 to 512 of an HMAC secret. */
const CHANCE_BYTES = 32;

/** 128 bits where every byte is chance, which nobody tries out. Text has less; a limit by length catches the worst. */
export const SECRET_BYTES_SOUND = 16;

interface OpenedSecret {
  readonly stored: EndpointSecret;
  readonly key: SigningKey;
}

interface OpenedKeys {
  readonly profile: ProfileKind;
  readonly all: readonly OpenedSecret[];
  /** Valid until the first of them expires. */
  valid: readonly SigningKey[];
  untilMs: number;
}

export function createKeyring(vault: Vault): Keyring {
  // By the identity of what is stored: health changes with each attempt and makes a new endpoint,
  // but keeps these objects. A new version brings new ones, and the old entries go with the old
  // objects.
  const keys = new WeakMap<readonly EndpointSecret[], OpenedKeys>();
  const auths = new WeakMap<Uint8Array, EndpointAuth>();
  const headers = new WeakMap<EndpointSettings, EndpointSettings["headers"]>();

  function opened(endpoint: Endpoint): OpenedKeys {
    const profile = endpoint.settings.profile.kind;
    const known = keys.get(endpoint.secrets);
    if (known?.profile === profile) return known;
    const all = endpoint.secrets.flatMap((stored) => {
      const decoded = decodeSecret(profile, vault.open(endpoint.id, stored.sealed));
      // An older secret that the profile chosen since can't use signs no more.
      return decoded.kind === "key" ? [{ stored, key: decoded.key }] : [];
    });
    const fresh: OpenedKeys = { profile, all, valid: [], untilMs: -Infinity };
    keys.set(endpoint.secrets, fresh);
    return fresh;
  }

  function keysOf(endpoint: Endpoint, wallMs: number): readonly SigningKey[] {
    const known = opened(endpoint);
    if (wallMs < known.untilMs) return known.valid;
    const valid = known.all.filter(({ stored }) => isValid(stored, wallMs));
    known.valid = valid.map(({ key }) => key);
    known.untilMs = Math.min(...valid.map(({ stored }) => stored.expiresAtMs ?? Infinity));
    return known.valid;
  }

  function authOf({ id, sealedAuth }: Endpoint): EndpointAuth | null {
    if (sealedAuth === null) return null;
    let auth = auths.get(sealedAuth);
    if (auth === undefined) {
      auth = JSON.parse(vault.open(id, sealedAuth)) as EndpointAuth;
      auths.set(sealedAuth, auth);
    }
    return auth;
  }

  function headersOf({ id, settings }: Endpoint): EndpointSettings["headers"] {
    let open = headers.get(settings);
    if (open === undefined) {
      open = openHeaders(vault, id, settings.headers);
      headers.set(settings, open);
    }
    return open;
  }

  function views(endpoint: Endpoint, wallMs: number): CredentialsView["secrets"] {
    return opened(endpoint)
      .all.filter(({ stored }) => isValid(stored, wallMs))
      .map(({ stored, key }) => ({
        id: stored.id,
        publicKey: publicKeyOf(key),
        createdAtMs: stored.createdAtMs,
        expiresAtMs: stored.expiresAtMs,
      }));
  }

  return {
    keysOf,
    authOf,
    headersOf,
    signersAt: (endpoint, wallMs) =>
      opened(endpoint)
        .all.filter(({ stored }) => stored.createdAtMs <= wallMs && isValid(stored, wallMs))
        .map(({ stored, key }) => ({ id: stored.id, key })),
    hasWeakKey: (endpoint, wallMs) =>
      keysOf(endpoint, wallMs).some(
        ({ kind, key }) => kind === "hmac" && (key.symmetricKeySize ?? 0) < SECRET_BYTES_SOUND,
      ),
    reveal(endpoint, wallMs) {
      const sealed = new Map(endpoint.secrets.map((stored) => [stored.id, stored.sealed]));
      return views(endpoint, wallMs).map(({ id, publicKey, createdAtMs, expiresAtMs }) => {
        const secret = vault.open(endpoint.id, sealed.get(id) ?? new Uint8Array());
        return { id, secret, publicKey, createdAtMs, expiresAtMs };
      });
    },
    view(endpoint, wallMs) {
      const auth = authOf(endpoint);
      const secrets = views(endpoint, wallMs);
      if (auth === null) return { auth, secrets };
      const { kind } = auth;
      return { auth: kind === "basic" ? { kind, username: auth.username } : { kind }, secrets };
    },
  };
}

export function isValid(secret: EndpointSecret, wallMs: number): boolean {
  return secret.expiresAtMs === null || wallMs < secret.expiresAtMs;
}

/**
 * A new secret's text. For profiles that use it as text it is 64 hex digits, what `openssl rand
 * -hex 32` prints and any receiver's settings page takes.
 */
export function newSecret(
  profile: ProfileKind,
  choice: SignatureChoice,
  chance: Pick<Chance, "bytes">,
): string {
  const bytes = chance.bytes(CHANCE_BYTES);
  if (profile !== "standard") return Buffer.from(bytes).toString("hex");
  return choice === "v1a" ? makeKeyPair(bytes).secret : makeSecret(bytes);
}

/**
 * Why the text can't be a secret under the profile, in one sentence without the secret; null where
 * it can.
 */
export function secretProblem(profile: ProfileKind, secret: string): string | null {
  // As text it would sign, but as a shared secret, and the receiver of a key pair holds only its
  // public half.
  if (profile !== "standard" && /^wh[sp]k_/.test(secret)) {
    return `expected the secret to be text for ${profile}, got a key for standard's v1a`;
  }
  const decoded = decodeSecret(profile, secret);
  return decoded.kind === "problem" ? decoded.message : null;
}

/** How a secret signs under `standard`, by its text. */
export function choiceOf(secret: string): SignatureChoice {
  return secret.startsWith("whsk_") ? "v1a" : "v1";
}
