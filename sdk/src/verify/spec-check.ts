/**
 * Whether a declaration is one. The factories under `providers/` go past this: the compiler has seen theirs, and each of them
 * would carry these checks.
 */
import { isSource, isSources, SOURCE_WANTED, SOURCES_WANTED } from "./source-check.ts";
import { expected, kindOf } from "./webhook-error.ts";

type Passes = (value: unknown) => boolean;

/** What a member has to be, for the message, and whether it may be absent. */
interface Rule {
  readonly passes: Passes;
  readonly wanted: string;
  readonly isNeeded?: boolean;
  /** Looks into it, where it is there and passes. */
  readonly within?: (name: string, value: unknown) => void;
}

type Rules = Readonly<Record<string, Rule>>;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isCallable: Passes = (value) => typeof value === "function";
const isText: Passes = (value) => typeof value === "string";
const isName: Passes = (value) => isText(value) && value !== "";
const isList =
  (passes: Passes): Passes =>
  (value) =>
    Array.isArray(value) && value.length > 0 && value.every(passes);
const isOneOf =
  (...values: readonly unknown[]): Passes =>
  (value) =>
    values.includes(value);
const has =
  (...methods: readonly string[]): Passes =>
  (value) =>
    isRecord(value) && methods.every((name) => isCallable(value[name]));

const isForm: Passes = (value) => isRecord(value) && isName(value["name"]) && has("decode")(value);
const isTolerance: Passes = (value) =>
  value === null || (typeof value === "number" && value > 0 && value < Infinity);
const isAnswer: Passes = (value) =>
  isRecord(value) &&
  Number.isInteger(value["status"]) &&
  isRecord(value["headers"]) &&
  isText(value["body"]);

const CALLABLE: Rule = { passes: isCallable, wanted: "a function" };
const TEXT: Rule = { passes: isText, wanted: "text" };
const SOURCE: Rule = { passes: isSource, wanted: SOURCE_WANTED };
const SOURCES: Rule = { passes: isSources, wanted: SOURCES_WANTED };
const UNIT: Rule = { passes: isOneOf("s", "ms", "iso"), wanted: `"s", "ms" or "iso"` };

const TIMESTAMP: Rules = {
  from: {
    passes: (value) => isSource(value) || (isRecord(value) && isName(value["item"])),
    wanted: `${SOURCE.wanted}, or { item }`,
    isNeeded: true,
  },
  unit: { ...UNIT, isNeeded: true },
  toleranceS: { passes: isTolerance, wanted: "a number over 0, or null" },
};

const OCCURRED_AT: Rules = {
  from: { ...SOURCES, isNeeded: true },
  unit: { ...UNIT, isNeeded: true },
};

const SIGNATURE_SCHEME: Rules = {
  kind: { passes: isText, wanted: "text" },
  // Judged with all secrets, where their form is known.
  secret: { passes: () => true, wanted: "a secret" },
  secretForm: {
    passes: (value) => isForm(value) || isList(isForm)(value),
    wanted: "a form such as TEXT or WHSEC, or several",
  },
  id: SOURCE,
  signature: { ...SOURCES, isNeeded: true },
  separator: { passes: isName, wanted: "text that is not empty" },
  prefix: TEXT,
  encoding: { passes: isForm, wanted: "an encoding such as HEX or BASE64", isNeeded: true },
  algorithm: {
    passes: (value) => isRecord(value) && isName(value["name"]) && has("prepare")(value),
    wanted: "an algorithm such as HMAC_SHA256",
    isNeeded: true,
  },
  signed: {
    passes: (value) => isText(value) || isCallable(value),
    wanted: "a template or a function",
    isNeeded: true,
  },
  values: {
    passes: (value) => isRecord(value) && Object.values(value).every(isSource),
    wanted: `an object of names, each with ${SOURCE.wanted}`,
  },
  timestamp: { passes: isRecord, wanted: "an object", within: checker(TIMESTAMP) },
  also: CALLABLE,
  hint: TEXT,
};

const CUSTOM_SCHEME: Rules = {
  kind: { passes: isText, wanted: "text" },
  secret: { passes: () => true, wanted: "a secret" },
  secretForm: { passes: isForm, wanted: "a form such as TEXT or WHSEC" },
  signs: CALLABLE,
  check: { ...CALLABLE, isNeeded: true },
};

const SPEC: Rules = {
  name: { passes: isName, wanted: "text that is not empty", isNeeded: true },
  methods: { passes: isList(isName), wanted: `a list of methods such as "POST"` },
  schemes: {
    passes: isList(isRecord),
    wanted: "a list of at least one scheme",
    isNeeded: true,
    within: checkSchemes,
  },
  id: SOURCES,
  digestOf: CALLABLE,
  type: SOURCES,
  occurredAt: { passes: isRecord, wanted: "an object", within: checker(OCCURRED_AT) },
  attempt: SOURCES,
  orderingKey: SOURCES,
  sequence: CALLABLE,
  isBodyStable: { passes: isOneOf(true, false), wanted: "true or false" },
  body: { passes: has("read"), wanted: "a format such as JSON_BODY" },
  preflight: CALLABLE,
  handshake: CALLABLE,
  acknowledgement: { passes: isAnswer, wanted: "an answer of { status, headers, body }" },
  refusal: CALLABLE,
};

/** Throws `CONFIG_INVALID` for the first member that is none, is lacking or is of another kind. */
export function checkSpec(spec: unknown): void {
  checkMembers("", spec, SPEC);
}

function checker(rules: Rules): (name: string, value: unknown) => void {
  return (name, value) => {
    checkMembers(name, value, rules);
  };
}

function checkSchemes(name: string, schemes: unknown): void {
  for (const [index, scheme] of (schemes as readonly Record<string, unknown>[]).entries()) {
    const at = `${name}[${index}]`;
    const { kind } = scheme;
    if (kind !== "signature" && kind !== "custom") {
      throw wrong(`${at}.kind`, `"signature" or "custom"`, kind);
    }
    checkMembers(at, scheme, kind === "custom" ? CUSTOM_SCHEME : SIGNATURE_SCHEME);
  }
}

function checkMembers(at: string, value: unknown, rules: Rules): void {
  if (!isRecord(value)) throw wrong(at || "the declaration", "an object", value);
  for (const name of Object.keys(value)) {
    if (Object.hasOwn(rules, name)) continue;
    const known = Object.keys(rules).join(", ");
    throw expected("CONFIG_INVALID", `a member ${at && `of ${at} `}to be one of ${known}`, name);
  }
  for (const [member, { passes, wanted, isNeeded = false, within }] of Object.entries(rules)) {
    const given = value[member];
    const name = at === "" ? member : `${at}.${member}`;
    if (given === undefined && !isNeeded) continue;
    if (!passes(given)) throw wrong(name, wanted, given);
    within?.(name, given);
  }
}

/** Text is shown, being the likeliest mistake ("hex" for `HEX`); no member that is checked here holds a secret. */
function wrong(name: string, wanted: string, got: unknown): Error {
  const shown = typeof got === "string" ? JSON.stringify(got.slice(0, 100)) : shownKind(got);
  return expected("CONFIG_INVALID", `${name} to be ${wanted}`, shown);
}

function shownKind(got: unknown): string {
  if (typeof got === "number" || typeof got === "boolean") return String(got);
  return Array.isArray(got) ? "a list" : kindOf(got);
}
