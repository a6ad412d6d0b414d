import type { Client } from "./client.ts";
import { CliFailure, EXIT } from "./exit.ts";
import type { Page, Session } from "./verb.ts";
import { valueOf } from "./verb.ts";
import type { AdminAccount, AdminDesk } from "./world.ts";
import { StartRefused } from "../domain/errors.ts";

/** Pages of sessions that are looked through: a hundred for each of four hundred accounts. */
const PAGES_MAX = 200;

/**
 * Does the work at the daemon where one answers, else on its data directory, which is locked meanwhile. Only where the daemon would
 * have been asked through its local socket: whoever named a URL does not mean the files of this machine.
 */
export async function atDesk<T>(
  session: Session,
  work: (desk: AdminDesk) => Promise<T>,
): Promise<T> {
  try {
    return await work(daemonDesk(session.client));
  } catch (error) {
    const isStopped = error instanceof CliFailure && error.exitCode === EXIT.unreachable;
    if (!isStopped || session.offlineDir === null) throw error;
  }
  return onFiles(session, session.offlineDir, work);
}

async function onFiles<T>(
  { world }: Session,
  dataDir: string,
  work: (desk: AdminDesk) => Promise<T>,
): Promise<T> {
  try {
    const desk = await world.openAdminDesk(dataDir);
    try {
      return await work(desk);
    } finally {
      await desk.close();
    }
  } catch (error) {
    if (error instanceof StartRefused) throw new CliFailure(EXIT.failed, error.message);
    throw error;
  }
}

function daemonDesk(client: Client): AdminDesk {
  async function revokeSessions(id: string): Promise<number> {
    let [ended, cursor]: [number, string | undefined] = [0, undefined];
    for (let page = 0; page < PAGES_MAX; page++) {
      const query = { limit: "250", cursor };
      const answer = await client.ask({ method: "GET", path: "/v1/sessions", query });
      const found = valueOf(answer) as Page<{ readonly id: string; readonly account_id: string }>;
      for (const session of found.data.filter(({ account_id: owner }) => owner === id)) {
        await client.ask({ method: "DELETE", path: `/v1/sessions/${session.id}` });
        ended += 1;
      }
      if (found.next_cursor === null) break;
      cursor = found.next_cursor;
    }
    return ended;
  }

  async function change(id: string, body: object): Promise<void> {
    await client.ask({ method: "PATCH", path: `/v1/accounts/${id}`, body });
  }

  return {
    async accounts() {
      const query = { limit: "250" };
      const answer = await client.ask({ method: "GET", path: "/v1/accounts", query });
      return (valueOf(answer) as Page<AdminAccount>).data;
    },
    resetPassword: (id, password) => change(id, { password }),
    async disableSecondFactor(id) {
      await change(id, { totp: false });
      await revokeSessions(id);
    },
    revokeSessions,
    close: () => Promise.resolve(),
  };
}
