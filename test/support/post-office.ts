/** A real daemon for a test file, and desks at it: one application each, so that tests don't see each other. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { suite, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import type { DaemonClient } from "./daemon-client.ts";
import { daemonClient, TEST_KEY } from "./daemon-client.ts";
import type { DaemonProcess } from "./daemon-process.ts";
import { startDaemon } from "./daemon-process.ts";
import { ROOT } from "./house-source.ts";

export interface PostOffice {
  readonly dataDir: string;
  readonly daemon: DaemonProcess;
  /** The default application's. */
  readonly client: DaemonClient;
  /** An application of its own. */
  desk(): Promise<Desk>;
  /** Stops the daemon, and holds all that it has logged to the law that no secret is in it. */
  close(): Promise<void>;
}

export type Env = Readonly<Record<string, string>>;

/** Where receivers on loopback may be reached, as a home server's operator would grant its LAN. */
export const LOOPBACK: Env = { POSTHORN_EGRESS_ALLOW: "127.0.0.0/8" };

/** `dataDir`: one that is there already, and stays; else a temporary one. */
export async function openPostOffice(env: Env = LOOPBACK, dataDir?: string): Promise<PostOffice> {
  const folder = dataDir ?? mkdtempSync(join(tmpdir(), "posthorn-office-"));
  const daemon = await startDaemon({ ...serveIn(folder, env) });
  let desks = 0;
  return {
    dataDir: folder,
    daemon,
    client: daemonClient(daemon.address),
    async desk() {
      desks += 1;
      const name = `desk-${desks}`;
      await daemonClient(daemon.address).must("POST /v1/applications", { name });
      return createDesk(daemonClient(daemon.address, name), name);
    },
    async close() {
      const code = await daemon.stop();
      if (dataDir === undefined) rmSync(folder, { recursive: true, force: true });
      assertNoSecret(daemon.output());
      assert.equal(code, 0, daemon.output());
    },
  };
}

/** What `startDaemon` needs for `posthorn serve`. Logs all there is to log. */
export function serveIn(dataDir: string, env: Env) {
  return {
    command: [join(ROOT, "packaging", "posthorn"), "serve"] as const,
    cwd: dataDir,
    env: {
      PATH: process.env["PATH"],
      POSTHORN_BOOTSTRAP_API_KEY: TEST_KEY,
      POSTHORN_LOG_LEVEL: "debug",
      ...env,
    },
    dataDir,
  };
}

/** Parts of what tests give the daemon to keep, and every form of what it makes itself. */
export const SECRET_WORDS = /whsec_[\w+/]|whsk_[\w+/]|phk_[\w-]|hush-hush|key-of-tests/;

export function assertNoSecret(log: string): void {
  const line = log.split("\n").find((each) => SECRET_WORDS.test(each));
  assert.equal(line, undefined, "a secret stands in the log");
}

export interface Answered {
  readonly id: string;
  readonly event_id: string;
  readonly endpoint_id: string | null;
  readonly state: string;
  readonly attempt_count: number;
  readonly due_at: string | null;
  readonly reason: { readonly code: string; readonly sentence: string };
  readonly last_status: number | null;
  readonly last_error: string | null;
  readonly end_reason: string | null;
}

export interface Desk extends DaemonClient {
  readonly application: string;
  endpoint(url: string, more?: object): Promise<{ readonly id: string; readonly secret: string }>;
  /** Returns the event's id. */
  send(data?: unknown, more?: object): Promise<string>;
  /** The event's one delivery (at this endpoint), as it is now. */
  delivery(eventId: string, endpointId?: string): Promise<Answered>;
  /** Waits until the event's delivery (at this endpoint) has this state. */
  becomes(eventId: string, state: string, endpointId?: string): Promise<Answered>;
}

function createDesk(client: DaemonClient, application: string): Desk {
  async function delivery(eventId: string, endpointId?: string): Promise<Answered> {
    const at = endpointId === undefined ? "" : `&endpoint_id=${endpointId}`;
    const { data } = await client.must(`GET /v1/deliveries?event_id=${eventId}${at}`);
    assert.equal(data.length, 1, `expected one delivery of ${eventId}, got ${data.length}`);
    return data[0];
  }
  return {
    ...client,
    application,
    endpoint: (url, more = {}) => client.must("POST /v1/endpoints", { url, ...more }),
    async send(data = {}, more = {}) {
      return (await client.must("POST /v1/events", { type: "order.paid", data, ...more })).id;
    },
    delivery,
    async becomes(eventId, state, endpointId) {
      let last: Answered | null = null;
      const found = await until(
        async () => {
          last = await delivery(eventId, endpointId);
          return last.state === state ? last : null;
        },
        () => `the delivery to become ${state}, got ${JSON.stringify(last)}`,
      );
      return found;
    },
  };
}

const PATIENCE_MS = 15_000;
const POLL_MS = 25;

/** The condition's first value that is something; throws what was wanted when it takes too long. */
export async function until<T>(
  condition: () => Promise<T | null | false> | T | null | false,
  wanted: string | (() => string),
): Promise<T> {
  const givenUpAtMs = Date.now() + PATIENCE_MS;
  for (;;) {
    const value = await condition();
    if (value !== null && value !== false) return value;
    if (Date.now() > givenUpAtMs) {
      throw new Error(`expected ${typeof wanted === "string" ? wanted : wanted()}`);
    }
    await pause(POLL_MS);
  }
}

/** Tests by their sentences, all at once: most of their time is waiting for a second to pass. */
export function together(
  title: string,
  tests: Readonly<Record<string, (t: TestContext) => Promise<void>>>,
): void {
  suite(title, { concurrency: true }, () => {
    for (const [sentence, run] of Object.entries(tests)) test(sentence, run);
  });
}
