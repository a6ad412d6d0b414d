/** `npm run demo`: the main job of the post office on real input, in less than a minute. Ends with 1 where anything is lost. */
import { createPainter } from "./screen.ts";
import { tellStory } from "./story.ts";

const INTERRUPTED = 130;
/** A narrower terminal would break the lines, and a scene could not be painted over the last one. */
const COLUMNS_MIN = 80;

const interrupt = new AbortController();
process.once("SIGINT", () => interrupt.abort());
process.once("SIGTERM", () => interrupt.abort());

const { stdout } = process;
const canPaint = stdout.isTTY && stdout.columns >= COLUMNS_MIN;
const painter = createPainter((text) => void stdout.write(text), canPaint);
try {
  const rows = await tellStory(painter, interrupt.signal);
  process.exitCode = rows.every(({ lost }) => lost === 0) ? 0 : 1;
} catch (error) {
  if (!interrupt.signal.aborted) throw error;
  painter.say("", "Interrupted. The daemon is stopped, and nothing is left behind.");
  process.exitCode = INTERRUPTED;
}
