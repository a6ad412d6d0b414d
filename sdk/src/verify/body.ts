import { isForm } from "./form.ts";
import { parsedJson, queryOf } from "./read.ts";
import type { ReadRequest } from "./read-request.ts";

/** How a provider's body becomes an event. A value and not a word, so that nobody carries the formats of others. */
export interface BodyFormat {
  readonly name: "json" | "form" | "either" | "any";
  /** The form field that holds the JSON. */
  readonly field?: string;
  /** Undefined where the body is none of this format. */
  read(request: ReadRequest): unknown;
}

/** JSON, and what is none is refused. */
export const JSON_BODY: BodyFormat = { name: "json", read: (request) => request.json() };

/** The fields of a form; those that come more than once as lists. */
export const FORM_BODY: BodyFormat = {
  name: "form",
  read: (request) => formObject(request.form()),
};

/** JSON or a form, by the content type; of a request without a body, the fields in its address. */
export const EITHER_BODY: BodyFormat = {
  name: "either",
  read(request) {
    if (request.body.length === 0) return formObject(queryOf(request.url));
    return isForm(request) ? formObject(request.form()) : request.json();
  },
};

/** JSON where it is some, and text otherwise. Nothing is refused. */
export const JSON_OR_TEXT_BODY: BodyFormat = {
  name: "any",
  read(request) {
    const json = request.json();
    return json === undefined ? request.text() : json;
  },
};

/** A form by its content type; else JSON where it is some, and text otherwise. Nothing is refused. */
export const ANY_BODY: BodyFormat = {
  name: "any",
  read(request) {
    return isForm(request) ? formObject(request.form()) : JSON_OR_TEXT_BODY.read(request);
  },
};

/** The JSON in a form's field, as GitHub and Slack send it; `otherwise` for requests without it. */
export function fieldBody(field: string, otherwise: BodyFormat): BodyFormat {
  return {
    name: otherwise.name,
    field,
    read(request) {
      const text = formField(request, field);
      if (text === null) return otherwise.read(request);
      const json = parsedJson(text);
      return json === undefined && otherwise.name === "any" ? text : json;
    },
  };
}

/** The event that a provider with this declaration sees. */
export function eventOf(
  { body = JSON_BODY }: { readonly body?: BodyFormat },
  request: ReadRequest,
): unknown {
  return body.read(request);
}

/** The text of a form's field: of the body where that is a form, of the address where there is no body. */
export function formField(request: ReadRequest, field: string): string | null {
  if (isForm(request)) return request.form().get(field);
  return request.body.length === 0 ? request.query(field) : null;
}

/** Each field is looked at once: asking for all values of each name would take minutes for a megabyte of names. */
function formObject(form: URLSearchParams): Record<string, string | string[]> {
  const fields = new Map<string, string | string[]>();
  for (const [name, value] of form) {
    const before = fields.get(name);
    if (Array.isArray(before)) before.push(value);
    else fields.set(name, before === undefined ? value : [before, value]);
  }
  return Object.fromEntries(fields);
}
