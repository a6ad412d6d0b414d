import { assertOptions } from "../verify/options.ts";
import { expected, kindOf } from "../verify/webhook-error.ts";

/** Of all SQL inboxes together: each takes some of them, and none that is not here. */
const SQL_OPTIONS = [
  "table",
  "lockWaitMs",
  "dialect",
  "timers",
  "sql",
  "transactionTimeoutMs",
  "connectTimeoutMs",
];

/** Throws `CONFIG_INVALID` for a misspelt option, which would be silently without effect. */
export function checkSqlOptions(options: object): void {
  assertOptions("an inbox", options, SQL_OPTIONS);
}

/** Throws `CONFIG_INVALID` for what has not the one method by which a driver's handle is known. */
export function checkHandle(wanted: string, handle: unknown, method: string): void {
  const given = (handle ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof given[method] === "function") return;
  throw expected("CONFIG_INVALID", `${wanted}, with ${method}()`, kindOf(handle));
}
