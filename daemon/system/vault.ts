import { createCipheriv, createDecipheriv, createHash } from "node:crypto";
import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";

import { StartRefused } from "../domain/errors.ts";
import type { Chance, Vault } from "../domain/ports.ts";
import { openChance } from "./chance.ts";

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const VERSION = 1;
const CIPHER = "aes-256-gcm";

/**
 * Seals with AES-256-GCM (NIST SP 800-38D): a version byte, a nonce of 96 random bits, the tag, the
 * text. `owner` is the additional data, so that a box copied to another row does not open there. At
 * 96 bits of chance a key serves 2^32 boxes; a daemon makes a few for each endpoint.
 */
export function createVault(key: Uint8Array, chance: Chance): Vault {
  if (key.byteLength !== KEY_BYTES) {
    throw new StartRefused(`expected the key to be ${KEY_BYTES} bytes, got ${key.byteLength}`);
  }
  return {
    seal(owner, text) {
      const nonce = chance.bytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(owner));
      const sealed = [cipher.update(text, "utf8"), cipher.final()];
      return Buffer.concat([Uint8Array.of(VERSION), nonce, cipher.getAuthTag(), ...sealed]);
    },
    open(owner, sealed) {
      const textStart = 1 + NONCE_BYTES + TAG_BYTES;
      if (sealed[0] !== VERSION || sealed.byteLength < textStart) {
        throw new Error(`expected ${owner}'s sealed text to be of version 1, got ${sealed[0]}`);
      }
      const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
      const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
        .setAAD(Buffer.from(owner))
        .setAuthTag(sealed.subarray(1 + NONCE_BYTES, textStart));
      return finish(owner, () =>
        Buffer.concat([decipher.update(sealed.subarray(textStart)), decipher.final()]),
      ).toString("utf8");
    },
  };
}

function finish(owner: string, decipher: () => Buffer): Buffer {
  try {
    return decipher();
  } catch (error) {
    throw new Error(
      `expected ${owner}'s sealed text to open with this key, got one sealed with another key, for another owner, or damaged`,
      { cause: error },
    );
  }
}

export interface OpenedVault {
  readonly vault: Vault;
  /** True when the key was made just now: whatever was sealed before can't be opened with it. */
  readonly isNew: boolean;
  /**
   * Tells keys apart without telling them: to be kept beside what is sealed, and compared at the
   * next start.
   */
  readonly fingerprint: string;
}

/**
 * Opens the key file, or makes one of 32 random bytes, mode 0600, on the disk (folder entry
 * included) when it returns. `mayMake` is false where sealed secrets exist already: a fresh key
 * beside them would turn every one of them into noise, so the start is refused. Throws
 * `StartRefused` with a sentence for a missing key that may not be made, a wrong size, and a file
 * that others can read.
 */
export function openVault(
  path: string,
  mayMake: boolean,
  chance: Chance = openChance(),
): OpenedVault {
  const known = readKey(path);
  if (known === null && !mayMake) {
    throw new StartRefused(
      `expected ${path} to hold the key of the secrets in the database, got nothing; put it back from a backup`,
    );
  }
  const key = known ?? makeKey(path, chance);
  const fingerprint = createHash("sha256").update("posthorn key\0").update(key).digest("hex");
  return {
    vault: createVault(key, chance),
    isNew: known === null,
    fingerprint: fingerprint.slice(0, 16),
  };
}

function readKey(path: string): Uint8Array | null {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    if (isCode(error, "ENOENT")) return null;
    throw new StartRefused(`expected ${path} to be readable, got ${messageOf(error)}`);
  }
  try {
    const { mode, size } = fstatSync(file);
    const others = mode & 0o077;
    if (others !== 0) {
      const shown = (mode & 0o777).toString(8).padStart(4, "0");
      throw new StartRefused(
        `expected ${path} to be readable by its owner only, got mode ${shown}; run: chmod 600 ${path}`,
      );
    }
    if (size !== KEY_BYTES) {
      throw new StartRefused(
        `expected ${path} to hold ${KEY_BYTES} bytes, got ${size}; put it back from a backup`,
      );
    }
    const key = new Uint8Array(KEY_BYTES);
    readSync(file, key, 0, KEY_BYTES, 0);
    return key;
  } finally {
    closeSync(file);
  }
}

function makeKey(path: string, chance: Chance): Uint8Array {
  const key = chance.bytes(KEY_BYTES);
  // Written beside and linked: killed half-way, the next start must not find half a key. A link
  // never replaces a file, so a key that appeared in this moment stays, and the start fails.
  const draft = `${path}.new`;
  rmSync(draft, { force: true });
  const file = openSync(draft, "wx", 0o600);
  try {
    writeSync(file, key);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  linkSync(draft, path);
  rmSync(draft);
  syncFolder(dirname(path));
  return key;
}

/** The file's name lives in the folder, which has to reach the disk by itself. */
function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
