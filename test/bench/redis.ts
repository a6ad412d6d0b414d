import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";

import { end, freePort, launch, makeFolder, until } from "./children.ts";

export interface RedisServer {
  readonly port: number;
  stop(): Promise<void>;
}

const REDIS = "/usr/bin/redis-server";
const PATIENCE_MS = 10_000;

export const hasRedis = existsSync(REDIS);
export const REDIS_MISSING =
  "skipped: BullMQ needs Redis, which is missing (Debian: apt-get install redis-server)";

/** A Redis of its own that keeps what it has answered for, as a commit does: its log is flushed before each answer. */
export async function startRedis(): Promise<RedisServer> {
  const folder = makeFolder("redis");
  const port = await freePort();
  const configFile = join(folder.path, "redis.conf");
  await writeFile(configFile, configuration(folder.path, port));
  const child = launch(REDIS, [configFile]);
  await until("Redis to answer", () => answers(port), { patienceMs: PATIENCE_MS, everyMs: 25 });
  return {
    port,
    async stop() {
      await end(child);
      folder.remove();
    },
  };
}

function configuration(folder: string, port: number): string {
  return `
    bind 127.0.0.1
    port ${port}
    dir ${folder}
    daemonize no
    loglevel warning
    appendonly yes
    appendfsync always
    save ""`;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("PING\r\n"));
    const finish = (isThere: boolean) => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once("data", (data) => finish(data.toString().startsWith("+PONG")));
    socket.once("error", () => finish(false));
    socket.setTimeout(1_000, () => finish(false));
  });
}
