import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryInbox } from "../src/inbox/memory.ts";
import { adyenPlatform } from "../src/providers/adyen.ts";
import { createReceiver } from "../src/receiver/create-receiver.ts";
import { hmacBase64 } from "./sender.ts";

const KEY = "44".repeat(32);
const provider = adyenPlatform({ secret: KEY });

async function answered(receiver: { fetch(request: Request): Promise<Response> }, event: object) {
  const body = JSON.stringify(event);
  const hmacsignature = hmacBase64("sha256", Buffer.from(KEY, "hex"), body);
  const request = { method: "POST", headers: { hmacsignature }, body };
  const response = await receiver.fetch(new Request("https://shop.example/adyen", request));
  const duplicate = response.headers.get("webhook-duplicate");
  return [response.status, await response.text(), duplicate];
}

test("a sender that waits for certain words gets them for every event that it need not send again", async () => {
  const receiver = createReceiver({ endpoint: "adyen", provider, inbox: memoryInbox() });
  receiver.on("handled", () => {});
  receiver.on("fails", () => {
    throw new Error("no connection");
  });
  receiver.on("speaks", () => ({ status: 201, body: "own words" }));
  assert.deepEqual(await answered(receiver, { type: "handled" }), [202, "[accepted]", null]);
  assert.deepEqual(await answered(receiver, { type: "handled" }), [202, "[accepted]", "true"]);
  assert.deepEqual(await answered(receiver, { type: "unknown" }), [202, "[accepted]", null]);
  assert.deepEqual(await answered(receiver, { type: "speaks" }), [201, "own words", null]);
  assert.deepEqual(await answered(receiver, { type: "fails" }), [500, "", null]);
});

test("they are said for an event that waits for its worker, too", async () => {
  const inbox = memoryInbox();
  const receiver = createReceiver({ endpoint: "adyen", provider, inbox, mode: "deferred" });
  receiver.on("handled", () => {});
  assert.deepEqual(await answered(receiver, { type: "handled" }), [202, "[accepted]", null]);
  assert.deepEqual(await answered(receiver, { type: "handled" }), [202, "[accepted]", "true"]);
});
