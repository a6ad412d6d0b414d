import type { DestinationStream } from "pino";
import { pino } from "pino";

import type { Config } from "../domain/config.ts";
import type { Log } from "../domain/ports.ts";
import { redacted, redactedText } from "./redact.ts";

/** A log that can be emptied before the process ends. */
export interface OpenLog extends Log {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** Resolves when every line has left the process, or when its reader has had a second for it. */
  flush(): Promise<void>;
}

/**
 * Lines that a reader has not taken yet. Beyond it lines are dropped: a stuck reader may cost
 * lines, never memory or deliveries.
 */
const BUFFER_BYTES_MAX = 4 * 1024 * 1024;
const FLUSH_MS_MAX = 1_000;

/**
 * Writes to the standard output. Whatever looks like a secret is hidden, by name and by form, in
 * both formats.
 */
export function openLog(settings: Config["log"]): OpenLog {
  const out = pino.destination({ dest: 1, sync: false, maxLength: BUFFER_BYTES_MAX });
  let isWriting = false;
  // An error: a reader that has gone away (a closed pipe) must not take the daemon with it.
  for (const event of ["drain", "error"]) out.on(event, () => (isWriting = false));
  const log = createLog(settings, (line) => {
    isWriting = true;
    out.write(line);
  });
  return {
    ...log,
    // Not its `flushSync`, which overtakes the line that is being written.
    flush: () =>
      new Promise((resolve) => {
        if (!isWriting) return resolve();
        const timer = setTimeout(resolve, FLUSH_MS_MAX);
        for (const event of ["drain", "error"]) {
          out.once(event, () => {
            clearTimeout(timer);
            resolve();
          });
        }
      }),
  };
}

/** The same, to any place; `write` is given whole lines with their line end. */
export function createLog(
  settings: Config["log"],
  write: (line: string) => void,
): Omit<OpenLog, "flush"> {
  const stream: DestinationStream = {
    write: settings.format === "json" ? write : (line) => write(textLine(JSON.parse(line))),
  };
  const logger = pino(
    {
      level: settings.level,
      base: null,
      formatters: { level: (label) => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    stream,
  );
  const at =
    (level: Config["log"]["level"]) =>
    (message: string, fields: object = {}) => {
      if (!logger.isLevelEnabled(level)) return;
      logger[level](redacted(fields) as object, redactedText(message));
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

interface Line {
  readonly level: string;
  readonly time: string;
  readonly msg?: string;
  readonly [field: string]: unknown;
}

/** `2026-03-01T12:00:00.000Z warn  the message (field: value)`, a stack on the lines below. */
function textLine({ level, time, msg, ...fields }: Line): string {
  const stacks: string[] = [];
  const shown: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    const stack = stackOf(value);
    if (stack !== null) stacks.push(stack);
    else if (value !== null && value !== undefined) shown.push(`${name}: ${fieldText(value)}`);
  }
  const details = shown.length === 0 ? "" : ` (${shown.join(", ")})`;
  const below = stacks.map((stack) => `\n    ${stack.replaceAll("\n", "\n    ")}`).join("");
  return `${time} ${level.padEnd(5)} ${oneLine(msg ?? "")}${details}${below}\n`;
}

function stackOf(value: unknown): string | null {
  if (typeof value !== "object" || value === null || !("stack" in value)) return null;
  return typeof value.stack === "string" ? value.stack : null;
}

function fieldText(value: unknown): string {
  return typeof value === "string" ? oneLine(value) : JSON.stringify(value);
}

/**
 * A receiver's words can be in here: a line end in them would forge a line of the log, an escape
 * would repaint the terminal.
 */
function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (each) => JSON.stringify(each).slice(1, -1));
}
