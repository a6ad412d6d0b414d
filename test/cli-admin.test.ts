/** `posthorn admin`, for whoever has the machine when nobody can sign in: at a running daemon, and on its files. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { Secret, TOTP } from "otpauth";

import { openAdminDesk } from "../daemon/admin-desk.ts";
import { fakeDaemon, posthorn, type Said } from "./support/cli.ts";
import type { DaemonClient } from "./support/daemon-client.ts";
import { openPostOffice, type PostOffice } from "./support/post-office.ts";

const SILENT = { info() {}, warn() {}, error() {} };
const OLD = "correct horse battery";
const NEW = "quite another password";

function admin(dataDir: string, words: string, password = NEW): Promise<Said> {
  return posthorn(["admin", ...words.split(" "), "--data-dir", dataDir], {
    readSecret: async () => password,
    openAdminDesk: (path) => openAdminDesk(path, SILENT),
  });
}

function asPage(client: DaemonClient, line: string, body?: object, cookie = "") {
  const headers = { "Posthorn-Page": "1", Cookie: cookie };
  return client.ask(line, { body, key: null, headers });
}

async function signIn(client: DaemonClient, password: string, code?: string): Promise<number> {
  const body = { name: "admin", password, ...(code !== undefined && { code }) };
  return (await asPage(client, "POST /v1/session", body)).status;
}

/** Makes the account `admin` and gives its cookie back. */
async function setUp(client: DaemonClient): Promise<string> {
  const made = await asPage(client, "POST /v1/setup", { name: "admin", password: OLD });
  assert.equal(made.status, 201, made.text);
  return (made.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
}

async function turnOnSecondFactor(client: DaemonClient, cookie: string): Promise<void> {
  const { json } = await asPage(client, "POST /v1/session/totp", {}, cookie);
  const code = new TOTP({ secret: Secret.fromBase32(json.secret) }).generate();
  const on = await asPage(client, "POST /v1/session/totp/confirm", { code }, cookie);
  assert.equal(on.status, 200, on.text);
}

suite("at a running daemon", () => {
  let office: PostOffice;
  let cookie = "";
  before(async () => {
    office = await openPostOffice();
  });
  after(() => office.close());

  test("the claim code is shown until somebody has an account", async () => {
    const shown = await admin(office.dataDir, "claim-code");
    assert.match(shown.out, /^[0-9A-F]{5}(?:-[0-9A-F]{5}){3}\n$/);
    assert.equal((await admin(office.dataDir, "accounts")).out.split(" ")[0], "Nobody");
    assert.equal((await admin(office.dataDir, "reset-password")).code, 4);
    cookie = await setUp(office.client);
    const late = await admin(office.dataDir, "claim-code");
    assert.deepEqual([late.code, late.out], [1, ""]);
  });

  test("a password is replaced, and who was signed in is so no more; the log says who did it", async () => {
    const said = await admin(office.dataDir, "reset-password --json");
    assert.deepEqual([said.code, JSON.parse(said.out).name], [0, "admin"]);
    assert.ok(!(said.out + said.err).includes(NEW));
    assert.equal((await asPage(office.client, "GET /v1/session", undefined, cookie)).status, 401);
    assert.deepEqual(
      [await signIn(office.client, OLD), await signIn(office.client, NEW)],
      [401, 201],
    );
    const { data } = await office.client.must("GET /v1/audit?action=updateAccount");
    assert.deepEqual([data[0].actor.kind, data[0].changed], ["local", ["password"]]);
  });

  test("one that is too short is refused with the daemon's sentence", async () => {
    const said = await admin(office.dataDir, "reset-password", "short");
    assert.equal(said.code, 1);
    assert.match(said.err, /expected password to be 10 to 1024 characters, got 5/);
  });

  test("sessions are ended, of that account", async () => {
    await signIn(office.client, NEW);
    const said = await admin(office.dataDir, "sessions revoke --name ADMIN");
    assert.match(said.out, /^Ended \d sessions? of admin\.\n$/);
    assert.equal((await admin(office.dataDir, "sessions revoke --name kim")).code, 4);
    assert.equal((await admin(office.dataDir, "sessions revoke")).code, 2);
  });
});

test("with the daemon stopped, the files are worked on: a new password, no second factor, nobody signed in", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "posthorn-admin-"));
  after(() => rmSync(dataDir, { recursive: true, force: true }));
  const first = await openPostOffice({}, dataDir);
  const cookie = await setUp(first.client);
  await turnOnSecondFactor(first.client, cookie);
  await first.close();
  assert.equal((await admin(dataDir, "claim-code")).code, 3);
  assert.match((await admin(dataDir, "accounts")).out, /admin +admin +on/);
  assert.equal((await admin(dataDir, "reset-password")).code, 0);
  const short = await admin(dataDir, "reset-password", "short");
  assert.equal(short.code, 1);
  assert.match(short.err, /^posthorn: \/password: expected password to be .*, got 5\n$/);
  assert.equal((await admin(dataDir, "disable-2fa --name admin")).code, 0);
  const listed = await admin(dataDir, "accounts --json");
  assert.equal(JSON.parse(listed.out).data[0].has_totp, false);
  const second = await openPostOffice({}, dataDir);
  assert.equal((await asPage(second.client, "GET /v1/session", undefined, cookie)).status, 401);
  assert.equal(await signIn(second.client, NEW), 201);
  const { data } = await second.client.must("GET /v1/audit?action=updateAccount");
  assert.deepEqual(
    data.map(({ actor, changed }: { actor: { name: string }; changed: string[] }) => [
      actor.name,
      changed,
    ]),
    [
      ["local command", ["totp"]],
      ["local command", ["password"]],
    ],
  );
  await second.close();
});

test("a folder that is no data directory is left as it is, with a sentence", async () => {
  const folder = mkdtempSync(join(tmpdir(), "posthorn-admin-"));
  const said = await admin(folder, "accounts");
  assert.equal(said.code, 1);
  assert.match(said.err, /to be the daemon's data directory, got one without a database/);
  assert.deepEqual(readdirSync(folder), []);
  rmSync(folder, { recursive: true });
});

test("somebody who names a URL means no files here", async () => {
  const said = await posthorn(["admin", "accounts", "--url", "http://127.0.0.1:1", "--key", "k"]);
  assert.equal(said.code, 3);
});

test("of several accounts one has to be named, and a password is never asked for in vain", async (t) => {
  const account = { id: "acc_1", role: "admin", has_totp: false, last_sign_in_at: null };
  const data = [
    { ...account, name: "kim" },
    { ...account, name: "sam", id: "acc_2" },
  ];
  const daemon = await fakeDaemon(t, () => ({ json: { data, next_cursor: null } }));
  const said = await posthorn(["admin", "reset-password", ...daemon.socket]);
  assert.equal(said.code, 2);
  assert.match(said.err, /expected --name to be one of kim, sam, got nothing/);
});
