/** Settings changed while a daemon runs: the next attempt goes by them, and so does the next daemon. */
import assert from "node:assert/strict";
import { after, test } from "node:test";

import { openPostOffice } from "./support/post-office.ts";
import { startReceiver } from "./support/receiver.ts";

/** As it comes from the box: nothing private may be reached. */
const office = await openPostOffice({});
after(() => office.close());

test("a grant opens a target at the next attempt, and its end closes it, whatever connections are open", async () => {
  await using receiver = await startReceiver();
  const desk = await office.desk();
  const { id } = await desk.endpoint(receiver.url, { backoff: [] });
  const attempt = async () => (await desk.must(`POST /v1/endpoints/${id}/test`)).last_error;
  assert.equal(await attempt(), "egress_blocked");
  const grant = `127.0.0.1:${receiver.port}`;
  await desk.must("PATCH /v1/settings", { egress_allow: [grant] });
  assert.equal(await attempt(), null);
  assert.equal(receiver.connectionCount(), 1);
  await desk.must("PATCH /v1/settings", { egress_allow: [] });
  assert.equal(await attempt(), "egress_blocked");
  assert.equal(receiver.requests.length, 1);
});

test("what the configuration says is shown with where it was said", async () => {
  const desk = await office.desk();
  const { configuration, pinned } = await desk.must("GET /v1/settings");
  const dataDir = configuration.find(({ name }: { name: string }) => name === "POSTHORN_DATA_DIR");
  assert.equal(dataDir.value, office.dataDir);
  assert.notEqual(dataDir.origin, "default");
  assert.deepEqual(pinned, []);
});
