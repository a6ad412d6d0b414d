import { SdkError } from "./errors.ts";
import { sortedJson } from "./sorted-json.ts";

/** The four body shapes, one for each wire profile. */
export type Shape = "standard" | "timestamped" | "digest" | "topic";

export interface EnvelopeInput {
  readonly id: string;
  readonly type: string;
  /** Milliseconds since 1970 UTC, a whole number in the years 1970 to 9999. */
  readonly occurredAtMs: number;
  /**
   * The exact JSON text of `data` in UTF-8. Taken on trust, except by `topic`, which has to read
   * it.
   */
  readonly data: Uint8Array;
}

export interface Envelope {
  /** May be a view of a larger, shared buffer: send the view, never its `buffer`. */
  readonly body: Uint8Array;
  /** Where the data's first byte is in `body`. */
  readonly dataStart: number;
  /** Where the first byte after the data is. */
  readonly dataEnd: number;
}

const OCCURRED_AT_MS_MAX = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const CLOSE_BRACE = 0x7d;

// `fatal`: bytes that are not UTF-8 would come out as U+FFFD and be signed as if the producer had
// sent them. `ignoreBOM` keeps the mark in the text, where the JSON check refuses it.
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The body of an event in one shape. The bytes of `data` stand in it exactly as given (number
 * formats, big integers and inner white space included), except in `topic`, whose rule is sorted
 * keys and no white space (see `sortedJson`).
 *
 * Throws `SdkError`: `time_invalid`; for `topic` also what `sortedJson` throws. Data that is not
 * JSON makes a body that is not JSON: check it before.
 */
export function envelope(shape: Shape, input: EnvelopeInput): Envelope {
  assertTime(input.occurredAtMs);
  switch (shape) {
    case "standard":
      return enclosed(`{"type":${JSON.stringify(input.type)},${stamp(input)}`, input.data);
    case "timestamped":
      return enclosed(
        `{"id":${JSON.stringify(input.id)},"type":${JSON.stringify(input.type)},${stamp(input)}`,
        input.data,
      );
    case "digest":
      return enclosed(`{"event_type":${JSON.stringify(input.type)},${stamp(input)}`, input.data);
    case "topic":
      return topicEnvelope(input);
  }
}

/** Unix seconds as `topic` has them, in its body and in its header: rounded down. */
export function topicTimestampS(occurredAtMs: number): number {
  return Math.floor(occurredAtMs / 1000);
}

function stamp(input: EnvelopeInput): string {
  return `"timestamp":"${new Date(input.occurredAtMs).toISOString()}","data":`;
}

// One allocation and one copy of the data. Parsing and serialising again would cost ten times as
// much, and would turn 12345678901234567890 into 12345678901234567000.
function enclosed(head: string, data: Uint8Array): Envelope {
  const dataStart = Buffer.byteLength(head);
  const dataEnd = dataStart + data.length;
  const body = Buffer.allocUnsafe(dataEnd + 1);
  body.write(head, 0, "utf8");
  body.set(data, dataStart);
  body[dataEnd] = CLOSE_BRACE;
  return { body, dataStart, dataEnd };
}

function topicEnvelope(input: EnvelopeInput): Envelope {
  const payload = Buffer.from(sortedJson(decodeUtf8(input.data)));
  const type = JSON.stringify(input.type);
  const head = Buffer.from(`{"id":${JSON.stringify(input.id)},"payload":`);
  const tail = Buffer.from(
    `,"topic":${type},"ts":${topicTimestampS(input.occurredAtMs)},"type":${type},"v":1}`,
  );
  return {
    body: Buffer.concat([head, payload, tail]),
    dataStart: head.length,
    dataEnd: head.length + payload.length,
  };
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch (cause) {
    throw new SdkError("json_invalid", "expected data to be UTF-8, got other bytes", { cause });
  }
}

function assertTime(occurredAtMs: number): void {
  if (Number.isInteger(occurredAtMs) && occurredAtMs >= 0 && occurredAtMs <= OCCURRED_AT_MS_MAX) {
    return;
  }
  throw new SdkError(
    "time_invalid",
    `expected occurredAtMs to be whole milliseconds in the years 1970 to 9999, got ${occurredAtMs}`,
  );
}
