import { rsa } from "#crypto";
import { readCertificate } from "./certificate.ts";
import type { Certificate } from "./certificate.ts";
import type { RsaHashName, Verifier } from "./crypto.ts";
import { assertThat } from "./option-checks.ts";
import { getBytes, globalFetch } from "./fetch.ts";
import type { Fetch } from "./fetch.ts";
import { expected } from "./webhook-error.ts";
import type { WebhookError } from "./webhook-error.ts";

export interface CertificateSourceOptions {
  /** Whether an address is one where the sender, and nobody else, puts certificates. Make it a whole-text match. */
  readonly allow: (url: string) => boolean;
  readonly fetch?: Fetch | undefined;
  /** How long a certificate is used without asking again. A day; senders change theirs once in months. */
  readonly cacheMs?: number | undefined;
  readonly bytesMax?: number | undefined;
  readonly timeoutMs?: number | undefined;
}

export interface CertificateSource {
  /**
   * The check against the key behind an address that came with a request. `CERT_URL_UNTRUSTED` before anything is fetched,
   * `KEY_UNAVAILABLE` (the sender shall try again) where there is no certificate to be had, or none that is valid now.
   */
  verifier(url: string, hash: RsaHashName, nowMs: number): Promise<Verifier | WebhookError>;
}

const DAY_MS = 86_400_000;
const CACHED_MAX = 32;
/** Forged requests may name many addresses of the right form; each costs a request of ours, so there are few at once. */
const FETCHES_AT_ONCE_MAX = 4;

interface Entry {
  readonly certificate: Certificate;
  readonly fetchedAtMs: number;
  readonly verifiers: Map<RsaHashName, Verifier>;
}

/**
 * Fetches, checks and keeps signers' certificates. The trust is that of the official libraries of SNS: the address is on the
 * allow-list and TLS says that the host is who it is. The certificate's own chain to a root, its names and its revocation are
 * not checked (no runtime but Node has the means, and none of them a list of roots to ask); its period of validity is.
 */
export function certificateSource(options: CertificateSourceOptions): CertificateSource {
  const { allow, fetch: get = globalFetch, cacheMs = DAY_MS } = options;
  assertThat("fetch", get, (value) => typeof value === "function", "a function");
  const limits = { bytesMax: options.bytesMax ?? 32_768, timeoutMs: options.timeoutMs ?? 5_000 };
  const cached = new Map<string, Entry>();
  const underway = new Map<string, Promise<Entry | null>>();

  function known(url: string, nowMs: number): Entry | null {
    const entry = cached.get(url);
    if (entry === undefined) return null;
    cached.delete(url);
    const ageMs = nowMs - entry.fetchedAtMs;
    if (ageMs < 0 || ageMs > cacheMs) return null;
    // Put back at the end: what leaves when there are too many is what was not used for the longest time.
    cached.set(url, entry);
    return entry;
  }

  async function fetched(url: string, nowMs: number): Promise<Entry | null> {
    const file = await getBytes(get, url, limits);
    underway.delete(url);
    const certificate = file === null ? null : readCertificate(file);
    if (certificate === null) return null;
    const entry = { certificate, fetchedAtMs: nowMs, verifiers: new Map<RsaHashName, Verifier>() };
    cached.set(url, entry);
    for (const oldest of cached.keys()) if (cached.size > CACHED_MAX) cached.delete(oldest);
    return entry;
  }

  function entryOf(url: string, nowMs: number): Entry | null | Promise<Entry | null> {
    const entry = known(url, nowMs) ?? underway.get(url);
    if (entry !== undefined) return entry;
    if (underway.size >= FETCHES_AT_ONCE_MAX) return null;
    const promise = fetched(url, nowMs);
    underway.set(url, promise);
    return promise;
  }

  return {
    async verifier(url, hash, nowMs) {
      if (!isPlainHttps(url) || !allow(url)) return untrusted();
      const entry = await entryOf(url, nowMs);
      if (entry === null) return unavailable("a certificate", "none");
      const { notBeforeMs, notAfterMs, spki } = entry.certificate;
      if (nowMs < notBeforeMs) return unavailable("a certificate valid now", "one of the future");
      if (nowMs > notAfterMs) return unavailable("a certificate valid now", "an expired one");
      const verifier = entry.verifiers.get(hash) ?? (await rsa(hash, spki));
      if (verifier === null) return unavailable("an RSA key", "another");
      entry.verifiers.set(hash, verifier);
      return verifier;
    },
  };
}

/** https, and nothing that a reader of addresses may take for something else: no user, port, dots, tabs or escaped host. */
export function isPlainHttps(text: string): boolean {
  if (text.length > 1_000 || !URL.canParse(text)) return false;
  const url = new URL(text);
  return (
    url.href === text &&
    url.origin === `https://${url.hostname}` &&
    !text.includes("@") &&
    !url.hostname.endsWith(".")
  );
}

function untrusted(): WebhookError {
  return expected(
    "CERT_URL_UNTRUSTED",
    "the certificate's address to be one of the sender's",
    "another",
  );
}

function unavailable(wanted: string, got: string): WebhookError {
  return expected("KEY_UNAVAILABLE", `${wanted} behind the sender's address`, got);
}
