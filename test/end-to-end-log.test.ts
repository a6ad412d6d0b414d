import assert from "node:assert/strict";
import { test } from "node:test";

import { TEST_KEY } from "./support/daemon-client.ts";
import { LOOPBACK, openPostOffice, SECRET_WORDS } from "./support/post-office.ts";
import { startReceiver } from "./support/receiver.ts";

test("a daemon logs no key, no secret and no credentials, however much goes wrong", async (t) => {
  await using receiver = await startReceiver((_request, response) => {
    response.writeHead(410, { "webhook-delivery": "disable" }).end("hush-hush of the receiver");
  });
  const office = await openPostOffice({ ...LOOPBACK, POSTHORN_LOG: "json" });
  // Or it would outlive a test that fails, whose process then waits for it.
  t.after(() => office.daemon.kill());
  const desk = await office.desk();
  const auth = { type: "bearer", token: "hush-hush" };
  const made = [];
  for (const profile of ["standard", "timestamped", "digest", "topic"]) {
    made.push(await desk.endpoint(receiver.url, { profile, auth, secret: undefined }));
  }
  const pair = await desk.endpoint(receiver.url, {
    signature: "v1a",
    headers: { "X-Auth": "hush-hush" },
  });
  const { key, id: keyId } = await desk.must("POST /v1/keys", { name: "k", scopes: ["manage"] });
  const event = await desk.send({ password: "hush-hush" });
  for (const { id } of [...made, pair]) await desk.becomes(event, "exhausted", id);
  await desk.must(`POST /v1/endpoints/${pair.id}/rotate-secret`);
  await desk.must(`DELETE /v1/keys/${keyId}`);
  for (const wrong of [key, "phk_of-nobody", `${TEST_KEY}x`]) {
    assert.equal((await desk.ask("GET /v1/events", { key: wrong })).status, 401);
  }
  const url = `http://user:hush-hush@${receiver.url.slice("http://".length)}/`;
  assert.equal((await desk.ask("POST /v1/endpoints", { body: { url } })).status, 400);
  assert.equal((await desk.ask(`GET /v1/hush-hush?key=${key}`)).status, 404);

  // The search itself must be able to find: each of these is a secret that it knows by its form.
  for (const secret of [
    ...made.slice(0, 1).map((each) => each.secret),
    pair.secret,
    key,
    TEST_KEY,
  ]) {
    assert.match(secret, SECRET_WORDS);
  }
  await office.close();
  const log = office.daemon.output();
  assert.match(log, /"msg":"endpoint disabled"/);
  for (const { secret } of [...made, pair]) assert.ok(!log.includes(secret));
});
