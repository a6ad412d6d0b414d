import { existsSync } from "node:fs";
import { accountJson } from "./api/account-json.ts";
import type { AdminDesk } from "./cli/world.ts";
import type { Account } from "./domain/account.ts";
import { AppError, StartRefused } from "./domain/errors.ts";
import type { Log } from "./domain/ports.ts";
import type { Closers } from "./ground.ts";
import { closeAll, openLedger, withDefaults } from "./ground.ts";
import type { People } from "./manage/people.ts";
import { openPeople } from "./manage/people.ts";
import { refusal } from "./storage/open.ts";
import { dataDirAt } from "./system/data-dir.ts";
import { createPasswords } from "./system/passwords.ts";

/** For `posthorn admin` while no daemon runs: the accounts in a data directory that is locked meanwhile. Makes none. */
export async function openAdminDesk(path: string, log: Log): Promise<AdminDesk> {
  const { database } = dataDirAt(path);
  if (!existsSync(database)) {
    const message = `expected ${path} to be the daemon's data directory, got one without a database; say where it is with --data-dir`;
    throw new StartRefused(message);
  }
  const closers: Closers = [];
  try {
    const machine = withDefaults({});
    const { store, vault, ids } = await openLedger(path, machine, closers);
    const people = await openPeople({
      ...machine,
      store: store.accounts,
      vault,
      ids,
      log,
      passwords: createPasswords(machine.chance),
    });
    closers.push(() => people.audit.flush());
    return deskOf(people, closers);
  } catch (error) {
    await closeAll(closers);
    throw refusal(error, database);
  }
}

function deskOf({ accounts, sessions, secondFactor, audit }: People, closers: Closers): AdminDesk {
  function note(action: string, subjectId: string, changed: readonly string[]): void {
    const local = { actorKind: "local", actorId: null, actorName: "local command" } as const;
    const place = { applicationSeq: null, address: null };
    audit.note({ ...local, ...place, action, subjectId, changed, isRefused: false });
  }

  async function endSessionsOf({ seq }: Account): Promise<number> {
    const open = sessions.list(seq);
    for (const { id } of open) {
      await sessions.end(seq, id);
      note("endSession", id, []);
    }
    return open.length;
  }

  return {
    accounts: async () => accounts.list().map(accountJson),
    async resetPassword(id, password) {
      await refused(() => accounts.update(id, { password }));
      note("updateAccount", id, ["password"]);
    },
    async disableSecondFactor(id) {
      const account = accounts.byId(id);
      await secondFactor.remove(account.seq);
      note("updateAccount", id, ["totp"]);
      await endSessionsOf(account);
    },
    revokeSessions: (id) => endSessionsOf(accounts.byId(id)),
    close: () => closeAll(closers),
  };
}

/** What is wrong with a password is told as a sentence, not as a fault of ours. */
async function refused(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof AppError) throw new StartRefused(error.message, { cause: error });
    throw error;
  }
}
