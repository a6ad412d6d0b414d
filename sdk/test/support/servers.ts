/**
 * Real database servers for tests: Debian's programs, started in a temporary directory on a free loopback port, and ended with the
 * test file. PostgreSQL and MariaDB refuse to run as root, so they run as their own users where the tests do.
 */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import mysql from "mysql2/promise";
import pg from "pg";

export interface Server {
  readonly port: number;
  /** Ends the server by its process id and removes its files. */
  stop(): Promise<void>;
}

/** What is missing, as the sentence that a skipped test says; null where the server can be started. */
export interface ServerKind {
  readonly missing: string | null;
  start(options?: ServerOptions): Promise<Server>;
}

export interface ServerOptions {
  /** Whether a commit is on the disk before it is answered, as in an application's database. Tests don't wait for that. */
  readonly isDurable?: boolean;
}

const READY_TIMEOUT_MS = 30_000;
const READY_POLL_MS = 30;
const STOP_TIMEOUT_MS = 3_000;

const POSTGRES = findProgram("postgres", ["/usr/lib/postgresql"]);
const INITDB = findProgram("initdb", ["/usr/lib/postgresql"]);
const MARIADB = findProgram("mariadbd");
const MARIADB_INSTALL = findProgram("mariadb-install-db");
const REDIS = findProgram("redis-server");

export const postgresServer: ServerKind = {
  missing: missing("PostgreSQL", POSTGRES, INITDB),
  async start({ isDurable = false } = {}) {
    const { dir, user, remove } = workDir("postgres");
    const data = path.join(dir, "data");
    const initdb = ["-D", data, "-U", "posthorn", "--auth=trust", "--no-sync", "-E", "UTF8"];
    execFileSync(INITDB ?? "", [...initdb, "--no-locale"], { ...user, cwd: dir, stdio: "pipe" });
    const port = await freePort();
    const settings = {
      port,
      listen_addresses: "127.0.0.1",
      unix_socket_directories: dir,
      max_connections: 200,
      fsync: isDurable ? "on" : "off",
      shared_buffers: "32MB",
    };
    const words = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const child = spawn(POSTGRES ?? "", ["-D", data, ...words], {
      ...user,
      cwd: dir,
      stdio: "pipe",
    });
    return serve(child, port, remove, async () => {
      const client = new pg.Client(postgresConfig(port));
      client.on("error", () => {});
      await client.connect();
      await client.end();
    });
  },
};

export function postgresConfig(port: number) {
  return { host: "127.0.0.1", port, user: "posthorn", database: "postgres" };
}

export const mariadbServer: ServerKind = {
  missing: missing("MariaDB", MARIADB, MARIADB_INSTALL),
  async start({ isDurable = false } = {}) {
    const { dir, user, remove } = workDir("mysql");
    const data = path.join(dir, "data");
    const install = [
      "--no-defaults",
      `--datadir=${data}`,
      "--auth-root-authentication-method=normal",
    ];
    const quick = ["--skip-test-db", "--innodb-log-file-size=8M"];
    execFileSync(MARIADB_INSTALL ?? "", [...install, ...quick], {
      ...user,
      cwd: dir,
      stdio: "pipe",
    });
    const port = await freePort();
    const settings = [
      `--datadir=${data}`,
      `--port=${port}`,
      "--bind-address=127.0.0.1",
      `--socket=${path.join(dir, "s")}`,
      `--pid-file=${path.join(dir, "pid")}`,
      "--max-connections=200",
      `--innodb-flush-log-at-trx-commit=${isDurable ? 1 : 0}`,
    ];
    const child = spawn(MARIADB ?? "", ["--no-defaults", ...settings], {
      ...user,
      cwd: dir,
      stdio: "pipe",
    });
    return serve(child, port, remove, async () => {
      const connection = await mysql.createConnection({ ...mariadbConfig(port), database: "" });
      await connection.query("CREATE DATABASE IF NOT EXISTS posthorn");
      await connection.end();
    });
  },
};

export function mariadbConfig(port: number) {
  return { host: "127.0.0.1", port, user: "root", database: "posthorn" };
}

export const redisServer: ServerKind = {
  missing: missing("Redis", REDIS),
  async start() {
    const { dir, remove } = workDir("redis");
    const port = await freePort();
    const words = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--dir", dir];
    const child = spawn(REDIS ?? "", words, { cwd: dir, stdio: "pipe" });
    return serve(child, port, remove, () => connects(port));
  },
};

async function serve(
  child: ChildProcess,
  port: number,
  remove: () => void,
  ask: () => Promise<void>,
): Promise<Server> {
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (chunk: string) => (said += chunk));
  }
  // Not left behind by a test run that ends early.
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  const stop = async (): Promise<void> => {
    process.removeListener("exit", kill);
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, "exit");
      // PostgreSQL waits for its clients at the first; those of a test that failed are still there.
      for (const signal of ["SIGTERM", "SIGINT", "SIGKILL"] as const) {
        child.kill(signal);
        const isEnded = await Promise.race([ended, pause(STOP_TIMEOUT_MS, null, { ref: false })]);
        if (isEnded !== null) break;
      }
    }
    remove();
  };
  const deadline = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    try {
      await ask();
      return { port, stop };
    } catch (error) {
      if (Date.now() < deadline && child.exitCode === null) {
        await pause(READY_POLL_MS);
        continue;
      }
      await stop();
      throw new Error(`expected the server to get ready, got:\n${said}`, { cause: error });
    }
  }
}

async function connects(port: number): Promise<void> {
  const { connect } = await import("node:net");
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.destroy();
}

/** A directory of that system user, who is whom the server runs as. */
function workDir(userName: string) {
  const dir = mkdtempSync(path.join(tmpdir(), "posthorn-server-"));
  const user = process.getuid?.() === 0 ? idsOf(userName) : {};
  if ("uid" in user) chownSync(dir, user.uid, user.gid);
  const remove = (): void => rmSync(dir, { recursive: true, force: true });
  return { dir, user, remove };
}

function idsOf(userName: string): { uid: number; gid: number } | Record<string, never> {
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((one) => one.startsWith(`${userName}:`));
  const [, , uid, gid] = line?.split(":") ?? [];
  return uid === undefined || gid === undefined ? {} : { uid: Number(uid), gid: Number(gid) };
}

function missing(name: string, ...programs: (string | null)[]): string | null {
  if (programs.every((program) => program !== null)) return null;
  return `${name} is not installed here (Debian's package has it), so this was not run against it`;
}

/** In the PATH and where Debian keeps servers; the newest of several versions. */
function findProgram(name: string, roots: readonly string[] = []): string | null {
  const versions = ["18", "17", "16", "15", "14"];
  const debian = roots.flatMap((root) => versions.map((one) => path.join(root, one, "bin")));
  const dirs = [
    ...debian,
    ...(process.env["PATH"] ?? "").split(":"),
    "/usr/sbin",
    "/usr/local/bin",
  ];
  const found = dirs.map((dir) => path.join(dir, name)).find((program) => existsSync(program));
  return found ?? null;
}

/** Free in this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}
