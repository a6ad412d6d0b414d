import { join } from "node:path";

import { TEST_KEY } from "../support/daemon-client.ts";
import type { SpawnedDaemon } from "../support/daemon-process.ts";
import { spawnDaemon } from "../support/daemon-process.ts";
import type { Ledger } from "./ledger.ts";

const ROOT = join(import.meta.dirname, "..", "..");

/** One daemon after another on the same data directory and address. */
export interface Lives {
  readonly count: number;
  /** From the start of the process to the first good answer of `/readyz`, for each life that got there. */
  readonly readyMs: readonly number[];
  begin(): void;
  /** Waits for the present life to be ready; false where it never was, which is a violation. */
  ready(): Promise<boolean>;
  kill(): Promise<void>;
  /** SIGTERM. */
  stop(): Promise<void>;
  /** Ends it whatever its state; for the end of a run that failed. */
  abandon(): Promise<void>;
}

export function createLives(dataDir: string, address: string, ledger: Ledger): Lives {
  const readyMs: number[] = [];
  let count = 0;
  let daemon: SpawnedDaemon | null = null;
  let bornAtMs = 0;

  function present(): SpawnedDaemon {
    if (daemon === null) throw new Error("expected a daemon to be alive, got none");
    return daemon;
  }

  return {
    get count() {
      return count;
    },
    readyMs,
    begin() {
      count += 1;
      bornAtMs = performance.now();
      daemon = spawnDaemon({
        command: [join(ROOT, "packaging", "posthorn"), "serve"],
        cwd: dataDir,
        env: {
          PATH: process.env["PATH"],
          POSTHORN_BOOTSTRAP_API_KEY: TEST_KEY,
          POSTHORN_EGRESS_ALLOW: "127.0.0.0/8",
          // Each request says which life sent it: no guessing by clocks which kill lay between two.
          POSTHORN_USER_AGENT: `Posthorn/life-${count}`,
        },
        dataDir: join(dataDir, "data"),
        address,
      });
    },
    async ready() {
      try {
        await present().ready();
        readyMs.push(performance.now() - bornAtMs);
        return true;
      } catch (error) {
        const said = present().output();
        ledger.violate(`life ${count} never got ready (${String(error)}); it said:\n${said}`);
        return false;
      }
    },
    async kill() {
      ledger.killed(count, Date.now());
      const wasAlive = isAlive(present().pid);
      if (!wasAlive) ledger.violate(`life ${count} ended by itself:\n${present().output()}`);
      await present().kill();
    },
    async stop() {
      const code = await present().stop();
      if (code !== 0) ledger.violate(`the last life ended with ${code}:\n${present().output()}`);
    },
    async abandon() {
      await daemon?.kill();
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
