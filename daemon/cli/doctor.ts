import { existsSync, statSync } from "node:fs";

import type { Loaded } from "../config.ts";
import type { Config } from "../domain/config.ts";
import { bytesText } from "../domain/quantity.ts";
import type { DataDir } from "../system/data-dir.ts";
import { dataDirAt, diskFreeBytes, openDataDir } from "../system/data-dir.ts";
import type { SocketState } from "../system/local-socket.ts";
import { probeSocket } from "../system/local-socket.ts";
import { openClient } from "./client.ts";
import type { ExitCode } from "./exit.ts";
import { EXIT } from "./exit.ts";
import { checksIn } from "./healthcheck.ts";
import { tableText } from "./text.ts";
import type { World } from "./world.ts";

/** One thing looked at. `warning`: it works, but an operator should know. */
interface Finding {
  readonly name: string;
  readonly state: "good" | "warning" | "bad";
  readonly detail: string;
}

/**
 * Looks at everything that a daemon here needs, running or not, and changes nothing. Fails where
 * one finding is bad.
 */
export async function doctor(
  world: World,
  loaded: Loaded<Config>,
  isJson: boolean,
): Promise<ExitCode> {
  const findings = await examine(world, loaded);
  const isWell = findings.every(({ state }) => state !== "bad");
  if (isJson) world.out(`${JSON.stringify({ ok: isWell, findings })}\n`);
  else {
    const rows = findings.map(({ name, state, detail }) => [name, state, detail]);
    world.out(`${tableText(["LOOKED AT", "FOUND", "WHICH MEANS"], rows)}\n`);
  }
  return isWell ? EXIT.done : EXIT.failed;
}

async function examine(world: World, loaded: Loaded<Config>): Promise<readonly Finding[]> {
  const findings = [good("node", process.version), clockFinding(world)];
  if (loaded.kind === "bad") {
    return [...findings, ...loaded.problems.map((problem) => bad("configuration", problem))];
  }
  const { config } = loaded;
  findings.push(good("configuration", "every value is valid"));
  const dir = dataDirAt(config.dataDir);
  if (!existsSync(dir.path)) {
    const detail = `${dir.path} is not there yet; the first start makes it`;
    return [...findings, warning("data directory", detail)];
  }
  const state = config.socketPath === null ? "missing" : await probeSocket(config.socketPath);
  return [
    ...findings,
    folderFinding(dir),
    await keyFinding(world, dir),
    ...(state === "live"
      ? [socketFinding(config, state), ...(await daemonFindings(config))]
      : [
          await diskFinding(config),
          socketFinding(config, state),
          await databaseFinding(world, dir),
        ]),
  ];
}

// A board without a battery starts in the past: signatures would be refused by every receiver that
// looks at the time.
const CLOCK_MS_MIN = Date.UTC(2026, 0, 1);

function clockFinding({ clock }: World): Finding {
  const nowMs = clock.wallMs();
  const text = new Date(nowMs).toISOString();
  return nowMs >= CLOCK_MS_MIN
    ? good("clock", text)
    : bad("clock", `expected the clock to be right, got ${text}; set it, or wait for network time`);
}

function folderFinding({ path }: DataDir): Finding {
  try {
    openDataDir(path);
  } catch (error) {
    return bad("data directory", messageOf(error));
  }
  const others = statSync(path).mode & 0o007;
  return others === 0
    ? good("data directory", path)
    : warning(
        "data directory",
        `every user of this machine can look into ${path}; run: chmod 700 ${path}`,
      );
}

async function keyFinding(world: World, { path, key, database }: DataDir): Promise<Finding> {
  const stats = statSync(key, { throwIfNoEntry: false });
  if (stats === undefined) {
    return existsSync(database)
      ? bad(
          "secret key",
          `${key} is missing, and with it the endpoints' secrets; put it back from a backup`,
        )
      : good("secret key", "is made by the first start");
  }
  const problem = await world.checkKey(path);
  return problem === null ? good("secret key", key) : bad("secret key", problem);
}

async function diskFinding({ dataDir, limits }: Config): Promise<Finding> {
  const freeBytes = await diskFreeBytes(dataDir);
  const text = `${bytesText(freeBytes)} free`;
  const floor = bytesText(limits.diskFreeBytesMin);
  return freeBytes >= limits.diskFreeBytesMin
    ? good("disk", text)
    : bad("disk", `${text}; below ${floor} no events are accepted`);
}

function socketFinding({ socketPath }: Config, state: SocketState): Finding {
  if (socketPath === null) {
    const detail = "there is none, so the command line needs --url and --key";
    return warning("local socket", detail);
  }
  switch (state) {
    case "live":
      return good("local socket", `a daemon answers at ${socketPath}`);
    case "stale":
      return warning("local socket", "its daemon was killed; the next start goes on from there");
    case "missing":
      return good("local socket", "no daemon is running");
  }
}

/** In the running daemon's own words: its floor for the disk may be another than the one that is configured here. */
async function daemonFindings({ socketPath }: Config): Promise<readonly Finding[]> {
  const client = openClient({ kind: "socket", path: socketPath ?? "" }, null);
  try {
    const { status, text } = await client.askRaw({ method: "GET", path: "/readyz" });
    const checks = checksIn(text);
    if (checks === null)
      return [bad("daemon", `expected it to say how it is, got status ${status}`)];
    return [
      status === 200 ? good("daemon", "can take events") : bad("daemon", "can't take events now"),
      ...checks.map(({ name, ok, detail }) => (ok ? good(name, detail) : bad(name, detail))),
    ];
  } catch (error) {
    return [bad("daemon", messageOf(error))];
  }
}

async function databaseFinding(world: World, { database }: DataDir): Promise<Finding> {
  const check = await world.checkDatabase(database);
  switch (check.kind) {
    case "missing":
      return good("database", "is made by the first start");
    case "good": {
      const size = bytesText(check.bytes);
      return good("database", `sound: ${size}, schema version ${check.schemaVersion}`);
    }
    case "damaged":
      return bad("database", `${check.problems.join("; ")}; restore a backup`);
  }
}

function good(name: string, detail: string): Finding {
  return { name, state: "good", detail };
}

function warning(name: string, detail: string): Finding {
  return { name, state: "warning", detail };
}

function bad(name: string, detail: string): Finding {
  return { name, state: "bad", detail };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
