import { HEX } from "../verify/codec.ts";
import { HMAC_SHA256 } from "../verify/algorithms.ts";
import { JSON_OR_TEXT_BODY, fieldBody } from "../verify/body.ts";
import { makeProvider } from "../verify/make-provider.ts";
import { assertOptions } from "../verify/options.ts";
import type { SecretOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import type { ReadRequest } from "../verify/read-request.ts";
import { at, textOf } from "../verify/sources.ts";

/** What nearly all of GitHub's events have. */
export interface GithubEvent {
  readonly action?: string;
  readonly repository?: { readonly id: number; readonly full_name: string };
  readonly sender?: { readonly id: number; readonly login: string };
  readonly installation?: { readonly id: number };
}

/**
 * GitHub: `X-Hub-Signature-256: sha256=…` over the body, JSON or form (docs.github.com, "Validating webhook deliveries"). The
 * old SHA-1 header is not looked at. The type is the event's name, with the action where it has one: `push`, `issues.opened`.
 * The name comes from a header, which is not signed.
 */
export function github(options: SecretOptions): Provider<GithubEvent> {
  assertOptions("github", options, ["secret"]);
  return makeProvider({
    name: "github",
    schemes: [
      {
        kind: "signature",
        secret: options.secret,
        signature: { header: "x-hub-signature-256" },
        prefix: "sha256=",
        encoding: HEX,
        algorithm: HMAC_SHA256,
        signed: "{body}",
      },
    ],
    body: fieldBody("payload", JSON_OR_TEXT_BODY),
    id: { header: "x-github-delivery" },
    type: { read: (request, event) => eventType(request, event), from: "header" },
  });
}

function eventType(request: ReadRequest, event: unknown): string | null {
  const name = request.header("x-github-event");
  const action = textOf(at(event, ["action"]));
  return name === null || action === null ? name : `${name}.${action}`;
}
