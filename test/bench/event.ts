/** `data` of every event that is measured: about 1 KB, as JSON text. */
export const EVENT_DATA = Buffer.from(
  JSON.stringify({ invoice: "in_1Mq", amount: 4_200, lines: "x".repeat(880) }),
);

/** The body of `POST /v1/events` that carries it. */
export function requestBody(type: string): string {
  return `{"type":"${type}","data":${EVENT_DATA.toString()}}`;
}
