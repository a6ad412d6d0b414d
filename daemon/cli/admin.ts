import { atDesk } from "./admin-desk.ts";
import { CliFailure, EXIT, usageFailure } from "./exit.ts";
import { countText, plainLines, tableText, timeCell } from "./text.ts";
import type { Session, Verb } from "./verb.ts";
import { show, textOption } from "./verb.ts";
import type { AdminAccount, AdminDesk } from "./world.ts";

const NAME = ["--name <name>", "the account's name (required)"] as const;

/** For whoever has the machine, when nobody can sign in to the page. All but the claim code work with the daemon stopped, too. */
export const ADMIN: readonly Verb[] = [
  {
    name: "admin claim-code",
    summary: "Show the code that the page asks for while nobody has an account",
    example: "admin claim-code",
    run: claimCode,
  },
  {
    name: "admin accounts",
    summary: "List who may sign in to the page",
    example: "admin accounts",
    worksStopped: true,
    run: accounts,
  },
  {
    name: "admin reset-password",
    summary: "Give an account a new password, read from the terminal or the standard input",
    example: "admin reset-password --name kim",
    options: [["--name <name>", "the account's name (default: the only one)"]],
    worksStopped: true,
    run: resetPassword,
  },
  {
    name: "admin disable-2fa",
    summary: "Turn an account's second factor off, and end its sessions",
    example: "admin disable-2fa --name kim",
    options: [NAME],
    worksStopped: true,
    run: disableSecondFactor,
  },
  {
    name: "admin sessions revoke",
    summary: "End an account's sessions",
    example: "admin sessions revoke --name kim",
    options: [NAME],
    worksStopped: true,
    run: revokeSessions,
  },
];

async function claimCode(session: Session): Promise<void> {
  const answer = await session.client.ask({ method: "GET", path: "/v1/setup/claim-code" });
  show(session, answer, ({ claim_code: code }: { readonly claim_code: string }) => code);
}

async function accounts(session: Session): Promise<void> {
  const found = await atDesk(session, (desk) => desk.accounts());
  const rows = found.map((account) => [
    account.name,
    account.role,
    account.has_totp ? "on" : "off",
    timeCell(account.last_sign_in_at),
    account.id,
  ]);
  const heads = ["NAME", "ROLE", "2FA", "LAST SIGN-IN", "ID"];
  tell(session, { data: found }, found.length === 0 ? NOBODY : tableText(heads, rows));
}

const NOBODY = "Nobody has an account yet; the page makes the first one.";

async function resetPassword(session: Session): Promise<void> {
  const { id, name } = await atDesk(session, async (desk) => {
    const account = accountIn(await desk.accounts(), textOption(session, "name"));
    await desk.resetPassword(account.id, await newPassword(session, account.name));
    return account;
  });
  const words = `${name} has a new password, and every session of the account is over.`;
  tell(session, { id, name }, words);
}

/** Never an argument: other users of the machine can read those, and the shell keeps them. */
async function newPassword({ world }: Session, name: string): Promise<string> {
  const password = await world.readSecret(`New password of ${name}: `);
  if (password === "") throw usageFailure("expected a password, got nothing");
  return password;
}

async function disableSecondFactor(session: Session): Promise<void> {
  const { id, name } = await withNamed(session, async (desk, account) => {
    await desk.disableSecondFactor(account.id);
    return account;
  });
  tell(session, { id, name }, `${name} signs in with the password alone; its sessions are over.`);
}

async function revokeSessions(session: Session): Promise<void> {
  const { ended, name } = await withNamed(session, async (desk, account) => ({
    name: account.name,
    ended: await desk.revokeSessions(account.id),
  }));
  tell(session, { name, ended }, `Ended ${countText(ended, "session")} of ${name}.`);
}

function withNamed<T>(
  session: Session,
  work: (desk: AdminDesk, account: AdminAccount) => Promise<T>,
): Promise<T> {
  const name = textOption(session, "name");
  if (name === undefined)
    throw usageFailure("expected --name to be an account's name, got nothing");
  return atDesk(session, async (desk) => work(desk, accountIn(await desk.accounts(), name)));
}

/** As the page compares names: without regard to case. */
function accountIn(known: readonly AdminAccount[], name: string | undefined): AdminAccount {
  if (known.length === 0) throw new CliFailure(EXIT.notFound, NOBODY);
  const names = known.map((account) => account.name).join(", ");
  const [only] = known;
  if (name === undefined && known.length === 1 && only !== undefined) return only;
  if (name === undefined) throw usageFailure(`expected --name to be one of ${names}, got nothing`);
  const found = known.find((account) => account.name.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  const message = `expected --name to be one of ${names}, got ${name}`;
  throw new CliFailure(EXIT.notFound, message);
}

function tell({ world, isJson }: Session, value: object, words: string): void {
  world.out(`${isJson ? JSON.stringify(value) : plainLines(words)}\n`);
}
