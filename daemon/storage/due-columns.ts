import type { DueQuery, DueDelivery, DueEvent } from "../domain/stores.ts";

/** Due deliveries as a thread hands them over: a few arrays, and the bodies moved instead of copied. */
export interface DueColumns {
  readonly numbers: Float64Array<ArrayBuffer>;
  /** Ids and types, which hold no line feed, a line each. */
  readonly lines: string;
  /** By the delivery's place: its ordering key and its event's content type. */
  readonly others: readonly (string | null)[];
  /** The bodies one after the other, `CHUNK_BYTES` together at most or one alone. */
  readonly chunks: readonly Uint8Array<ArrayBuffer>[];
}

const NUMBERS = 9;
const LINES = 3;
const OTHERS = 2;
/**
 * A body keeps its whole chunk in memory for as long as it waits: at ten thousand endpoints with one left each, 160 MB, and with
 * 64 KiB 640. One of its own for each costs a microsecond of the loop.
 */
const CHUNK_BYTES = 16_384;

const SHAPES = { standard: 0, raw: 1, own: 2 } as const;

export function dueColumnsOf(found: readonly DueDelivery[]): DueColumns {
  const numbers = new Float64Array(found.length * NUMBERS);
  const lines: string[] = [];
  const others: (string | null)[] = [];
  const bodies = found.map(({ event }) => event.body);
  let at = 0;
  for (const each of found) {
    const { event } = each;
    numbers[at] = each.seq;
    numbers[at + 1] = each.eventSeq;
    numbers[at + 2] = each.attemptCount;
    numbers[at + 3] = each.tableStart;
    numbers[at + 4] = each.isTest ? 1 : 0;
    numbers[at + 5] = event.occurredAtMs;
    numbers[at + 6] = event.dataStart;
    numbers[at + 7] = event.body.length;
    numbers[at + 8] = shapeNumber(event);
    at += NUMBERS;
    lines.push(each.id, event.id, event.type);
    others.push(each.orderingKey, event.contentType);
  }
  return { numbers, lines: lines.join("\n"), others, chunks: chunksOf(bodies) };
}

function shapeNumber({ shape }: DueEvent): number {
  return shape === "standard" || shape === "raw" ? SHAPES[shape] : SHAPES.own;
}

function chunksOf(bodies: readonly Uint8Array[]): Uint8Array<ArrayBuffer>[] {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for (let first = 0; first < bodies.length;) {
    let length = 0;
    let next = first;
    do length += bodies[next++]?.length ?? 0;
    while (next < bodies.length && length + (bodies[next]?.length ?? 0) <= CHUNK_BYTES);
    const chunk = new Uint8Array(length);
    let at = 0;
    for (const body of bodies.slice(first, next)) {
      chunk.set(body, at);
      at += body.length;
    }
    chunks.push(chunk);
    first = next;
  }
  return chunks;
}

/** What `dueColumnsOf` was given, for the query that found it. */
export function dueDeliveriesOf(columns: DueColumns, query: DueQuery): DueDelivery[] {
  const { numbers, others } = columns;
  const lines = columns.lines.split("\n");
  const nextBody = bodyReader(columns.chunks);
  const found: DueDelivery[] = [];
  // Where each delivery begins in the three; a function for each of its values would be made anew for each delivery.
  let line = 0;
  let other = 0;
  for (let at = 0; at < numbers.length; at += NUMBERS) {
    found.push({
      seq: numbers[at] ?? 0,
      id: lines[line] ?? "",
      endpointSeq: query.endpointSeq,
      eventSeq: numbers[at + 1] ?? 0,
      attemptCount: numbers[at + 2] ?? 0,
      tableStart: numbers[at + 3] ?? 0,
      orderingKey: others[other] ?? null,
      isTest: numbers[at + 4] === 1,
      event: {
        id: lines[line + 1] ?? "",
        type: lines[line + 2] ?? "",
        occurredAtMs: numbers[at + 5] ?? 0,
        contentType: others[other + 1] ?? null,
        body: nextBody(numbers[at + 7] ?? 0),
        dataStart: numbers[at + 6] ?? 0,
        shape: shapeOf(numbers[at + 8], query),
      },
    });
    line += LINES;
    other += OTHERS;
  }
  return found;
}

function shapeOf(number: number | undefined, { shape }: DueQuery): DueEvent["shape"] {
  if (number === SHAPES.own) return shape;
  return number === SHAPES.raw ? "raw" : "standard";
}

/** Bodies in their order. */
function bodyReader(chunks: readonly Uint8Array<ArrayBuffer>[]): (length: number) => Uint8Array {
  let next = 0;
  let at = 0;
  let chunk = Buffer.alloc(0);
  return (length) => {
    if (at === chunk.length && next < chunks.length) {
      const { buffer } = chunks[next] as Uint8Array<ArrayBuffer>;
      chunk = Buffer.from(buffer);
      next += 1;
      at = 0;
    }
    at += length;
    return chunk.subarray(at - length, at);
  };
}
