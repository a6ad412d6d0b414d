import fc from "fast-check";

// JSON as text and not as values, since what has to survive is how a value was written.

const SPACE = fc.constantFrom("", "", "", " ", "\n", "\t\r\n ");

const NUMBER = fc.oneof(
  fc.constantFrom("12345678901234567890", "1.0", "1e400", "-0", "0.10", "1E+2", "-1e-400", "1e05"),
  fc.bigInt().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
);

/**
 * One string's content in several spellings: plain, escaped where it must be, escaped throughout.
 */
const STRING = fc
  .tuple(fc.string({ unit: "binary", maxLength: 12 }), fc.boolean())
  .map(([content, escapesAll]) => (escapesAll ? escaped(content) : JSON.stringify(content)));

const LONE_SURROGATES = fc.constantFrom(
  String.raw`"\ud800"`,
  String.raw`"\uDFFFx"`,
  String.raw`"\\\""`,
  String.raw`"\\\\"`,
  String.raw`"\/"`,
);

const SCALAR = fc.oneof(
  NUMBER,
  STRING,
  LONE_SURROGATES,
  fc.constantFrom("true", "false", "null", "[]", "{}", "[ ]", "{\n}"),
);

function escaped(content: string): string {
  const units = Array.from({ length: content.length }, (_, at) => content.charCodeAt(at));
  return `"${units.map((unit) => String.raw`\u${unit.toString(16).padStart(4, "0")}`).join("")}"`;
}

/** Valid JSON texts whose objects have no name twice, with every liberty that JSON allows. */
export function jsonText(): fc.Arbitrary<string> {
  return fc.letrec<{ value: string; array: string; object: string }>((tie) => ({
    value: fc
      .tuple(SPACE, fc.oneof({ maxDepth: 5 }, SCALAR, tie("array"), tie("object")), SPACE)
      .map((parts) => parts.join("")),
    array: fc.array(tie("value"), { maxLength: 5 }).map((items) => `[${items.join(",")}]`),
    object: fc
      .uniqueArray(fc.tuple(fc.oneof(STRING, LONE_SURROGATES), SPACE, tie("value")), {
        maxLength: 6,
        selector: ([name]) => JSON.parse(name) as string,
      })
      .map((members) => `{${members.map(([n, s, v]) => `${s}${n}${s}:${v}`).join(",")}}`),
  })).value;
}

/** The tokens of a JSON text in order, by an independent and much simpler reading. */
export function tokens(text: string): string[] {
  return text.match(/"(?:[^"\\]|\\.)*"|[^\s",:[\]{}]+|[,:[\]{}]/g) ?? [];
}

/**
 * The value of a JSON text, objects as maps. Not by `JSON.parse`, which misreads escaped names once
 * it has seen certain others: `{"h":[],"\\\\":0}` and then `{"h":1,"\\"":2}` gives the second
 * object the name `\` (nodejs/node#63785). Names and strings are decoded one by one here, where
 * that can't happen.
 */
export function parsed(text: string): unknown {
  const open: { readonly items: unknown[]; readonly isObject: boolean }[] = [];
  let items: unknown[] = [];
  open.push({ items, isObject: false });
  for (const token of tokens(text)) {
    if (token === "," || token === ":") continue;
    if (token === "[" || token === "{") {
      items = [];
      open.push({ items, isObject: token === "{" });
    } else if (token === "]" || token === "}") {
      const value = open.pop()?.isObject === true ? asMap(items) : items;
      items = open.at(-1)?.items ?? [];
      items.push(value);
    } else items.push(JSON.parse(token));
  }
  return items[0];
}

function asMap(flat: readonly unknown[]): Map<unknown, unknown> {
  const map = new Map<unknown, unknown>();
  for (let at = 0; at < flat.length; at += 2) map.set(flat[at], flat[at + 1]);
  return map;
}
