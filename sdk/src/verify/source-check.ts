import type { Source, Sources } from "./spec.ts";

export const SOURCE_WANTED = "one of { header }, { body }, { query } and { read, from }";
export const SOURCES_WANTED =
  "one or several of { header }, { body }, { query } and { read, from }";

/** Whether the value says where a text stands: one place, and not two at once. */
export function isSource(value: unknown): value is Source {
  if (typeof value !== "object" || value === null) return false;
  const { header, body, query, read, from } = value as Readonly<Record<string, unknown>>;
  if (typeof read === "function") return from === "header" || from === "body";
  const named = [header, body, query].filter((name) => name !== undefined);
  return named.length === 1 && typeof named[0] === "string" && named[0] !== "";
}

export function isSources(value: unknown): value is Sources {
  return Array.isArray(value) ? value.every(isSource) : isSource(value);
}
