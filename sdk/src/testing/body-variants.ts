import { utf8, utf8Text } from "../verify/codec.ts";
import { parsedJson } from "../verify/read.ts";

export interface BodyVariant {
  readonly body: Uint8Array;
  /** What was done to the sender's body, as far as this variant is the sender's. */
  readonly sentence: string;
}

const RAW_BODY =
  "Verify the bytes as they came: mount the route before any body parser, or keep the raw body (express.raw, rawBody: true, request.arrayBuffer()).";

/** Bodies from which the given one may have been made on the way, the likeliest first. */
export function* bodyVariants(body: Uint8Array): Generator<BodyVariant> {
  const text = utf8Text(body);
  yield* lineEnds(text);
  const value = parsedJson(text);
  if (value === undefined) return;
  for (const { written, how } of spellings(value)) {
    for (const end of ["", "\n", "\r\n"]) {
      if (written + end === text) continue;
      const sentence = `The signature fits the same JSON written ${how}: a parser ran first and the body was serialised anew. ${RAW_BODY}`;
      yield { body: utf8(written + end), sentence };
    }
  }
}

function* lineEnds(text: string): Generator<BodyVariant> {
  for (const end of ["\n", "\r\n"]) {
    const sentence = `The signature fits the body with a line end behind it: something trimmed the body. ${RAW_BODY}`;
    yield { body: utf8(text + end), sentence };
  }
  const trimmed = text.trimEnd();
  if (trimmed !== text) {
    const sentence =
      "The signature fits the body without the white space at its end: something added a line end (a file, an editor, echo, a template). Send the bytes with nothing behind them (printf, curl --data-binary).";
    yield { body: utf8(trimmed), sentence };
  }
  for (const [from, to] of [
    [/\r\n/g, "\n"],
    [/\r?\n/g, "\r\n"],
  ] as const) {
    const other = text.replace(from, to);
    if (other === text) continue;
    const sentence = `The signature fits the body with ${to === "\n" ? "LF" : "CRLF"} at its line ends: something translated them. ${RAW_BODY}`;
    yield { body: utf8(other), sentence };
  }
}

interface Spelling {
  readonly written: string;
  readonly how: string;
}

/** The same value as senders write it: their white space by their escapes. */
function* spellings(value: unknown): Generator<Spelling> {
  for (const [written, spaces] of layouts(value)) {
    for (const [escape, escapes] of ESCAPES) {
      const how = [spaces, escapes].filter((part) => part !== "").join(", ");
      yield { written: escape(written), how: how === "" ? "without white space" : how };
    }
  }
}

function layouts(value: unknown): readonly (readonly [written: string, how: string])[] {
  // Line ends within texts are escaped, so a line end is always layout.
  const oneLine = JSON.stringify(value, null, 1).replace(/,\n */g, ", ").replace(/\n */g, "");
  return [
    [JSON.stringify(value), ""],
    [JSON.stringify(value, null, 2), "with two spaces of indentation"],
    [JSON.stringify(value, null, 4), "with four spaces of indentation"],
    [JSON.stringify(value, null, "\t"), "with tabs of indentation"],
    [oneLine, "with a space after each comma and colon"],
  ];
}

type Escape = (written: string) => string;

/** These characters stand in a JSON text only within strings. */
const unicode: Escape = (written) => written.replace(/[\u0080-\uffff]/g, escaped);
const slashes: Escape = (written) => written.replaceAll("/", "\\/");
const html: Escape = (written) => written.replace(/[<>&]/g, escaped);

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

const ESCAPES: readonly (readonly [Escape, how: string])[] = [
  [(written) => written, ""],
  [unicode, "with \\u escapes"],
  [slashes, "with \\/ for each slash"],
  [html, "with \\u0026 for &, < and >"],
  [(written) => slashes(unicode(written)), "with \\u escapes and \\/ for each slash"],
  [(written) => html(unicode(written)), "with \\u escapes, those of &, < and > too"],
  [(written) => slashes(html(written)), "with \\/ for each slash and \\u0026 for &, < and >"],
];
