/** What the conformance suite has to know of a store, and the words that its tests share. */
import type {
  Claim,
  Failure,
  InboxEntry,
  InboxKey,
  StoredEntry,
  TransactionalInbox,
} from "../../src/inbox/inbox.ts";
import { isBusyError } from "../../src/inbox/state.ts";

export interface InboxRig<Tx> {
  /** An inbox over the same table; `lockWaitMs` is at least `lockWaitMsMin`. */
  open(lockWaitMs?: number): TransactionalInbox<Tx>;
  /** The shortest lock limit that the store can keep. */
  readonly lockWaitMsMin: number;
  /** The application's own table, in the inbox's transaction; null where a store has none. */
  readonly effects: Effects<Tx> | null;
  close(): Promise<void>;
}

export interface Effects<Tx> {
  write(tx: Tx, event: string): Promise<void>;
  /** Of the committed ones. */
  count(event: string): Promise<number>;
}

export interface Ground<Tx> {
  readonly rig: InboxRig<Tx>;
  readonly inbox: TransactionalInbox<Tx>;
}

export const NOW_MS = 1_795_320_306_007;

export function entryOf(endpoint: string, id: string, more: Partial<InboxEntry> = {}): InboxEntry {
  return {
    endpoint,
    id,
    type: "invoice.paid",
    bodySha256: "a".repeat(64),
    nowMs: NOW_MS,
    sequence: null,
    ...more,
  };
}

export function storedOf(
  endpoint: string,
  id: string,
  more: Partial<StoredEntry> = {},
): StoredEntry {
  return {
    ...entryOf(endpoint, id),
    orderingKey: null,
    body: Uint8Array.of(0, 255, 39, 92, 10, 128, 0),
    request: {
      method: "POST",
      url: "https://hooks.example/in?a='1'",
      headers: [
        ["x-text", "ü \\ \" ' \u{1F4EE}"],
        ["x-text", "twice"],
      ],
    },
    ...more,
  };
}

export function failureOf(more: Partial<Failure> = {}): Failure {
  return { error: "Error: no", nowMs: NOW_MS + 5, dueAtMs: null, isDead: false, ...more };
}

/** A claim alone in its transaction, which is committed. Busy is busy, whether the claim or the beginning says so. */
export async function claimAlone<Tx>(
  inbox: TransactionalInbox<Tx>,
  entry: InboxEntry,
): Promise<Claim> {
  try {
    return await inbox.transaction((tx) => inbox.claim(tx, entry));
  } catch (error) {
    if (isBusyError(error)) return { kind: "busy", retryAfterMs: 1 };
    throw error;
  }
}

/** What a receiver does with a good event: claim, effect, end, in one transaction. */
export async function handle<Tx>(
  inbox: TransactionalInbox<Tx>,
  entry: InboxEntry,
  effect: (tx: Tx) => Promise<void> = async () => {},
): Promise<Claim> {
  try {
    return await inbox.transaction(async (tx) => {
      const claim = await inbox.claim(tx, entry);
      if (claim.kind !== "claimed") return claim;
      await effect(tx);
      await inbox.finish(tx, entry, { status: "done", answer: null, nowMs: entry.nowMs + 1 });
      return claim;
    });
  } catch (error) {
    if (isBusyError(error)) return { kind: "busy", retryAfterMs: 1 };
    throw error;
  }
}

/** Claims, and ends as the test says. Resolves `claimed` when the claim is held. */
export function hold<Tx>(inbox: TransactionalInbox<Tx>, entry: InboxEntry) {
  const begun = Promise.withResolvers<Claim>();
  const end = Promise.withResolvers<"finish" | "undo">();
  const over = inbox
    .transaction(async (tx) => {
      begun.resolve(await inbox.claim(tx, entry));
      if ((await end.promise) === "undo") throw new Undo();
      await inbox.finish(tx, entry, { status: "done", answer: null, nowMs: entry.nowMs + 1 });
    })
    .catch((error: unknown) => {
      begun.reject(error);
      if (!(error instanceof Undo)) throw error;
    });
  return {
    claimed: begun.promise,
    async finish() {
      end.resolve("finish");
      await over;
    },
    async undo() {
      end.resolve("undo");
      await over;
    },
  };
}

export class Undo extends Error {}

export async function statusOf<Tx>(inbox: TransactionalInbox<Tx>, { endpoint, id }: InboxKey) {
  return (await inbox.statusOf(endpoint, [id])).get(id);
}
