import type { Argon2Parameters } from "node:crypto";
import { argon2, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import type { Chance, Passwords } from "../domain/ports.ts";

const derive = promisify(argon2);

// The second of the settings that OWASP's Password Storage Cheat Sheet names for Argon2id (19 MiB, two passes, one lane).
const MEMORY_KIB = 19_456;
const PASSES = 2;
const SALT_BYTES = 16;
const TAG_BYTES = 32;
/** Work that is asked of us by a stored hash, which a restored or edited file may hold, has bounds, too. */
const MEMORY_KIB_MAX = 1_048_576;
const PASSES_MAX = 64;

// The PHC string format (github.com/P-H-C/phc-string-format), as other Argon2 tools write it.
const PHC =
  /^\$argon2id\$v=19\$m=(?<memory>\d{1,7}),t=(?<passes>\d{1,2}),p=1\$(?<salt>[A-Za-z0-9+/]{11,86})\$(?<tag>[A-Za-z0-9+/]{43})$/;

/** Argon2id by Node's own OpenSSL. */
export function createPasswords(chance: Pick<Chance, "bytes">): Passwords {
  let turn: Promise<unknown> = Promise.resolve();

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = turn.then(work, work);
    turn = mine.catch(() => undefined);
    return mine;
  }

  return {
    hash(password) {
      const nonce = chance.bytes(SALT_BYTES);
      return inTurn(async () => {
        const tag = await tagOf(password, nonce, MEMORY_KIB, PASSES);
        return `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=1$${base64(nonce)}$${base64(tag)}`;
      });
    },
    async isRight(password, hash) {
      const { memory, passes, salt, tag } = PHC.exec(hash)?.groups ?? {};
      if (salt === undefined || tag === undefined) return false;
      if (Number(memory) > MEMORY_KIB_MAX || Number(passes) > PASSES_MAX) return false;
      const wanted = Buffer.from(tag, "base64");
      const nonce = Buffer.from(salt, "base64");
      const got = await inTurn(() => tagOf(password, nonce, Number(memory), Number(passes)));
      return wanted.length === got.length && timingSafeEqual(wanted, got);
    },
  };
}

function tagOf(password: string, nonce: Uint8Array, memory: number, passes: number) {
  // One person's "é" has two spellings in Unicode, by the keyboard that it was typed on.
  const message = password.normalize("NFC");
  const parameters: Argon2Parameters = {
    message,
    nonce,
    memory,
    passes,
    parallelism: 1,
    tagLength: TAG_BYTES,
  };
  return derive("argon2id", parameters);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replaceAll("=", "");
}
