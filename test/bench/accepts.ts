import { startBareServer } from "./bare-server.ts";
import { makeFolder } from "./children.ts";
import { startDaemon } from "./daemon.ts";
import { hasWrk, runLoad, WRK_MISSING } from "./load.ts";
import type { Finding, Scale } from "./report.ts";
import { paired } from "./report.ts";

const TYPES = ["order.paid"];

/** (h) What durability costs a producer: accepts per second of the daemon, to those of its way in with no store behind. */
export async function benchAccepts({ pairs, isQuick }: Scale): Promise<Finding> {
  if (!hasWrk) return { kind: "skipped", sentence: WRK_MISSING };
  const seconds = isQuick ? 1 : 4;
  const folder = makeFolder("accepts");
  const daemon = await startDaemon(folder.path);
  const { key } = daemon;
  const bare = await startBareServer(key);
  const accepts = async (url: string): Promise<number> => {
    const result = await runLoad({ url, key, seconds, types: TYPES });
    if (result.refused > 0) throw new Error(`expected every event accepted, got ${result.refused}`);
    return result.acceptedPerSecond;
  };
  try {
    const figure = await paired({
      name: "POST /v1/events, 64 connections: durable, to the same server that writes nothing",
      wanted: { atLeast: 0.6 },
      pairs,
      ours: () => accepts(daemon.url),
      theirs: () => accepts(bare.url),
      unit: "accepts/s",
    });
    return { kind: "measured", figures: [figure] };
  } finally {
    await bare.stop();
    await daemon.stop();
    folder.remove();
  }
}
