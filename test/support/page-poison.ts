/** A daemon into which strangers have put script wherever they may put text. */
import type { Page } from "playwright-core";

import type { DaemonClient } from "./daemon-client.ts";
import { until } from "./post-office.ts";
import { startReceiver } from "./receiver.ts";

/** Tells of itself when any of it runs, by whatever way. */
export const TRAP = `globalThis.caught = []; globalThis.trap = (how) => globalThis.caught.push(how);`;

/** Whatever ran; nothing where all of it was shown as text. */
export const caught = (page: Page): Promise<readonly string[]> =>
  page.evaluate("globalThis.caught");

const IMAGE = `<img src=x onerror="trap('image')">`;
const SCRIPT = `</script><script>trap("script")</script>`;
const LINK = `javascript:trap("link")`;

/** Each as a stranger can write it there: within the length and letters that the daemon takes. */
export const POISON = {
  text: `${IMAGE} ${SCRIPT} ${LINK}`,
  url: `x?<svg/onload=trap('url')>&to=${LINK}`,
  header: `${IMAGE}${SCRIPT}`,
} as const;

export interface Poisoned {
  readonly endpointId: string;
  readonly eventId: string;
  readonly deliveryId: string;
}

/** An endpoint, an event and an answer that are full of it. The receiver is gone afterwards. */
export async function poison(client: DaemonClient): Promise<Poisoned> {
  await using receiver = await startReceiver((_request, response) => {
    response.writeHead(500, { "content-type": "text/html", "x-poison": POISON.header });
    response.end(POISON.text);
  });
  const endpoint = await client.must("POST /v1/endpoints", {
    url: `${receiver.url}/${POISON.url}`,
    description: POISON.text,
    headers: { "x-poison": POISON.header },
    filter: { note: POISON.text },
  });
  await client.must("POST /v1/applications", { name: "other" });
  await client.must("POST /v1/keys", { name: POISON.text.slice(0, 60), scopes: ["read"] });
  await client.must("PUT /v1/event-types/order.paid", {
    description: POISON.text,
    schema: { description: POISON.text },
  });
  const { id } = await client.must("POST /v1/events", {
    type: "order.paid",
    tenant: POISON.text,
    ordering_key: POISON.text,
    data: { note: POISON.text, [POISON.text]: [POISON.text] },
  });
  const deliveryId = await until(async () => {
    const { data } = await client.must(`GET /v1/deliveries?event_id=${id}`);
    return data[0]?.attempt_count > 0 && (data[0].id as string);
  }, "an attempt");
  return { endpointId: endpoint.id, eventId: id, deliveryId };
}
