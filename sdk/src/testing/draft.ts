import { utf8 } from "../verify/codec.ts";
import { asReadRequest, parsedJson } from "../verify/read.ts";
import type { ReadRequest } from "../verify/read-request.ts";
import type { Source, Sources } from "../verify/spec.ts";

/** What stands in a request to be signed. Texts and bytes are sent as they are, everything else as JSON (or as a form). */
export type DraftBody = string | Uint8Array | object;

/** A request that is being written: values are put where a provider's declaration says they stand. */
export interface Draft {
  readonly method: string;
  readonly url: () => string;
  /** Whether the value could be put there: exact bodies are not written into, and functions can't be run backwards. */
  place(source: Source, value: string | number): boolean;
  header(name: string): string | null;
  setHeader(name: string, value: string): void;
  /** From here on these bytes are the body. */
  setBody(bytes: Uint8Array): void;
  /** Reads an exact JSON body into a value, so that a signature can be put into it. */
  open(): void;
  /** The request as it stands now. */
  read(): ReadRequest;
  headers(): Readonly<Record<string, string>>;
}

export interface DraftStart {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: DraftBody;
  /** The form field that holds the JSON where the body is sent as a form. */
  readonly bodyField: string | undefined;
  readonly isForm: boolean;
}

const FORM = "application/x-www-form-urlencoded";

export function createDraft(start: DraftStart): Draft {
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(start.headers)) headers.set(name.toLowerCase(), value);
  const isForm = headers.get("content-type")?.toLowerCase().startsWith(FORM) ?? start.isForm;
  const given = start.body;
  const isExact = typeof given === "string" || given instanceof Uint8Array;
  let value: object | null = isExact ? null : structuredClone(given);
  let bytes = typeof given === "string" ? utf8(given) : given instanceof Uint8Array ? given : null;
  let { url } = start;
  if (!headers.has("content-type")) headers.set("content-type", isForm ? FORM : "application/json");

  const written = (): Uint8Array => {
    if (value === null) return bytes ?? new Uint8Array();
    return utf8(isForm ? formText(value, start.bodyField) : JSON.stringify(value));
  };
  const draft: Draft = {
    method: start.method,
    url: () => url,
    header: (name) => headers.get(name) ?? null,
    setHeader: (name, text) => void headers.set(name, text),
    headers: () => Object.fromEntries(headers),
    setBody(exact) {
      bytes = exact;
      value = null;
    },
    open() {
      if (value !== null || bytes === null) return;
      const parsed = parsedJson(new TextDecoder().decode(bytes));
      if (typeof parsed === "object" && parsed !== null) value = parsed;
    },
    place(source, content) {
      if ("header" in source) headers.set(source.header.toLowerCase(), `${content}`);
      else if ("query" in source) url = withQuery(url, source.query, `${content}`);
      else if ("body" in source) return value !== null && putAt(value, source.body, content);
      else return false;
      return true;
    },
    read: () => asReadRequest(start.method, url, Object.fromEntries(headers), written()),
  };
  return draft;
}

/** The first of several places where the value can be put; null where there is none. */
export function placeFirst(
  draft: Draft,
  sources: Sources | undefined,
  value: string | number,
): Source | null {
  return listOf(sources).find((source) => draft.place(source, value)) ?? null;
}

export function listOf(sources: Sources | undefined): readonly Source[] {
  if (sources === undefined) return [];
  return Array.isArray(sources) ? sources : [sources as Source];
}

/** Numbers stay numbers, unless a text stands there. */
function putAt(value: object, path: string, content: string | number): boolean {
  const names = path.split(".");
  const last = names.pop() ?? "";
  let here = value as Record<string, unknown>;
  for (const name of names) {
    const next = (here[name] ??= {});
    if (typeof next !== "object" || next === null) return false;
    here = next as Record<string, unknown>;
  }
  here[last] = typeof here[last] === "string" ? `${content}` : content;
  return true;
}

function formText(value: object, bodyField: string | undefined): string {
  if (bodyField !== undefined)
    return new URLSearchParams({ [bodyField]: JSON.stringify(value) }).toString();
  const form = new URLSearchParams();
  for (const [name, each] of Object.entries(value) as [string, unknown][]) {
    for (const one of Array.isArray(each) ? (each as unknown[]) : [each])
      form.append(name, String(one));
  }
  return form.toString();
}

/** By hand: `URL` would write the rest of the address anew, and some schemes sign it as it is. */
function withQuery(url: string, name: string, value: string): string {
  const [address = "", query] = url.split("?");
  const others = (query ?? "")
    .split("&")
    .filter((pair) => pair !== "" && !pair.startsWith(`${name}=`));
  return `${address}?${[...others, `${name}=${encodeURIComponent(value)}`].join("&")}`;
}
