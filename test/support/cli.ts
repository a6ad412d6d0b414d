/** The command line in this process: what it said and how it would have exited, against a daemon that a test makes up. */
import { mkdtempSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";

import { runCli } from "../../daemon/cli/run.ts";
import type { World } from "../../daemon/cli/world.ts";

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** 2026-03-01T12:00:00Z */
export const NOW_MS = Date.UTC(2026, 2, 1, 12);

export async function posthorn(argv: readonly string[], world: Partial<World> = {}): Promise<Said> {
  let [out, err] = ["", ""];
  const code = await runCli(argv, {
    version: "1.2.3",
    out: (words) => void (out += words),
    err: (words) => void (err += words),
    readInput: () => Promise.reject(new Error("nobody expected the input to be read")),
    clock: { nowMs: () => NOW_MS, wallMs: () => NOW_MS },
    pause: () => Promise.resolve(),
    interrupted: new AbortController().signal,
    startApp: () => Promise.reject(new Error("nobody expected a daemon to start")),
    checkKey: () => Promise.reject(new Error("nobody expected the key to be tried")),
    checkDatabase: () => Promise.reject(new Error("nobody expected the database to be read")),
    openAdminDesk: () => Promise.reject(new Error("nobody expected the files to be opened")),
    readSecret: () => Promise.reject(new Error("nobody expected to be asked for a secret")),
    ...world,
  });
  return { code, out, err };
}

export interface Heard {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export interface FakeAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
}

export interface FakeDaemon {
  readonly heard: readonly Heard[];
  /** Options that lead to it by its socket. */
  readonly socket: readonly string[];
  /** Its address on loopback. */
  readonly url: string;
}

/** Answers each request with what `answer` says; listens on a socket and on loopback. */
export async function fakeDaemon(
  context: TestContext,
  answer: (heard: Heard) => FakeAnswer,
): Promise<FakeDaemon> {
  const heard: Heard[] = [];
  const newServer = () =>
    createServer((request, response) => {
      const { method = "", url = "", headers } = request;
      const reply = (body: string): void => {
        const each = { method, url, headers, body };
        heard.push(each);
        const { status = 200, json, headers: others = {} } = answer(each);
        response.writeHead(status, { "Content-Type": "application/json", ...others });
        response.end(json === undefined ? undefined : JSON.stringify(json));
      };
      void text(request).then(reply);
    });
  const path = join(mkdtempSync(join(tmpdir(), "posthorn-cli-")), "s");
  const [local, remote] = [newServer(), newServer()];
  await new Promise<void>((resolve) => local.listen(path, resolve));
  await new Promise<void>((resolve) => remote.listen(0, "127.0.0.1", resolve));
  context.after(() => {
    for (const server of [local, remote]) {
      server.close();
      server.closeAllConnections();
    }
  });
  const address = remote.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { heard, socket: ["--socket", path], url: `http://127.0.0.1:${port}` };
}
