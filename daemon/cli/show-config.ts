import type { Loaded } from "../config.ts";
import type { Config } from "../domain/config.ts";
import type { ExitCode } from "./exit.ts";
import { EXIT } from "./exit.ts";
import { tableText } from "./text.ts";
import type { World } from "./world.ts";

/** Prints every value in effect and where it comes from. */
export function showConfig(world: World, loaded: Loaded<Config>, isJson: boolean): ExitCode {
  if (loaded.kind === "bad") return tellProblems(world, loaded.problems);
  const { settings } = loaded;
  if (isJson) world.out(`${JSON.stringify({ settings })}\n`);
  else {
    const rows = settings.map(({ name, value, origin }) => [name, value ?? "-", origin]);
    world.out(`${tableText(["SETTING", "VALUE", "FROM"], rows)}\n`);
  }
  return EXIT.done;
}

export function checkConfig(world: World, loaded: Loaded<Config>, isJson: boolean): ExitCode {
  const problems = loaded.kind === "bad" ? loaded.problems : [];
  if (isJson) {
    world.out(`${JSON.stringify({ ok: problems.length === 0, problems })}\n`);
    return problems.length === 0 ? EXIT.done : EXIT.usage;
  }
  if (problems.length > 0) return tellProblems(world, problems);
  world.out("The configuration is valid.\n");
  return EXIT.done;
}

export function tellProblems(world: World, problems: readonly string[]): ExitCode {
  for (const problem of problems) world.err(`posthorn: ${problem}\n`);
  return EXIT.usage;
}
