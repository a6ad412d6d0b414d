import type { ReadRequest } from "./read-request.ts";
import { parsedJson, queryOf } from "./read.ts";
import { formField, isForm } from "./signed-parts.ts";
import type { ProviderSpec } from "./spec.ts";

/** How a provider's body becomes an event; undefined where it is none. Called once for each request. */
export function eventReader(
  spec: Pick<ProviderSpec, "body" | "bodyField">,
): (request: ReadRequest) => unknown {
  const { body = "json", bodyField } = spec;
  return (request) => {
    const field = bodyField === undefined ? null : formField(request, bodyField);
    if (field !== null) {
      const json = parsedJson(field);
      return json === undefined && body === "any" ? field : json;
    }
    // A GET has its fields in the address.
    if (body === "either" && request.body.length === 0) return formObject(queryOf(request.url));
    if (body === "form" || (body !== "json" && isForm(request))) return formObject(request.form());
    const json = request.json();
    return json === undefined && body === "any" ? request.text() : json;
  };
}

/** Names that come more than once have the list of their values. */
function formObject(form: URLSearchParams): Record<string, string | string[]> {
  const entries = [...new Set(form.keys())].map((name): [string, string | string[]] => {
    const values = form.getAll(name);
    return [name, values.length === 1 ? (values[0] ?? "") : values];
  });
  return Object.fromEntries(entries);
}
