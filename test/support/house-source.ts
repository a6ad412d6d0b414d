import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { type Comment, parseSync } from "oxc-parser";

/** A file of the repository, or one that a test made up. `path` is relative to the root, with slashes. */
export interface TextFile {
  readonly path: string;
  readonly text: string;
}

export interface Import {
  /** As written: `./pattern.ts`, `kysely`, `node:fs`. */
  readonly specifier: string;
  /** The file it means, relative to the root; null for packages and Node's own modules. */
  readonly target: string | null;
  readonly isTypeOnly: boolean;
  readonly line: number;
}

/** A name that can reach the world: `Date.now`, `new Date()`, `setTimeout`, `node:crypto.randomBytes`, `node:crypto.*`. */
export interface Mention {
  readonly word: string;
  readonly line: number;
}

export interface FunctionSpan {
  readonly name: string;
  readonly line: number;
  readonly lines: number;
}

/** What the laws need to know of one source file. */
export interface Source extends TextFile {
  readonly lines: number;
  readonly imports: readonly Import[];
  readonly mentions: readonly Mention[];
  readonly functions: readonly FunctionSpan[];
  readonly comments: readonly { readonly text: string; readonly line: number }[];
  readonly defaultExportLines: readonly number[];
  /** True when the file has nothing of its own and only hands on what others export. */
  readonly isBarrel: boolean;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const SOURCE_NAME = /\.(?:ts|tsx|mts|js|mjs|jsx)$/u;
const GLOBALS_WITH_MEMBERS = new Set([
  "Date",
  "Math",
  "performance",
  "process",
  "crypto",
  "globalThis",
]);
const OPAQUE_NAME = /\.(?:png|ico|woff2|gz|db)$/u;

/** All text files that belong to the project: what .gitignore names, and `.git` itself, is left out. */
export function readRepository(root: string = ROOT): readonly TextFile[] {
  const ignored = readIgnored(root);
  const files: TextFile[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      if (isIgnored(entry.name, ignored)) continue;
      const path = posix.join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (entry.isFile() && !OPAQUE_NAME.test(path)) {
        files.push({ path, text: readFileSync(join(root, path), "utf8") });
      }
    }
  };
  walk("");
  return files;
}

function readIgnored(root: string): readonly string[] {
  const file = join(root, ".gitignore");
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
  return [".git", ...lines.map((line) => line.replace(/\/$/u, "")).filter((line) => line !== "")];
}

/** The two shapes that our .gitignore uses: a whole name, and `*` with an ending. */
function isIgnored(name: string, ignored: readonly string[]): boolean {
  return ignored.some((line) =>
    line.startsWith("*") ? name.endsWith(line.slice(1)) : name === line,
  );
}

export function isSource(file: TextFile): boolean {
  return SOURCE_NAME.test(file.path);
}

/** Parses one source file. Throws with its name when it has a syntax error. */
export function readSource(file: TextFile): Source {
  const { program, comments, errors } = parseSync(file.path, file.text);
  if (errors[0] !== undefined) throw new Error(`${file.path}: ${errors[0].message}`);
  const lineOf = lineCounter(file.text);
  const nodes: Found[] = [];
  collect(program as unknown as Node, null, null, nodes);
  const declared = new Set(nodes.flatMap(declaredNames));
  const body = (program as unknown as { readonly body: readonly Node[] }).body;
  return {
    ...file,
    lines: file.text.split("\n").length - (file.text.endsWith("\n") ? 1 : 0),
    imports: nodes.flatMap(({ node }) => importsOf(file.path, node, lineOf)),
    mentions: nodes.flatMap((found) => mentionsOf(found, declared, lineOf)),
    functions: functionsOf(nodes, lineOf),
    comments: comments.map((comment: Comment) => ({
      text: comment.value,
      line: lineOf(comment.start),
    })),
    defaultExportLines: nodes
      .filter(({ node }) => isDefaultExport(node))
      .map(({ node }) => lineOf(node.start)),
    isBarrel: body.length > 0 && body.every(isHandedOn),
  };
}

interface Found {
  readonly node: Node;
  readonly parent: Node | null;
  /** The property of the parent that holds the node. */
  readonly key: string | null;
}

function collect(node: Node, parent: Node | null, key: string | null, into: Found[]): void {
  into.push({ node, parent, key });
  for (const [name, value] of Object.entries(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isNode(child)) collect(child, node, name, into);
    }
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && typeof (value as Node).type === "string";
}

type LineOf = (offset: number) => number;

function lineCounter(text: string): LineOf {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return (offset) => {
    const next = starts.findIndex((start) => start > offset);
    return next === -1 ? starts.length : next;
  };
}

function importsOf(path: string, node: Node, lineOf: LineOf): readonly Import[] {
  const source = node["source"] ?? node["argument"];
  const isImport =
    /^(?:ImportDeclaration|ExportAllDeclaration|ExportNamedDeclaration|ImportExpression|TSImportType)$/u.test(
      node.type,
    );
  if (!isImport || !isNode(source)) return [];
  const literal = isNode(source["literal"]) ? source["literal"] : source;
  // A name that is computed can't be checked; `?` belongs to no room and no owner.
  const specifier = typeof literal["value"] === "string" ? literal["value"] : "?";
  return [
    {
      specifier,
      target: targetOf(path, specifier),
      isTypeOnly: isTypeOnly(node),
      line: lineOf(node.start),
    },
  ];
}

function isTypeOnly(node: Node): boolean {
  if (node.type === "TSImportType") return true;
  if (node["importKind"] === "type" || node["exportKind"] === "type") return true;
  const specifiers = node["specifiers"];
  if (!Array.isArray(specifiers) || specifiers.length === 0) return false;
  return specifiers.every(
    (each: Node) => each["importKind"] === "type" || each["exportKind"] === "type",
  );
}

/** The workspace's own package is the room it is made of. */
function targetOf(path: string, specifier: string): string | null {
  if (specifier.startsWith(".")) return posix.join(posix.dirname(path), specifier);
  if (specifier === "#crypto") return "sdk/src/verify/crypto.ts";
  return /^posthorn-sdk(?:\/|$)/u.test(specifier)
    ? specifier.replace("posthorn-sdk", "sdk/src")
    : null;
}

function mentionsOf(
  found: Found,
  declared: ReadonlySet<string>,
  lineOf: LineOf,
): readonly Mention[] {
  const { node } = found;
  // A name that the file declares itself is its own: timers and dice come as arguments under their usual names.
  const free = freeWords(found).filter((word) => !declared.has(word));
  const words = [...memberWords(node), ...callWords(node), ...importedWords(node), ...free];
  return words.map((word) => ({ word, line: lineOf(node.start) }));
}

/** Parameters and variables, taken apart or not. Imports are not among them: importedWords knows those. */
function declaredNames({ node }: Found): readonly string[] {
  const params = Array.isArray(node["params"]) ? (node["params"] as readonly unknown[]) : [];
  const own =
    node.type === "VariableDeclarator" || node.type === "FunctionDeclaration" ? [node["id"]] : [];
  return [...params, ...own].flatMap(boundNames);
}

function boundNames(pattern: unknown): readonly string[] {
  if (!isNode(pattern)) return [];
  if (pattern.type === "ObjectPattern") {
    return (pattern["properties"] as readonly Node[]).flatMap((each) =>
      boundNames(each["value"] ?? each["argument"]),
    );
  }
  if (pattern.type === "ArrayPattern")
    return (pattern["elements"] as readonly unknown[]).flatMap(boundNames);
  if (pattern.type === "AssignmentPattern") return boundNames(pattern["left"]);
  if (pattern.type === "RestElement") return boundNames(pattern["argument"]);
  const name = nameOf(pattern);
  return name === null ? [] : [name];
}

/** `import { randomBytes as dice } from "node:crypto"` says `node:crypto.randomBytes`; taking all of it says `.*`. */
function importedWords(node: Node): readonly string[] {
  const source = node["source"];
  if (node.type !== "ImportDeclaration" || !isNode(source)) return [];
  return (node["specifiers"] as readonly Node[]).map(
    (each) => `${String(source["value"])}.${keyOf(each["imported"]) ?? "*"}`,
  );
}

/** `Date.now`, `process["env"]`, `const { env } = process`, `globalThis.setTimeout`. */
function memberWords(node: Node): readonly string[] {
  const owner = nameOf(node.type === "MemberExpression" ? node["object"] : node["init"]);
  if (owner === null || !GLOBALS_WITH_MEMBERS.has(owner)) return [];
  const names =
    node.type === "MemberExpression" ? [keyOf(node["property"])] : destructured(node["id"]);
  return names.flatMap((name) =>
    name === null ? [] : owner === "globalThis" ? [name] : [`${owner}.${name}`],
  );
}

function destructured(pattern: unknown): readonly (string | null)[] {
  if (!isNode(pattern) || pattern.type !== "ObjectPattern") return [];
  return (pattern["properties"] as readonly Node[]).map((property) => keyOf(property["key"]));
}

/** Without an argument a Date is a reading of the clock; with one it is only a way to write a number. */
function callWords(node: Node): readonly string[] {
  if (nameOf(node["callee"]) !== "Date") return [];
  if (node.type === "CallExpression") return ["Date()"];
  return (node["arguments"] as readonly unknown[]).length === 0 ? ["new Date()"] : [];
}

/** A name that stands for itself: not the key of an object, not a member of something else, not part of a type. */
function freeWords({ node, parent, key }: Found): readonly string[] {
  const name = nameOf(node);
  if (name === null || parent === null || parent.type.startsWith("TS")) return [];
  const isMember = key === "property" && parent["computed"] !== true;
  const isKey = key === "key" && parent["computed"] !== true;
  return isMember || isKey ? [] : [name];
}

function nameOf(node: unknown): string | null {
  return isNode(node) && node.type === "Identifier" ? String(node["name"]) : null;
}

function keyOf(node: unknown): string | null {
  return isNode(node) && node.type === "Literal" ? String(node["value"]) : nameOf(node);
}

/** Lines that are a function's own: a function with a name inside it counts for itself. */
function functionsOf(nodes: readonly Found[], lineOf: LineOf): readonly FunctionSpan[] {
  const functions = nodes.filter(isFunction);
  const linesOf = (node: Node): number => lineOf(node.end) - lineOf(node.start) + 1;
  const named = functions.filter((found) => functionName(found) !== null);
  return functions.map((found) => {
    const within = named.filter((other) => isDirectlyWithin(other.node, found.node, named));
    const inner = within.reduce((sum, { node }) => sum + linesOf(node), 0);
    const name = functionName(found) ?? "a function";
    return { name, line: lineOf(found.node.start), lines: linesOf(found.node) - inner };
  });
}

function isFunction({ node, parent }: Found): boolean {
  if (!/^(?:FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/u.test(node.type))
    return false;
  // The body of a `describe` is a chapter, not a function.
  return !(parent?.type === "CallExpression" && nameOf(parent["callee"]) === "describe");
}

function functionName({ node, parent }: Found): string | null {
  return nameOf(node["id"]) ?? keyOf(parent?.["id"] ?? parent?.["key"]);
}

function isDirectlyWithin(inner: Node, outer: Node, named: readonly Found[]): boolean {
  if (!isWithin(inner, outer)) return false;
  return !named.some(({ node }) => isWithin(inner, node) && isWithin(node, outer));
}

function isWithin(inner: Node, outer: Node): boolean {
  return inner !== outer && inner.start >= outer.start && inner.end <= outer.end;
}

function isDefaultExport(node: Node): boolean {
  if (node.type === "ExportDefaultDeclaration") return true;
  return node.type === "ExportSpecifier" && keyOf(node["exported"]) === "default";
}

function isHandedOn(node: Node): boolean {
  return /^Export(?:All|Named)Declaration$/u.test(node.type) && isNode(node["source"]);
}
