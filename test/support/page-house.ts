/** A real daemon for tests of its page, with an admin and a viewer, and what they can be signed in with. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { BrowserContextOptions } from "playwright-core";

import type { DaemonClient } from "./daemon-client.ts";
import { daemonClient } from "./daemon-client.ts";
import { startDaemon } from "./daemon-process.ts";
import type { Env } from "./post-office.ts";
import { assertNoSecret, LOOPBACK, serveIn } from "./post-office.ts";

export const PASSWORD = "correct-horse-battery";
export type Person = "admin" | "viewer";

export interface PageHouse extends AsyncDisposable {
  /** Of the page, with the slash at its end. */
  readonly url: string;
  readonly address: string;
  readonly dataDir: string;
  /** With the key of the whole instance, in the default application. */
  readonly client: DaemonClient;
  /** A new session of theirs, as a browser keeps it. */
  session(who?: Person): Promise<Pick<BrowserContextOptions, "storageState"> & { id: string }>;
  /** Stops it and starts it again, at the same address and on the same file; `meanwhile` runs while it is away. */
  restart(meanwhile?: () => Promise<void>): Promise<void>;
}

/** With the accounts `admin` and `viewer`. */
export async function openPageHouse(env: Env = {}, dataDir?: string): Promise<PageHouse> {
  const house = await openFreshHouse({ POSTHORN_ADMIN_PASSWORD: PASSWORD, ...env }, dataDir);
  const viewer = { name: "viewer", role: "viewer", password: PASSWORD };
  await house.client.must("POST /v1/accounts", viewer);
  return house;
}

/** Without any account, as it is at first. */
export async function openFreshHouse(env: Env = {}, dataDir?: string): Promise<PageHouse> {
  const folder = dataDir ?? mkdtempSync(join(tmpdir(), "posthorn-page-"));
  const options = serveIn(folder, { ...LOOPBACK, ...env });
  let daemon = await startDaemon(options);
  const { address } = daemon;
  const base = env["POSTHORN_BASE_PATH"] ?? "";
  return {
    url: `http://${address}${base}/`,
    address,
    dataDir: folder,
    client: daemonClient(`${address}${base}`),
    session: (who = "admin") => signIn(`${address}${base}`, who),
    async restart(meanwhile) {
      await daemon.stop();
      await meanwhile?.();
      daemon = await startDaemon({ ...options, address });
    },
    async [Symbol.asyncDispose]() {
      const code = await daemon.stop();
      rmSync(folder, { recursive: true, force: true });
      assertNoSecret(daemon.output());
      assert.equal(code, 0, daemon.output());
    },
  };
}

/** What is closed together at a file's end, when no browser looks at it any more. */
export function together<Parts extends Readonly<Record<string, unknown>>>(
  parts: Parts,
): Parts & AsyncDisposable {
  return {
    ...parts,
    async [Symbol.asyncDispose]() {
      for (const each of Object.values(parts))
        if (isDisposable(each)) await each[Symbol.asyncDispose]();
    },
  };
}

function isDisposable(value: unknown): value is AsyncDisposable {
  return typeof value === "object" && value !== null && Symbol.asyncDispose in value;
}

async function signIn(address: string, who: Person) {
  const headers = { "posthorn-page": "1" };
  const { ask } = daemonClient(address);
  const body = { name: who, password: PASSWORD };
  const made = await ask("POST /v1/session", { key: null, headers, body });
  assert.equal(made.status, 201, made.text);
  const [name = "", value = ""] = made.headers.getSetCookie()[0]?.split(/[=;]/) ?? [];
  const mine = { key: null, headers: { ...headers, cookie: `${name}=${value}` } };
  const { json } = await ask("GET /v1/session", mine);
  const cookie = {
    name,
    value,
    domain: address.split(":")[0] ?? "",
    path: "/",
    expires: -1,
    httpOnly: true,
    secure: false,
    sameSite: "Lax",
  } as const;
  return { id: String(json.session.id), storageState: { cookies: [cookie], origins: [] } };
}
