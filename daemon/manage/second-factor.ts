import { Buffer } from "node:buffer";
import type { Account, AccountStore, Totp } from "../domain/account.ts";
import { AppError } from "../domain/errors.ts";
import type { Chance, Clock, Vault } from "../domain/ports.ts";
import type { Roster } from "./roster.ts";
import { tokenHash } from "./roster.ts";
import { newTotp, totpStep } from "./totp.ts";
import type { TakeTurns } from "./turns.ts";

const RECOVERY_CODES = 10;
const RECOVERY_BYTES = 10;
/** A secret that was shown and never confirmed is forgotten with the process. */
const STARTED_MAX = 100;

/** Codes from an authenticator, and the ten on paper for when it is lost. */
export interface SecondFactor {
  /** A new secret to scan; nothing changes before it is confirmed. */
  start(accountSeq: number): { readonly secret: string; readonly uri: string };
  /** On from now, if the code is of the secret that was started: the recovery codes, shown only here. `sign_in_failed` otherwise. */
  confirm(accountSeq: number, code: string): Promise<readonly string[]>;
  remove(accountSeq: number): Promise<void>;
  /** Whether this is a code that was not used before, or a recovery code, which is used up by it. */
  accept(accountSeq: number, code: string): Promise<boolean>;
}

export interface SecondFactorNeeds {
  readonly store: Pick<AccountStore, "updateAccount">;
  readonly roster: Roster;
  readonly vault: Vault;
  readonly chance: Pick<Chance, "bytes">;
  /** The calendar's time: the code is made from it on a telephone. */
  readonly clock: Pick<Clock, "wallMs">;
  readonly takeTurns: TakeTurns;
}

export function createSecondFactor(needs: SecondFactorNeeds): SecondFactor {
  const { store, roster, vault, chance, clock, takeTurns } = needs;
  const started = new Map<number, string>();

  async function put(account: Account, totp: Totp | null): Promise<void> {
    roster.putAccount(await store.updateAccount(account.seq, { totp }));
  }

  async function confirm(account: Account, code: string): Promise<readonly string[]> {
    const secret = started.get(account.seq);
    const step = secret === undefined ? null : totpStep(secret, code, 0, clock.wallMs());
    if (secret === undefined || step === null) {
      throw new AppError(
        "sign_in_failed",
        "expected code to be that of the new secret, got another",
      );
    }
    const codes = Array.from({ length: RECOVERY_CODES }, () => recoveryCode(chance));
    await put(account, {
      sealedSecret: vault.seal(account.id, secret),
      lastStep: step,
      recoveryHashes: codes.map(recoveryHash),
    });
    started.delete(account.seq);
    return codes;
  }

  async function accept(account: Account, code: string): Promise<boolean> {
    const { totp } = account;
    if (totp === null) return false;
    const secret = vault.open(account.id, totp.sealedSecret);
    const step = totpStep(secret, code.replaceAll(" ", ""), totp.lastStep, clock.wallMs());
    if (step !== null) {
      await put(account, { ...totp, lastStep: step });
      return true;
    }
    const hash = recoveryHash(code);
    if (!totp.recoveryHashes.includes(hash)) return false;
    await put(account, {
      ...totp,
      recoveryHashes: totp.recoveryHashes.filter((each) => each !== hash),
    });
    return true;
  }

  // In turns, each on the account as it is then: of two requests with one code, one succeeds.
  function inTurn<T>(accountSeq: number, work: (account: Account) => Promise<T>): Promise<T> {
    return takeTurns(accountSeq, () => work(accountOf(roster, accountSeq)));
  }

  return {
    start(accountSeq) {
      const made = newTotp(accountOf(roster, accountSeq).name, chance.bytes);
      const [oldest] = started.keys();
      if (started.size >= STARTED_MAX && oldest !== undefined) started.delete(oldest);
      started.set(accountSeq, made.secret);
      return made;
    },
    confirm: (accountSeq, code) => inTurn(accountSeq, (account) => confirm(account, code)),
    remove: (accountSeq) => inTurn(accountSeq, (account) => put(account, null)),
    accept: (accountSeq, code) => inTurn(accountSeq, (account) => accept(account, code)),
  };
}

function accountOf(roster: Roster, seq: number): Account {
  const account = roster.account(seq);
  if (account === undefined)
    throw new AppError("not_found", "expected the account to be there, got nobody");
  return account;
}

/** Sixteen characters that can't be mistaken for each other, in groups of four. */
function recoveryCode({ bytes }: Pick<Chance, "bytes">): string {
  const digits = "0123456789abcdefghjkmnpqrstvwxyz";
  const bits = [...bytes(RECOVERY_BYTES)].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const text = (bits.match(/.{5}/g) ?? []).map((five) => digits[Number.parseInt(five, 2)]).join("");
  return (text.match(/.{4}/g) ?? []).join("-");
}

function recoveryHash(code: string): string {
  const plain = code.toLowerCase().replaceAll(/[\s-]/g, "");
  return Buffer.from(tokenHash(plain)).toString("hex");
}
