import { once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";

import { Webhook } from "standardwebhooks";

import { freePort } from "../support/daemon-process.ts";

/** What one receiver wrote down about one event. */
interface Entry {
  requests: number;
  isAccepted: boolean;
}

export interface DemoReceiver {
  readonly name: string;
  readonly url: string;
  /** By event id; only requests whose signature the official library accepted. */
  readonly entries: ReadonlyMap<string, Entry>;
  /** From now on its requests are verified with this. */
  expects(secret: string): void;
  open(): Promise<void>;
  close(): Promise<void>;
}

/** What it answers to the n-th request for an event; null for nothing at all. */
export type Temper = (request: number) => number | null;

/** Not listening until it is opened: its URL is known before. */
export async function createReceiver(name: string, temper: Temper): Promise<DemoReceiver> {
  const port = await freePort();
  const entries = new Map<string, Entry>();
  let webhook: Webhook | null = null;
  let server: Server | null = null;

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([key, value]) => [key, String(value)]),
    );
    try {
      // The bytes as they came: what was parsed and written again would be another text.
      if (webhook === null) throw new Error("expected a secret to verify with, got none");
      webhook.verify(body, headers);
    } catch {
      return void response.writeHead(401).end();
    }
    const id = headers["webhook-id"] ?? "";
    const entry = entries.get(id) ?? { requests: 0, isAccepted: false };
    entries.set(id, entry);
    entry.requests += 1;
    const status = temper(entry.requests);
    if (status === null) return;
    if (status < 300) entry.isAccepted = true;
    response.writeHead(status).end();
  }

  return {
    name,
    url: `http://127.0.0.1:${port}/hook`,
    entries,
    expects(secret) {
      webhook = new Webhook(secret);
    },
    async open() {
      server = createServer((request, response) => {
        take(request, response).catch(() => response.destroy());
      });
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
    },
    async close() {
      if (server === null) return;
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
