import { join } from "node:path";

import { Command, CommanderError } from "commander";

import { loadClientConfig, loadConfig } from "../config.ts";
import { listenUrl } from "../domain/setting-forms.ts";
import { SETTING_INFOS } from "../domain/settings.ts";
import { ADMIN } from "./admin.ts";
import { AGAIN } from "./again.ts";
import { APPLICATIONS } from "./applications.ts";
import type { Target } from "./client.ts";
import { openClient } from "./client.ts";
import { DELIVERIES } from "./deliveries.ts";
import { doctor } from "./doctor.ts";
import { ENDPOINTS } from "./endpoints.ts";
import { EVENT_TYPES } from "./event-types.ts";
import { EVENTS } from "./events.ts";
import type { ExitCode } from "./exit.ts";
import { CliFailure, EXIT, usageFailure } from "./exit.ts";
import { healthcheck } from "./healthcheck.ts";
import { KEYS } from "./keys.ts";
import { SEND } from "./send.ts";
import { checkConfig, showConfig, tellProblems } from "./show-config.ts";
import { TAIL } from "./tail.ts";
import { plain } from "./text.ts";
import type { Verb } from "./verb.ts";
import type { World } from "./world.ts";

/** Every verb that asks the daemon. */
export const VERBS: readonly Verb[] = [
  SEND,
  TAIL,
  ...ENDPOINTS,
  ...EVENTS,
  ...DELIVERIES,
  ...AGAIN,
  ...APPLICATIONS,
  ...KEYS,
  ...EVENT_TYPES,
  ...ADMIN,
];

const GROUPS: Readonly<Record<string, string>> = {
  endpoints: "Where events are delivered to",
  events: "What was sent",
  deliveries: "What became of it: one delivery for each event and endpoint",
  applications: "Producers' namespaces",
  keys: "API keys",
  admin: "Accounts of the page, for whoever has the machine",
  sessions: "Who is signed in",
  "event-types": "Types of events that were written down, with their schemas",
};

const EXIT_CODES = `
Exit codes:
  0 done, 1 failed or refused, 2 wrong command line or configuration,
  3 no daemon answers, 4 not found, 5 not allowed`;

type Options = Readonly<Record<string, unknown>>;

/**
 * Runs one command line (without the program's own name) and resolves with its exit code; never
 * rejects.
 */
export async function runCli(argv: readonly string[], world: World): Promise<ExitCode> {
  let code: ExitCode = EXIT.done;
  let isJson = false;
  const program = newProgram(world, (run) => async (command: Command) => {
    isJson = command.opts()["json"] === true;
    code = await run(command);
  });
  try {
    await program.parseAsync([...argv], { from: "user" });
    return code;
  } catch (error) {
    return tellFailure(world, error, isJson);
  }
}

function tellFailure(world: World, error: unknown, isJson: boolean): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (!(error instanceof CliFailure)) {
    const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
    world.err(`posthorn: ${trace}\n`);
    return EXIT.failed;
  }
  if (isJson && error.document !== null) world.err(`${error.document}\n`);
  else for (const line of error.message.split("\n")) world.err(`posthorn: ${plain(line)}\n`);
  return error.exitCode;
}

type Run = (command: Command) => Promise<ExitCode> | ExitCode;
type Act = (run: Run) => (command: Command) => Promise<void>;

function newProgram(world: World, act: Act): Command {
  const program = new Command("posthorn")
    .description("A post office for webhooks")
    .version(world.version)
    // Else a command takes the options of those below it for its own.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: world.out,
      writeErr: world.err,
      outputError: (text, write) => write(text.replace(/^error: /, "posthorn: ")),
    })
    .addHelpText("after", EXIT_CODES);
  addServe(program, world, act);
  for (const verb of VERBS) addVerb(program, world, act, verb);
  addLocalVerbs(program, world, act);
  return program;
}

function addServe(program: Command, world: World, act: Act): void {
  const command = withDaemonOptions(program.command("serve"))
    .description("Run the daemon")
    .addHelpText(
      "after",
      "\nExample:\n  posthorn serve --listen :7678 --data-dir /var/lib/posthorn",
    );
  command.action(() =>
    act(async () => {
      const loaded = loadConfig(flagsOf(command), configFileOf(command));
      if (loaded.kind === "bad") return tellProblems(world, loaded.problems);
      // Only here: the log alone costs every other verb a third of its start.
      const { serve } = await import("./serve.ts");
      return serve(world, loaded.config);
    })(command),
  );
}

/**
 * Each setting of the daemon as an option; a secret only by its file, since other users can read a
 * command line.
 */
function withDaemonOptions(command: Command): Command {
  command.option("--config <file>", "configuration file (default: ./posthorn.toml, if there)");
  for (const { key, flag, help, isSecret, fallback, variable } of SETTING_INFOS) {
    if (key === "url" || key === "apiKey") continue;
    const usual = fallback === null || fallback === "" ? "" : ` (default: ${fallback})`;
    const form = isSecret ? `--${flag}-file <file>` : `--${flag} <value>`;
    command.option(form, `${help}${usual} [${variable}${isSecret ? "_FILE" : ""}]`);
  }
  return command;
}

/** Options by the settings' keys: commander makes the same camel case of a flag. */
function flagsOf(command: Command): Record<string, string | undefined> {
  const { key, keyFile, ...options } = command.opts<Record<string, string | undefined>>();
  return { ...options, apiKey: key, apiKeyFile: keyFile };
}

function configFileOf(command: Command): string | null {
  const file: unknown = command.opts()["config"];
  return typeof file === "string" ? file : null;
}

function addVerb(program: Command, world: World, act: Act, verb: Verb): void {
  const words = verb.name.split(" ");
  const parent = words.slice(0, -1).reduce(groupOf, program);
  const command = parent.command(words.at(-1) ?? "").description(verb.summary);
  for (const [form, help] of verb.args ?? []) command.argument(form, help);
  for (const [form, help] of verb.options ?? []) command.option(form, help);
  withClientOptions(command).addHelpText("after", `\nExample:\n  posthorn ${verb.example}`);
  command.action(() =>
    act(async () => {
      const options: Options = command.opts();
      const { args } = command;
      const target = targetOf(command, verb.worksStopped);
      const app = options["app"];
      const client = openClient(target, typeof app === "string" ? app : null);
      const offlineDir = target.kind === "socket" ? target.dataDir : null;
      const isJson = options["json"] === true;
      await verb.run({ world, client, isJson, offlineDir, args, options });
      return EXIT.done;
    })(command),
  );
}

function groupOf(program: Command, name: string): Command {
  const known = program.commands.find((command) => command.name() === name);
  return known ?? program.command(name).description(GROUPS[name] ?? "");
}

function withClientOptions(command: Command): Command {
  return command
    .option("--json", "print the API's JSON")
    .option("--app <application>", "id or name of the application to act in (default: default)")
    .option("--url <url>", "where the daemon is (default: its local socket) [POSTHORN_URL]")
    .option("--key <key>", "API key for the URL; better by POSTHORN_API_KEY or --key-file")
    .option("--key-file <file>", "file that holds the API key [POSTHORN_API_KEY_FILE]")
    .option(
      "--data-dir <folder>",
      "the daemon's data directory, with its socket [POSTHORN_DATA_DIR]",
    )
    .option("--socket <path>", "the daemon's local socket [POSTHORN_SOCKET]")
    .option("--config <file>", "configuration file (default: ./posthorn.toml, if there)");
}

/** Where a daemon listens of which nothing is known but that it has a key. */
const USUAL_URL = "http://127.0.0.1:7678";

type LocalTarget = Extract<Target, { kind: "socket" }> & { readonly dataDir: string };

/** `worksStopped`: without a socket nobody can be asked, and yet something be done. */
function targetOf(
  command: Command,
  worksStopped = false,
): LocalTarget | Extract<Target, { kind: "url" }> {
  const loaded = loadClientConfig(flagsOf(command), configFileOf(command));
  if (loaded.kind === "bad") throw usageFailure(loaded.problems.join("\n"));
  const { url, apiKey, socketPath, dataDir } = loaded.config;
  if (url !== null || apiKey !== null) return { kind: "url", url: url ?? USUAL_URL, key: apiKey };
  if (socketPath !== null) return { kind: "socket", path: socketPath, dataDir };
  if (worksStopped) return { kind: "socket", path: join(dataDir, "posthorn.sock"), dataDir };
  throw usageFailure(
    "expected --url and --key to be given where there is no local socket, got neither",
  );
}

/** As others, but a health check asks nothing that needs a key, so the daemon's own address will do. */
function healthTargetOf(command: Command): Target {
  const client = loadClientConfig(flagsOf(command), configFileOf(command));
  const hasNone = client.kind === "good" && client.config.url === null;
  if (!hasNone || client.config.socketPath !== null) return targetOf(command);
  const daemon = loadedFor(command);
  if (daemon.kind === "bad") throw usageFailure(daemon.problems.join("\n"));
  const { listen, basePath } = daemon.config;
  return { kind: "url", url: listenUrl(listen.host, listen.port, basePath), key: null };
}

function addLocalVerbs(program: Command, world: World, act: Act): void {
  const health = withClientOptions(program.command("healthcheck"))
    .description("Exit with 0 where the daemon is alive, else with 1")
    .option("--ready", "whether it can take events, too")
    .addHelpText("after", "\nExample:\n  posthorn healthcheck --ready");
  health.action(() => {
    const { ready, json } = health.opts();
    const options = { isReady: ready === true, isJson: json === true };
    return act(() => healthcheck(world, () => openClient(healthTargetOf(health), null), options))(
      health,
    );
  });
  const examined = withDaemonOptions(program.command("doctor"))
    .description("Look at all that a daemon here needs, running or not")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  posthorn doctor --data-dir /var/lib/posthorn");
  examined.action(() =>
    act(() => doctor(world, loadedFor(examined), isJsonOf(examined)))(examined),
  );
  addConfigVerbs(program, world, act);
  const version = program
    .command("version")
    .description("Print the version")
    .addHelpText("after", "\nExample:\n  posthorn version --json");
  version.option("--json", "print JSON").action(() => {
    const found = { version: world.version, node: process.version };
    const text = `posthorn ${found.version} (Node ${found.node})`;
    world.out(`${isJsonOf(version) ? JSON.stringify(found) : text}\n`);
  });
}

function addConfigVerbs(program: Command, world: World, act: Act): void {
  const shown = withDaemonOptions(program.command("config"))
    .enablePositionalOptions()
    .description("Print every setting in effect and where it comes from")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  posthorn config\n  posthorn config check");
  shown.action(() => act(() => showConfig(world, loadedFor(shown), isJsonOf(shown)))(shown));
  const checked = withDaemonOptions(shown.command("check"))
    .description("Exit with 0 where the configuration is valid, else with 2")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  posthorn config check --config /etc/posthorn.toml");
  checked.action(() =>
    act(() => checkConfig(world, loadedFor(checked), isJsonOf(checked)))(checked),
  );
}

function loadedFor(command: Command) {
  return loadConfig(flagsOf(command), configFileOf(command));
}

function isJsonOf(command: Command): boolean {
  return command.opts()["json"] === true;
}
