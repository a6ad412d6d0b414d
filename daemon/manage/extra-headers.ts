import { Buffer } from "node:buffer";
import type { EndpointSettings } from "../domain/endpoint.ts";
import type { Problem } from "../domain/errors.ts";
import type { Vault } from "../domain/ports.ts";
import { pointer } from "./problems.ts";

/** Stands for the value of an extra header wherever one is shown. */
const HIDDEN_VALUE = "***";

/** Tells a sealed value from one that was stored before values were sealed. */
const SEALED = "sealed:";

type Headers = EndpointSettings["headers"];

/** What is stored: most extra headers are credentials (`X-Api-Key`), so all of their values are sealed. */
export function sealHeaders(vault: Vault, endpointId: string, headers: Headers): Headers {
  return mapped(headers, (value) => {
    return SEALED + Buffer.from(vault.seal(endpointId, value)).toString("base64");
  });
}

/** What is sent. Throws where the vault can't open one. */
export function openHeaders(vault: Vault, endpointId: string, headers: Headers): Headers {
  return mapped(headers, (value) => {
    if (!value.startsWith(SEALED)) return value;
    return vault.open(endpointId, Buffer.from(value.slice(SEALED.length), "base64"));
  });
}

/** What is shown: the names. */
export function hideHeaders(headers: Headers): Headers {
  return mapped(headers, () => HIDDEN_VALUE);
}

/**
 * Headers as a client gives them, who may send back what it read: `***` keeps the value that the name has. Where it has
 * none, that is a problem, since an endpoint made from another's answer would send three asterisks for its credentials.
 */
export function givenHeaders(
  given: Headers,
  known: Headers,
): { readonly headers: Headers; readonly problems: readonly Problem[] } {
  const values = new Map(Object.entries(known).map(([name, value]) => [name.toLowerCase(), value]));
  const problems: Problem[] = [];
  const headers = mapped(given, (value, name) => {
    if (value !== HIDDEN_VALUE) return value;
    const kept = values.get(name.toLowerCase());
    if (kept === undefined) {
      const wanted = `a value, since ${HIDDEN_VALUE} keeps one and there is none`;
      const message = `expected the header's value to be ${wanted}, got ${HIDDEN_VALUE}`;
      problems.push({ path: `/headers/${pointer(name)}`, message });
    }
    return kept ?? value;
  });
  return { headers, problems };
}

function mapped(headers: Headers, change: (value: string, name: string) => string): Headers {
  const entries = Object.entries(headers);
  return Object.fromEntries(entries.map(([name, value]) => [name, change(value, name)]));
}
