/** What deliveries are asked for by, in lists and where many are moved at once. */
import { z } from "zod";
import { AppError, expected } from "../domain/errors.ts";
import type { DeliveryQuery } from "../domain/stores.ts";
import { SHOWN_STATES } from "./delivery-json.ts";
import type { ApiNeeds } from "./needs.ts";
import { msOf, pageQuery, present, searchText, time } from "./schemas.ts";
import { inWords } from "./wanted.ts";

const status = inWords(
  "a status such as 500, a class such as 5xx, or none",
  z.string().regex(/^(?:[1-9]\d\d|[1-9]xx|none)$/),
);

/** Each member narrows what is meant; none of them is every delivery of the application. */
export const deliveryFilter = {
  event_id: z.string().optional().describe("Of this event."),
  endpoint_id: z.string().optional().describe("To this endpoint."),
  state: z
    .enum(SHOWN_STATES)
    .optional()
    .describe(
      "`pending` includes those in flight. A page of `in_flight` may be empty and still have a next one.",
    ),
  type: z.string().optional().describe("The event's type."),
  tenant: z.string().optional().describe("The event's tenant."),
  from: time.optional().describe("Created at this time or later."),
  to: time.optional().describe("Created before this time."),
  error: z.string().max(64).optional().describe("The last attempt's error code, such as http_500."),
  status: status
    .optional()
    .describe(
      "What the last attempt was answered with: `500`, or `2xx`, `4xx`, `5xx`; `none` where one was made and not answered.",
    ),
  text: searchText
    .optional()
    .describe(
      "A piece of text in its id, its event's or endpoint's id, type, tenant, ordering key, last " +
        "error, or the event's body, as it was sent; A to Z stand for a to z as well. A page looks " +
        "through a bounded number of deliveries, so it may be short or empty and still have a next one.",
    ),
};

export const deliveryQuery = z.strictObject({
  ...deliveryFilter,
  is_test: z
    .enum(["true", "false"])
    .optional()
    .describe("Only those of endpoints' tests, or only others."),
  ...pageQuery,
});

interface PageJson {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

const filterObject = z.strictObject(deliveryFilter);

/** In a query `is_test` is a word, in a body it is true or false. */
export type DeliveryFilterJson = z.infer<typeof filterObject> & {
  readonly is_test?: "true" | "false" | boolean | undefined;
};

/** As the store is asked. `in_flight` is `pending` there. Throws `not_found` for an event or endpoint that is unknown. */
export async function storeQuery(
  needs: ApiNeeds,
  applicationSeq: number,
  filter: DeliveryFilterJson & PageJson,
): Promise<DeliveryQuery> {
  const eventSeq = await eventSeqOf(needs, applicationSeq, filter.event_id);
  const endpointSeq = endpointSeqOf(needs, applicationSeq, filter.endpoint_id);
  return {
    applicationSeq,
    limit: filter.limit,
    after: filter.cursor ?? null,
    ...present({ eventSeq, endpointSeq, type: filter.type, tenant: filter.tenant }),
    ...present({ state: filter.state === "in_flight" ? "pending" : filter.state }),
    ...present({ fromMs: msOf(filter.from), toMs: msOf(filter.to), lastError: filter.error }),
    ...present({
      lastStatus: statusOf(filter.status),
      isTest: isTrue(filter.is_test),
      text: filter.text,
    }),
  };
}

/** A filter by an unknown id is refused: an empty list would look as if nothing had been sent. */
async function eventSeqOf(
  { read }: ApiNeeds,
  applicationSeq: number,
  id: string | undefined,
): Promise<number | undefined> {
  if (id === undefined) return undefined;
  const event = await read.event(applicationSeq, id);
  if (event === null) throw unknown("event_id", "event", id);
  return event.seq;
}

function endpointSeqOf(
  { directory }: ApiNeeds,
  applicationSeq: number,
  id: string | undefined,
): number | undefined {
  if (id === undefined) return undefined;
  const endpoint = directory.endpointById(applicationSeq, id);
  if (endpoint === undefined) throw unknown("endpoint_id", "endpoint", id);
  return endpoint.seq;
}

function unknown(what: string, noun: string, id: string): AppError {
  return new AppError("not_found", expected(what, `that of an ${noun} of this application`, id));
}

function isTrue(value: string | boolean | undefined): boolean | undefined {
  return value === undefined ? undefined : String(value) === "true";
}

function statusOf(text: string | undefined): DeliveryQuery["lastStatus"] {
  if (text === undefined || text === "none") return text;
  const [from, to] = [text.replace("xx", "00"), text.replace("xx", "99")];
  return { from: Number(from), to: Number(to) };
}
