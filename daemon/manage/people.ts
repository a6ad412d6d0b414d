import { Buffer } from "node:buffer";
import { timingSafeEqual } from "node:crypto";
import type { AccountStore } from "../domain/account.ts";
import { AppError } from "../domain/errors.ts";
import type { IdMaker } from "../domain/id.ts";
import type { Chance, Clock, Log, Passwords, Timers, Vault } from "../domain/ports.ts";
import type { Accounts } from "./accounts.ts";
import { createAccounts } from "./accounts.ts";
import type { Audit } from "./audit.ts";
import { createAudit } from "./audit.ts";
import { createRoster, tokenHash } from "./roster.ts";
import type { SecondFactor } from "./second-factor.ts";
import { createSecondFactor } from "./second-factor.ts";
import type { Sessions, Visitor } from "./sessions.ts";
import { createSessions } from "./sessions.ts";
import type { Throttle } from "./throttle.ts";
import { createThrottle } from "./throttle.ts";
import { createTurns } from "./turns.ts";

const CODE_BYTES = 10;

/** Everything about those who sign in to the page. */
export interface People {
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly secondFactor: SecondFactor;
  readonly audit: Audit;
  readonly claim: Claim;
}

/** What shows that an instance is yours, when you set it up from outside its network. Another one with each start. */
interface Claim {
  readonly code: string;
  /** Throws `claim_code_needed` for a wrong code, `too_many_attempts` after many. */
  check(code: string, visitor: Visitor): void;
}

export interface PeopleNeeds {
  readonly store: AccountStore;
  readonly vault: Vault;
  readonly passwords: Passwords;
  readonly ids: IdMaker;
  readonly chance: Pick<Chance, "bytes">;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
}

/** Loads accounts and sessions; afterwards the store is only written. */
export async function openPeople(needs: PeopleNeeds): Promise<People> {
  const { store, clock, chance } = needs;
  const roster = createRoster(await store.accounts(), await store.sessions());
  const throttle = createThrottle(clock);
  const shared = { ...needs, roster, throttle };
  const accounts = createAccounts({ ...shared, takeTurns: createTurns() });
  const secondFactor = createSecondFactor({ ...shared, takeTurns: createTurns() });
  return {
    accounts,
    secondFactor,
    sessions: createSessions({ ...shared, accounts, secondFactor }),
    audit: createAudit(needs),
    claim: createClaim(chance, throttle),
  };
}

function createClaim({ bytes }: Pick<Chance, "bytes">, throttle: Throttle): Claim {
  const hex = Buffer.from(bytes(CODE_BYTES)).toString("hex").toUpperCase();
  const code = (hex.match(/.{5}/g) ?? []).join("-");
  return {
    code,
    check(given, { address }) {
      const subjects = [`claim ${address}`, "claim"];
      throttle.attempt(subjects);
      const plain = given.trim().toUpperCase();
      // Hashed first: of equal length then, whatever was given.
      if (!timingSafeEqual(tokenHash(plain), tokenHash(code))) {
        throw new AppError(
          "claim_code_needed",
          "expected claim_code to be the daemon's, got another",
        );
      }
      throttle.succeeded(subjects);
    },
  };
}
