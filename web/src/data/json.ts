const SOURCE = Symbol("source");

/** A number that JavaScript would change, such as 9007199254740993 or 1.10: as it was written. */
interface ExactNumber {
  readonly [SOURCE]: string;
}

type Reviver = (key: string, value: unknown, context?: { readonly source?: string }) => unknown;

/** JSON with every number as it was written. Where the browser does not tell how it was, the number is JavaScript's. */
export function parseExact(text: string): unknown {
  const revive: Reviver = (_key, value, context) => {
    const source = context?.source;
    if (typeof value !== "number" || source === undefined || String(value) === source) return value;
    return { [SOURCE]: source } satisfies ExactNumber;
  };
  return JSON.parse(text, revive);
}

/** How an exact number was written; null for every other value. */
export function exactSource(value: unknown): string | null {
  if (typeof value !== "object" || value === null || !(SOURCE in value)) return null;
  return (value as ExactNumber)[SOURCE];
}

/** JSON text, indented; numbers as they were written. */
export function jsonText(value: unknown, indent = ""): string {
  const source = exactSource(value);
  if (source !== null) return source;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const inner = `${indent}  `;
  const isList = Array.isArray(value);
  const parts = isList
    ? value.map((each) => jsonText(each, inner))
    : Object.entries(value).map(
        ([key, each]) => `${JSON.stringify(key)}: ${jsonText(each, inner)}`,
      );
  const [open, close] = isList ? "[]" : "{}";
  if (parts.length === 0) return `${open}${close}`;
  return `${open}\n${inner}${parts.join(`,\n${inner}`)}\n${indent}${close}`;
}

/** The value of a JSON text, or null where it is none. */
export function jsonOrNull(text: string): { readonly value: unknown } | null {
  try {
    return { value: parseExact(text) };
  } catch {
    return null;
  }
}

/** Text as UTF-8 from base64, or null where it is not text. */
export function textOfBase64(base64: string): string | null {
  try {
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Why a text is no JSON, in the browser's words; null where it is. */
export function whyNoJson(text: string): string | null {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : "";
  }
}
