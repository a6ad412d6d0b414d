/** A store for a torture, and the processes that die over it. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe } from "node:test";
import { fileURLToPath } from "node:url";

import type { Job } from "./inbox-torture-child.ts";
import { openStore, type StoreName, type TortureStore } from "./inbox-torture-stores.ts";
import { mariadbServer, postgresServer, type ServerKind } from "./servers.ts";

const CHILD = fileURLToPath(new URL("inbox-torture-child.ts", import.meta.url));
const COMPILED = mkdtempSync(path.join(tmpdir(), "posthorn-torture-code-"));
after(() => rmSync(COMPILED, { recursive: true, force: true }));

/** More than any flow has; a flow that has more fails the test. */
const STEPS_MAX = 120;
const CHILDREN_AT_ONCE = 3;

export interface Ground {
  readonly store: TortureStore;
  readonly name: StoreName;
  readonly at: string;
}

const file: ServerKind = { missing: null, start: async () => ({ port: 0, stop: async () => {} }) };

const STORES: readonly [name: StoreName, kind: ServerKind][] = [
  ["sqlite", file],
  ["postgres", postgresServer],
  ["mariadb", mariadbServer],
];

/** The same tests for each store that can be had here, each with a server and a database of its own. */
export function tortureEach(
  what: string,
  define: (here: () => Ground, name: StoreName) => void,
): void {
  for (const [name, kind] of STORES) {
    describe(`${what}: ${name}`, { skip: kind.missing ?? false }, () => {
      let ground: Ground | null = null;
      let end = async (): Promise<void> => {};
      before(async () => {
        const dir = mkdtempSync(path.join(tmpdir(), "posthorn-torture-"));
        const server = await kind.start();
        const at = server.port === 0 ? path.join(dir, "app.db") : `${server.port}`;
        const store = openStore({ name, at });
        ground = { store, name, at };
        end = async () => {
          await store.close();
          await server.stop();
          rmSync(dir, { recursive: true, force: true });
        };
        await store.migrate();
      });
      after(() => end());
      define(() => {
        if (ground === null) throw new Error("expected the store to be open, got none");
        return ground;
      }, name);
    });
  }
}

/**
 * Once for each step of a flow, from the first: `dieAt` says whether its process died there, and so whether there may be more
 * steps. Resolves with how many there were.
 */
export async function atEachStep(dieAt: (step: number) => Promise<boolean>): Promise<number> {
  let deaths = 0;
  for (let first = 1; first < STEPS_MAX; first += CHILDREN_AT_ONCE) {
    const steps = Array.from({ length: CHILDREN_AT_ONCE }, (_, i) => first + i);
    const died = await Promise.all(steps.map((step) => dieAt(step)));
    deaths += died.filter((one) => one).length;
    if (died.includes(false)) return deaths;
  }
  throw new Error(`expected the flow to have fewer than ${STEPS_MAX} steps, got more`);
}

export interface Running {
  readonly child: ChildProcess;
  /** Resolves with its first word. */
  readonly isReady: Promise<void>;
  readonly ended: Promise<{
    readonly signal: NodeJS.Signals | null;
    readonly said: string;
    readonly wailed: string;
  }>;
}

export function run(job: Job): Running {
  const child = spawn(process.execPath, [CHILD, JSON.stringify(job)], {
    stdio: "pipe",
    // Most of a child's short life would be the reading of its sources.
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILED },
  });
  let said = "";
  let wailed = "";
  const ready = Promise.withResolvers<void>();
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    said += chunk;
    ready.resolve();
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (wailed += chunk));
  const ended = once(child, "close").then(([, signal]) => {
    ready.reject(new Error(`expected the child to get ready, got:\n${wailed}`));
    return { signal: signal as NodeJS.Signals | null, said, wailed };
  });
  ready.promise.catch(() => {});
  return { child, isReady: ready.promise, ended };
}
