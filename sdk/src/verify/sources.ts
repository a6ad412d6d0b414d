import type { ReadRequest } from "./read-request.ts";
import type { Source, Sources } from "./spec.ts";

/** A source made ready: what to call it in a message, and its text in a request (null where it is absent or empty). */
export interface Reader {
  readonly name: string;
  readonly from: "header" | "body";
  read(request: ReadRequest, event: () => unknown): string | null;
}

export function readersOf(sources: Sources | undefined): readonly Reader[] {
  return [sources ?? []].flat().map(readerOf);
}

/** One source made ready. */
export function readerOf(source: Source): Reader {
  if ("header" in source) {
    const name = source.header.toLowerCase();
    return {
      name: `the header ${name}`,
      from: "header",
      read: (request) => request.header(name) || null,
    };
  }
  if ("body" in source) {
    const path = source.body.split(".");
    return {
      name: `the body's ${source.body}`,
      from: "body",
      read: (_, event) => textOf(at(event(), path)),
    };
  }
  if ("query" in source) {
    const { query } = source;
    const read = (request: ReadRequest): string | null => request.query(query) || null;
    return { name: `the query's ${query}`, from: "header", read };
  }
  const { from, read } = source;
  return {
    name: `a value in the ${from}`,
    from,
    read: (request, event) => textOf(read(request, event())),
  };
}

/** The first text that one of them finds, and where. */
export function readFirst(
  readers: readonly Reader[],
  request: ReadRequest,
  event: () => unknown,
): { readonly text: string; readonly from: "header" | "body" } | null {
  for (const { read, from } of readers) {
    const text = read(request, event);
    if (text !== null) return { text, from };
  }
  return null;
}

/** What stands at the path, own properties only; undefined where there is nothing. */
export function at(value: unknown, path: readonly string[]): unknown {
  let here = value;
  for (const name of path) {
    if (typeof here !== "object" || here === null || !Object.hasOwn(here, name)) return undefined;
    here = (here as Record<string, unknown>)[name];
  }
  return here;
}

/** Texts and whole numbers that JSON carries exactly; nothing else identifies anything. */
export function textOf(value: unknown): string | null {
  if (typeof value === "string") return value === "" ? null : value;
  return Number.isSafeInteger(value) ? String(value) : null;
}
