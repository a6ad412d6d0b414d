import { memoryInbox } from "../src/inbox/memory.ts";
import { testInbox } from "./support/inbox-conformance.ts";

testInbox("memory", null, async () => {
  // Another one would have rows of its own, so the limit is short for every test.
  const inbox = memoryInbox({ lockWaitMs: 40 });
  return { open: () => inbox, lockWaitMsMin: 40, effects: null, close: async () => {} };
});
