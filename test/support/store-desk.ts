import type { Endpoint, EndpointSettings } from "../../daemon/domain/endpoint.ts";
import { ENDPOINT_DEFAULTS, UNTRIED } from "../../daemon/domain/endpoint.ts";
import type { Outcome } from "../../daemon/domain/attempt.ts";
import type {
  Accepted,
  AcceptedDelivery,
  AttemptRecord,
  IdempotencyClaim,
  NewDelivery,
  NewEvent,
} from "../../daemon/domain/stores.ts";
import type { Settlement } from "../../daemon/domain/delivery.ts";
import type { Store } from "../../daemon/storage/store.ts";

/** A store that a test may do with as it likes. */
export type OpenStore = () => Promise<Store>;

/** Sentences about every store, each with how to try it on a desk whose store is fresh. */
export type Laws = Readonly<Record<string, (desk: Desk) => Promise<void>>>;

export function lawsFor<T>(items: readonly T[], lawsOf: (item: T) => Laws): Laws {
  return Object.fromEntries(items.flatMap((item) => Object.entries(lawsOf(item))));
}

export const START_MS = 1_800_000_000_000;

export interface Sent {
  readonly type?: string;
  readonly tenant?: string | null;
  readonly id?: string;
  readonly body?: string;
  readonly variants?: NewEvent["variants"];
  readonly contentType?: string | null;
  readonly key?: string | null;
  readonly atMs?: number;
  readonly hold?: NewDelivery["hold"];
  readonly isTest?: boolean;
  readonly applicationSeq?: number;
  readonly idempotency?: IdempotencyClaim | null;
}

/** What a test writes on: a store with the application `default`, and short words for what is done to it. */
export interface Desk {
  readonly store: Store;
  readonly applicationSeq: number;
  id(prefix: string): string;
  endpoint(settings?: Partial<EndpointSettings>, applicationSeq?: number): Promise<Endpoint>;
  event(endpoints: readonly Endpoint[], sent?: Sent): NewEvent;
  /** Accepts one event and gives its deliveries, in the endpoints' order. */
  send(
    endpoints: readonly Endpoint[],
    sent?: Sent,
  ): Promise<Extract<Accepted, { kind: "accepted" }>>;
  /** Accepts one event for one endpoint. */
  post(endpoint: Endpoint, sent?: Sent): Promise<AcceptedDelivery>;
  record(
    delivery: AcceptedDelivery,
    ending: Ending,
    atMs?: number,
    number?: number,
  ): ReturnType<Store["deliveries"]["recordAttempts"]>;
}

export async function openDesk(open: OpenStore): Promise<Desk> {
  const store = await open();
  const [application] = await store.office.applications();
  const applicationSeq = application?.seq ?? 0;
  let count = 0;
  const id = (prefix: string) => `${prefix}_${String((count += 1)).padStart(26, "0")}`;

  function event(endpoints: readonly Endpoint[], sent: Sent = {}): NewEvent {
    const atMs = sent.atMs ?? START_MS;
    const bytes = Buffer.from(sent.body ?? `{"type":"x","data":{"n":${count}}}`);
    const orderingKey = sent.key ?? null;
    const deliveryOf = (endpoint: Endpoint): NewDelivery => ({
      id: id("dlv"),
      endpointSeq: endpoint.seq,
      hold: sent.hold ?? null,
      orderingKey: sent.isTest === true ? null : orderingKey,
      isTest: sent.isTest ?? false,
    });
    return {
      event: {
        id: sent.id ?? id("evt"),
        applicationSeq: sent.applicationSeq ?? applicationSeq,
        type: sent.type ?? "invoice.paid",
        tenant: sent.tenant ?? null,
        orderingKey,
        occurredAtMs: atMs - 5,
        acceptedAtMs: atMs,
        contentType: sent.contentType ?? null,
        bodyBytes: bytes.length,
      },
      body: { bytes, dataStart: sent.contentType === undefined ? 9 : 0 },
      variants: sent.variants ?? [],
      deliveries: endpoints.map(deliveryOf),
      idempotency: sent.idempotency ?? null,
    };
  }

  async function send(endpoints: readonly Endpoint[], sent?: Sent) {
    const [answer] = await store.events.acceptEvents([event(endpoints, sent)]);
    if (answer?.kind !== "accepted") throw new Error(`expected acceptance, got ${answer?.kind}`);
    return answer;
  }

  return {
    store,
    applicationSeq,
    id,
    endpoint: (settings = {}, ownerSeq = applicationSeq) =>
      store.office.createEndpoint(newEndpoint(id("ep"), ownerSeq, settings)),
    event,
    send,
    async post(endpoint, sent) {
      const { deliveries } = await send([endpoint], sent);
      return first(deliveries);
    },
    record: (delivery, ending, atMs = START_MS, number = 1) =>
      store.deliveries.recordAttempts(
        [attempt(delivery, ending, { id: id("att"), atMs, number })],
        [],
        atMs,
      ),
  };
}

export function first<T>(items: readonly T[]): T {
  const [item] = items;
  if (item === undefined) throw new Error("expected one item at least, got none");
  return item;
}

export function newEndpoint(
  id: string,
  applicationSeq: number,
  settings: Partial<EndpointSettings>,
): Omit<Endpoint, "seq"> {
  return {
    id,
    applicationSeq,
    settings: {
      ...ENDPOINT_DEFAULTS,
      url: "https://hook.example/in",
      eventTypes: ["*"],
      ...settings,
    },
    state: "active",
    disabledReason: null,
    stateChangedAtMs: START_MS,
    transition: null,
    health: UNTRIED,
    secrets: [],
    sealedAuth: null,
    createdAtMs: START_MS,
    updatedAtMs: START_MS,
  };
}

/** How an attempt ends here: `retry` comes back after ten seconds, `away` finds its endpoint paused. */
export type Ending = "ok" | "retry" | "exhausted" | "away";

export function attempt(
  delivery: Pick<AcceptedDelivery, "seq" | "id" | "endpointSeq" | "orderingKey">,
  ending: Ending,
  { id, atMs, number }: { id: string; atMs: number; number: number },
): AttemptRecord {
  return {
    deliverySeq: delivery.seq,
    deliveryId: delivery.id,
    endpointSeq: delivery.endpointSeq,
    attemptId: id,
    number,
    startedAtMs: atMs,
    outcome: ending === "ok" ? answered(200) : answered(500),
    variant: null,
    requestHeaders: "content-type: application/json",
    settlement: settlementOf(ending, atMs),
    orderingKey: delivery.orderingKey,
  };
}

function answered(status: number): Outcome {
  const response = {
    headerLines: "server: t",
    excerpt: Buffer.from("hi"),
    isCut: false,
  };
  return { kind: "answered", status, retryAfter: null, control: null, response, durationMs: 3.4 };
}

function settlementOf(ending: Ending, atMs: number): Settlement {
  const calm = { disables: null, slowsForMs: null, hold: null, dueAtMs: null, endReason: null };
  switch (ending) {
    case "ok":
      return { ...calm, state: "delivered", endReason: "accepted" };
    case "exhausted":
      return { ...calm, state: "exhausted", endReason: "table_used_up" };
    case "retry":
      return { ...calm, state: "pending", dueAtMs: atMs + 10_000 };
    case "away":
      return { ...calm, state: "held", hold: "paused" };
  }
}
