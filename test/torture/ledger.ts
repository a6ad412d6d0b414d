/**
 * What the world outside saw: which events were acknowledged, and every request that reached a receiver. It knows nothing
 * of the daemon's own records, so that the two can contradict each other.
 */

/** How a receiver ended a request. `cut`: the connection was gone before the answer was written. */
export type Ending = "accepted" | "refused" | "reset" | "cut";

export interface Receipt {
  readonly endpoint: string;
  /** The event's number, given by its producer. */
  readonly number: number;
  readonly eventId: string;
  readonly orderingKey: string | null;
  /** What the daemon says in `posthorn-attempt`: counted by it, and only when it was recorded. */
  readonly attempt: number;
  /** Which life of the daemon sent it: 1 until the first kill. */
  readonly life: number;
  ending: Ending | null;
  endedAtMs: number | null;
}

/** Why a receiver got the same event once more. */
export type RepeatKind = "asked for" | "killed" | "unexplained";

export interface EndpointAccount {
  readonly endpoint: string;
  /** Acknowledged events that it must have got. */
  owed: number;
  /** Of those, the ones that came at least once with a good signature. */
  received: number;
  /** Of those, the ones that it answered with 2xx. */
  accepted: number;
  requests: number;
  /** Repeats after its own failing answer. */
  askedFor: number;
  /** Repeats because a kill fell between the request and its record. */
  killed: number;
  unexplained: number;
  /** Requests that came after a later event with the same ordering key. */
  disordered: number;
}

export interface Ledger {
  readonly violations: string[];
  readonly acknowledgedCount: number;
  readonly requestCount: number;
  acknowledged(number: number, eventId: string): void;
  received(receipt: Receipt): void;
  ended(receipt: Receipt, ending: Ending, atMs: number): void;
  /** A request whose signature the official library refused. */
  forged(endpoint: string, why: string): void;
  /** The daemon of this life was killed at this time. */
  killed(life: number, atMs: number): void;
  violate(what: string): void;
  /** Settles the accounts; what is wrong is among `violations` afterwards. */
  close(endpoints: readonly { readonly name: string; readonly isOrdered: boolean }[]): {
    readonly accounts: readonly EndpointAccount[];
    /** The longest that an answered request had been waiting for its record when a kill made it a repeat. */
    readonly unrecordedMsMax: number;
  };
}

/**
 * An ended attempt is recorded within 100 ms and one disk flush. A repeat of an answer older than this at the moment of the
 * kill is not explained by it: its record should have been on the disk.
 */
const RECORD_MS_MAX = 2_000;
const VIOLATIONS_MAX = 50;

export function createLedger(): Ledger {
  const ids = new Map<number, string>();
  const receipts = new Map<string, Receipt[]>();
  const inOrder: Receipt[] = [];
  const killedAtMs = new Map<number, number>();
  const violations: string[] = [];
  let unrecordedMsMax = 0;

  function violate(what: string): void {
    if (violations.length < VIOLATIONS_MAX) violations.push(what);
  }

  function acknowledged(number: number, eventId: string): void {
    const before = ids.get(number);
    if (before === undefined) ids.set(number, eventId);
    else if (before !== eventId) violate(`event ${number} has two ids: ${before} and ${eventId}`);
  }

  function received(receipt: Receipt): void {
    const key = keyOf(receipt.endpoint, receipt.number);
    const list = receipts.get(key) ?? [];
    list.push(receipt);
    receipts.set(key, list);
    inOrder.push(receipt);
  }

  function why(first: Receipt, again: Receipt): RepeatKind {
    if (again.attempt === first.attempt + 1) {
      return first.ending === "refused" || first.ending === "reset" ? "asked for" : "unexplained";
    }
    // The same number once more: the daemon did not know of the first. Only a kill may have made it forget.
    const killAtMs = killedAtMs.get(first.life);
    const isForgotten = again.attempt === first.attempt && again.life > first.life;
    if (!isForgotten || killAtMs === undefined) return "unexplained";
    const waitedMs = first.endedAtMs === null ? 0 : killAtMs - first.endedAtMs;
    if (waitedMs > RECORD_MS_MAX) return "unexplained";
    unrecordedMsMax = Math.max(unrecordedMsMax, waitedMs);
    return "killed";
  }

  function accountOf(endpoint: string): EndpointAccount {
    const counts = { owed: 0, received: 0, accepted: 0, requests: 0 };
    const repeats = { askedFor: 0, killed: 0, unexplained: 0, disordered: 0 };
    const account: EndpointAccount = { endpoint, ...counts, ...repeats };
    for (const [number, eventId] of ids) {
      account.owed += 1;
      const list = receipts.get(keyOf(endpoint, number)) ?? [];
      settleEvent(account, number, eventId, list);
    }
    return account;
  }

  function settleEvent(
    account: EndpointAccount,
    number: number,
    eventId: string,
    list: readonly Receipt[],
  ): void {
    const { endpoint } = account;
    account.requests += list.length;
    if (list.length === 0) return violate(`${endpoint}: event ${number} (${eventId}) is lost`);
    account.received += 1;
    if (list.some(({ ending }) => ending === "accepted")) account.accepted += 1;
    else violate(`${endpoint}: event ${number} (${eventId}) was never accepted`);
    const other = list.find((each) => each.eventId !== eventId);
    if (other !== undefined) violate(`${endpoint}: event ${number} came as ${other.eventId}, too`);
    for (const [index, again] of list.entries()) {
      const first = list[index - 1];
      if (first !== undefined) countRepeat(account, first, again);
    }
  }

  function countRepeat(account: EndpointAccount, first: Receipt, again: Receipt): void {
    const kind = why(first, again);
    if (kind === "asked for") account.askedFor += 1;
    else if (kind === "killed") account.killed += 1;
    else {
      account.unexplained += 1;
      const told = [first, again].map(({ attempt, life, ending }) => ({ attempt, life, ending }));
      const what = `${first.endpoint}: event ${first.number} came again without a reason`;
      violate(`${what}: ${JSON.stringify(told)}, killed at ${killedAtMs.get(first.life)}`);
    }
  }

  /** Strict order: once a later event of a key has come, no earlier one may, not even as a repeat. */
  function checkOrder(account: EndpointAccount): void {
    const latest = new Map<string, number>();
    for (const { endpoint, orderingKey, number } of inOrder) {
      if (endpoint !== account.endpoint || orderingKey === null) continue;
      const before = latest.get(orderingKey) ?? 0;
      if (number < before) {
        account.disordered += 1;
        violate(`${endpoint}: key ${orderingKey}: event ${number} came after ${before}`);
      }
      latest.set(orderingKey, Math.max(number, before));
    }
  }

  function close(endpoints: Parameters<Ledger["close"]>[0]): ReturnType<Ledger["close"]> {
    const accounts = endpoints.map(({ name, isOrdered }) => {
      const account = accountOf(name);
      if (isOrdered) checkOrder(account);
      return account;
    });
    const unknown = inOrder.find(({ number }) => !ids.has(number));
    if (unknown !== undefined) violate(`event ${unknown.number} came and was never acknowledged`);
    return { accounts, unrecordedMsMax };
  }

  return {
    violations,
    get acknowledgedCount() {
      return ids.size;
    },
    get requestCount() {
      return inOrder.length;
    },
    acknowledged,
    received,
    ended(receipt, ending, atMs) {
      receipt.ending ??= ending;
      receipt.endedAtMs ??= atMs;
    },
    forged: (endpoint, what) => violate(`${endpoint}: a signature was refused: ${what}`),
    killed: (life, atMs) => void killedAtMs.set(life, atMs),
    violate,
    close,
  };
}

function keyOf(endpoint: string, number: number): string {
  return `${endpoint} ${number}`;
}
