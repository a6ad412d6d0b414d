/** Accepts and delivers events for ever, and says each one's id once it is acknowledged: made to be killed. */
import { writeSync } from "node:fs";

import { openDesk } from "./store-desk.ts";
import { openTestStore } from "./store-sqlite.ts";

const desk = await openDesk(async () => openTestStore(process.argv[2] ?? ""));
const endpoint = await desk.endpoint();
for (;;) {
  const { eventId, deliveries } = await desk.send([endpoint]);
  writeSync(1, `${eventId}\n`);
  for (const delivery of deliveries) await desk.record(delivery, "ok");
}
