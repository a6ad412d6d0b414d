import { builtinModules } from "node:module";
import { posix } from "node:path";
import { isSource, type Import, type Source, type TextFile } from "./house-source.ts";
import {
  BANNED_TEXTS,
  DOORS,
  EFFECTS,
  FOLDERS_WITH_README,
  FUNCTION_LINES_MAX,
  LINES_MAX,
  MUZZLES,
  PACKAGE_OWNERS,
  type Room,
  ROOMS,
  ROOMS_WITHOUT_EFFECTS,
  TOP_LEVEL,
} from "./house-table.ts";

/** Each law returns its violations as sentences that begin with the file; none is good. */
type SourceLaw = (sources: readonly Source[]) => readonly string[];
type TextLaw = (files: readonly TextFile[]) => readonly string[];

const WITHOUT_EXTRAS = { mayImportTypes: [] as readonly string[] };

/** The room in which a file stands: the longest that begins its path. Null for a file in no room. */
export function roomOf(path: string): string | null {
  const names = Object.keys(ROOMS).filter((name) => isIn(path, name));
  return names.toSorted((left, right) => right.length - left.length)[0] ?? null;
}

function isIn(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}

export const standInRooms: SourceLaw = (sources) =>
  sources
    .filter(({ path }) => roomOf(path) === null)
    .map(({ path }) => `${path} stands in no room of the house`);

export const importOnlyWhatTheRoomMay: SourceLaw = (sources) =>
  sources.flatMap((source) => {
    const name = roomOf(source.path);
    const room = name === null ? undefined : ROOMS[name];
    if (name === null || room === undefined) return [];
    return source.imports.flatMap((each) => {
      const complaint = complaintAbout(each, name, room);
      return complaint === null ? [] : [`${source.path}:${each.line} ${complaint}`];
    });
  });

function complaintAbout(each: Import, name: string, room: Room): string | null {
  if (each.target !== null) return complaintAboutRoom(each, each.target, name, room);
  if (isBuiltin(each.specifier)) return complaintAboutBuiltin(each.specifier, name, room);
  return complaintAboutPackage(packageOf(each.specifier), name, room);
}

function complaintAboutRoom(each: Import, target: string, name: string, room: Room): string | null {
  const other = roomOf(target);
  if (other === null) return `imports ${each.specifier}, which is in no room of the house`;
  if (other === name || room.mayImport === "any" || room.mayImport.includes(other)) return null;
  const { mayImportTypes } = { ...WITHOUT_EXTRAS, ...room };
  if (!mayImportTypes.includes(other)) return `imports ${other}, which ${name} may not`;
  return each.isTypeOnly
    ? null
    : `imports a value of ${other}, of which ${name} may only import types`;
}

function complaintAboutBuiltin(specifier: string, name: string, room: Room): string | null {
  if (!specifier.startsWith("node:")) return `imports ${specifier}: say node:${specifier}`;
  const base = specifier.split("/")[0] ?? specifier;
  if (room.packages === "any") return null;
  if (room.builtins !== "any" && !room.builtins.includes(base)) {
    return `imports ${specifier}, and ${name} may not import it`;
  }
  const owners = PACKAGE_OWNERS[base];
  if (owners === undefined || owners.includes(name) || name === "packaging") return null;
  return `imports ${specifier}, which belongs to ${owners.join(", ") || "nobody"}`;
}

function complaintAboutPackage(specifier: string, name: string, room: Room): string | null {
  if (room.packages === "any") return null;
  if (room.packages === "none") return `imports ${specifier}, and ${name} may not import packages`;
  const owners = PACKAGE_OWNERS[specifier];
  if (owners === undefined) return `imports ${specifier}, which has no owner`;
  return owners.includes(name)
    ? null
    : `imports ${specifier}, which belongs to ${owners.join(", ")}`;
}

function isBuiltin(specifier: string): boolean {
  return specifier.startsWith("node:") || builtinModules.includes(specifier);
}

/** `@koa/router/x` and `kysely/y` are `@koa/router` and `kysely`. */
function packageOf(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

export const keepEffectsAtHome: SourceLaw = (sources) =>
  sources
    .filter(({ path }) => ROOMS_WITHOUT_EFFECTS.some((room) => isIn(path, room)))
    .flatMap(({ path, mentions }) =>
      EFFECTS.filter(({ homes }) => !homes.some((home) => isIn(path, home))).flatMap((effect) =>
        mentions
          .filter(({ word }) => effect.words.includes(word))
          .map(
            ({ word, line }) =>
              `${path}:${line} says ${word}, which only ${effect.homes.join(", ")} may (${effect.name})`,
          ),
      ),
    );

export const importInNoCircle: SourceLaw = (sources) => {
  const files = sources.map(({ path, imports }) => [path, targets(imports)] as const);
  return circles(new Map(files)).map((circle) => `${circle.join(" → ")} is a circle of imports`);
};

/** Rooms count each import, of a type as well: a circle of types is a circle in the reader's head. */
export const joinRoomsInNoCircle: SourceLaw = (sources) => {
  const rooms = new Map<string, Set<string>>();
  for (const { path, imports } of sources) {
    const room = roomOf(path);
    if (room === null || ROOMS[room]?.packages === "any") continue;
    const others = targets(imports).flatMap((target) => roomOf(target) ?? []);
    const known = rooms.get(room) ?? new Set();
    for (const other of others) if (other !== room) known.add(other);
    rooms.set(room, known);
  }
  return circles(rooms).map((circle) => `${circle.join(" → ")} is a circle of rooms`);
};

function targets(imports: readonly Import[]): readonly string[] {
  return imports.flatMap(({ target }) => target ?? []);
}

/** One circle for each place where a walk along the edges meets itself; each begins and ends with the same name. */
function circles(edges: ReadonlyMap<string, Iterable<string>>): readonly (readonly string[])[] {
  const found: string[][] = [];
  const finished = new Set<string>();
  const walk = (name: string, trail: readonly string[]): void => {
    const at = trail.indexOf(name);
    if (at !== -1) found.push([...trail.slice(at), name]);
    if (at !== -1 || finished.has(name)) return;
    for (const next of edges.get(name) ?? []) walk(next, [...trail, name]);
    finished.add(name);
  };
  for (const name of edges.keys()) walk(name, []);
  return found;
}

export const keepFilesShort: SourceLaw = (sources) =>
  sources
    .filter(({ lines }) => lines > LINES_MAX)
    .map(({ path, lines }) => `${path} has ${lines} lines, at most ${LINES_MAX} are allowed`);

export const keepFunctionsShort: SourceLaw = (sources) =>
  sources.flatMap(({ path, functions }) =>
    functions
      .filter(({ lines }) => lines > FUNCTION_LINES_MAX)
      .map(
        ({ name, line, lines }) =>
          `${path}:${line} ${name} has ${lines} lines, at most ${FUNCTION_LINES_MAX} are allowed`,
      ),
  );

export const muzzleNoTool: SourceLaw = (sources) =>
  sources.flatMap(({ path, comments }) =>
    comments.flatMap(({ text, line }) =>
      MUZZLES.filter((muzzle) => text.includes(muzzle)).map(
        (muzzle) => `${path}:${line} says ${muzzle}`,
      ),
    ),
  );

export const exportNames: SourceLaw = (sources) =>
  sources.flatMap(({ path, defaultExportLines }) =>
    defaultExportLines.map((line) => `${path}:${line} has a default export`),
  );

export const buildNoBarrels: SourceLaw = (sources) =>
  sources
    .filter(({ path }) => !DOORS.includes(path))
    .filter(({ path, isBarrel }) => isBarrel || /^index\.\w+$/u.test(posix.basename(path)))
    .map(({ path }) => `${path} is a barrel: import from the file that has the thing`);

export const keepTheTopClear: TextLaw = (files) => {
  const names = new Set(files.map(({ path }) => path.split("/")[0] ?? path));
  return [...names]
    .filter((name) => !name.startsWith(".") && !TOP_LEVEL.includes(name))
    .map((name) => `${name} does not belong at the top`);
};

export const sayWhatEachRoomIs: TextLaw = (files) =>
  FOLDERS_WITH_README.flatMap((folder) => {
    if (!files.some((file) => isSource(file) && isIn(file.path, folder))) return [];
    const path = `${folder}/README.md`;
    const readme = files.find((file) => file.path === path);
    if (readme === undefined) return [`${path} is missing`];
    return isOneSentence(firstParagraph(readme.text))
      ? []
      : [`${path} does not begin with one sentence`];
  });

function firstParagraph(markdown: string): string {
  const paragraphs = markdown.split(/\n\s*\n/u).map((each) => each.trim());
  return paragraphs.find((each) => each !== "" && !each.startsWith("#")) ?? "";
}

function isOneSentence(paragraph: string): boolean {
  return paragraph.endsWith(".") && !/[.!?]\s+[A-Z]/u.test(paragraph);
}

export const sayNothingBanned: TextLaw = (files) =>
  files.flatMap(({ path, text }) =>
    text
      .split("\n")
      .flatMap((line, index) =>
        BANNED_TEXTS.filter(({ pattern }) => pattern.test(line)).map(
          ({ what }) => `${path}:${index + 1} has ${what}`,
        ),
      ),
  );

/** `npm ci` refuses a lock file that leaves out a package for another platform; npm itself writes such. */
export const keepTheLockWhole: TextLaw = (files) => {
  const lock = files.find(({ path }) => path === "package-lock.json");
  if (lock === undefined) return ["package-lock.json is missing"];
  const { packages } = JSON.parse(lock.text) as LockFile;
  const names = new Set(
    Object.keys(packages).map((path) => path.replace(/^.*node_modules\//u, "")),
  );
  return Object.values(packages).flatMap((entry) =>
    Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })
      .filter((name) => !names.has(name))
      .map((name) => `package-lock.json lacks ${name}: run packaging/complete-lock.mjs`),
  );
};

interface LockFile {
  readonly packages: Readonly<Record<string, LockEntry>>;
}

interface LockEntry {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}
