import { resolve as resolvePath } from "node:path";
import type { Config } from "../domain/config.ts";
import { StartRefused } from "../domain/errors.ts";
import type { OpenLog } from "../system/log.ts";
import { openLog } from "../system/log.ts";
import { openTimers } from "../system/timers.ts";
import type { ExitCode } from "./exit.ts";
import { EXIT } from "./exit.ts";
import type { App, World } from "./world.ts";

/**
 * Beyond `shutdownMs`, for what follows the attempts: answers under way, the last records, closing
 * the file.
 */
const CLOSING_MS = 5_000;
/**
 * After a clean stop nothing keeps the process alive; where something does it is our fault and not
 * the operator's wait.
 */
const LINGER_MS = 1_000;

/**
 * Runs the daemon until SIGTERM or SIGINT, then stops it: attempts under way may end within
 * `shutdownMs`. A second signal, or a fault that nobody caught, ends the process at once; whatever
 * was acknowledged is on the disk.
 */
export async function serve(world: World, config: Config): Promise<ExitCode> {
  // Whatever the service manager allows a group or others: no file of the daemon is anybody else's to read.
  process.umask(0o077);
  const log = openLog(config.log);
  dieOfFaults(log);
  const signal = firstSignal(log);
  const app = await start(world, config, log);
  if (app === null) return EXIT.failed;
  announce(world, config, log, app);
  log.info(`stopping on ${await signal}`);
  const isStopped = await stopWithin(app, config.limits.shutdownMs + CLOSING_MS, log);
  log.info("stopped");
  await log.flush();
  const code = isStopped ? EXIT.done : EXIT.failed;
  openTimers().after(LINGER_MS, () => process.exit(code));
  return code;
}

/**
 * The state of a process after such a fault is unknown; the database's is not. A service manager
 * starts it again.
 */
function dieOfFaults(log: OpenLog): void {
  const die = (message: string) => (error: unknown) => {
    log.error(message, { error });
    exitAfter(log);
  };
  process.on("uncaughtException", die("a fault that nobody caught; the daemon ends"));
  process.on("unhandledRejection", die("a rejection that nobody handled; the daemon ends"));
}

/** Gives the log's reader a moment for the last line, which says why. */
function exitAfter(log: OpenLog): void {
  void log.flush().then(() => process.exit(EXIT.failed));
}

/** Resolves with the first signal's name; the second one ends the process. */
function firstSignal(log: OpenLog): Promise<string> {
  return new Promise((resolve) => {
    let isAsked = false;
    const onSignal = (name: string) => {
      if (isAsked) {
        log.warn(`ending at once on a second ${name}`);
        return exitAfter(log);
      }
      isAsked = true;
      return resolve(name);
    };
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
  });
}

async function start(world: World, config: Config, log: OpenLog): Promise<App | null> {
  try {
    return await world.startApp(config, log);
  } catch (error) {
    // A sentence that says what would have to change; a stack only where it is a fault of ours.
    if (!(error instanceof StartRefused)) log.error("can't start", { error });
    else if (config.log.format === "json") log.error(`can't start: ${error.message}`);
    else world.err(`posthorn: ${error.message}\n`);
    await log.flush();
    return null;
  }
}

async function stopWithin(app: App, limitMs: number, log: OpenLog): Promise<boolean> {
  const timers = openTimers();
  const late = new Promise<false>((resolve) => {
    timers.after(limitMs, () => resolve(false));
  });
  const stopping = app.stop().then(
    () => true,
    (error: unknown) => {
      log.error("stopping failed", { error });
      return false;
    },
  );
  const isStopped = await Promise.race([stopping, late]);
  if (!isStopped) log.error("not stopped in time, or not well; the next start goes on from here");
  return isStopped;
}

function announce(world: World, config: Config, log: OpenLog, app: App): void {
  const { dataDir, log: form } = config;
  if (form.format === "json") {
    const page = app.hasPage ? { page: pageUrl(app) } : {};
    const claim = app.hasPage && app.claimCode !== null ? { claim_code: app.claimCode } : {};
    log.info("listening", { url: app.url, pid: process.pid, data_dir: dataDir, ...page, ...claim });
    return;
  }
  world.out(greeting(world.version, app, dataDir, resolvePath("data", "posthorn.sock")));
}

function pageUrl({ url }: App): string {
  return url.endsWith("/") ? url : `${url}/`;
}

/** Where the page is, and what it asks for while nobody has an account. */
function pageWords(app: App): string {
  if (!app.hasPage) return "";
  if (app.claimCode === null) return `  The operator's page: ${pageUrl(app)}\n\n`;
  return `  Open ${pageUrl(app)} and make the first account.
  From outside this machine's own network it asks for the claim code: ${app.claimCode}

`;
}

/** What a person reads who has started it for the first time. `usualSocket`: where the command looks unless it is told. */
export function greeting(version: string, app: App, dataDir: string, usualSocket: string): string {
  const event = `'{"type":"hello.world","data":{"hello":"world"}}'`;
  const socket = app.localSocket === null ? null : shellWord(app.localSocket);
  // Without it the command would find no daemon, or another one.
  const where = socket === null || app.localSocket === usualSocket ? "" : ` --socket ${socket}`;
  const curl =
    socket === null
      ? `curl -H "Authorization: Bearer $KEY" ${app.url}/v1/events \\`
      : `curl --unix-socket ${socket} http://localhost/v1/events \\`;
  return `Posthorn ${version} listens on ${app.url} and keeps its data in ${dataDir}

${pageWords(app)}  Make an endpoint, and send it a first event:
    npx posthorn endpoints create https://example.com/hook${where}
    npx posthorn send --type hello.world --data '{"hello":"world"}'${where}
  The same with curl:
    ${curl}
      -H 'Content-Type: application/json' -d ${event}

`;
}

function shellWord(text: string): string {
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
