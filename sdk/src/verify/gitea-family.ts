import { HEX } from "./codec.ts";
import { JSON_OR_TEXT_BODY, fieldBody, formField } from "./body.ts";
import { makeProvider } from "./make-provider.ts";
import { assertOptions } from "./options.ts";
import type { SecretOptions } from "./options.ts";
import type { Provider } from "./provider.ts";
import { bodySignature } from "./body-signature.ts";

export interface GiteaEvent {
  readonly action?: string;
  readonly ref?: string;
  readonly repository?: { readonly id: number; readonly full_name: string };
  readonly sender?: { readonly id: number; readonly login: string };
}

/** Gitea and its fork: the same under other names. */
export function giteaFamily(
  name: "gitea" | "forgejo",
  options: SecretOptions,
): Provider<GiteaEvent> {
  assertOptions(name, options, ["secret"]);
  const signature = bodySignature(options.secret, `x-${name}-signature`, HEX);
  return makeProvider({
    name,
    methods: ["POST", "GET"],
    schemes: [
      { ...signature, signed: (request) => [[formField(request, "payload") ?? request.body]] },
    ],
    body: fieldBody("payload", JSON_OR_TEXT_BODY),
    id: { header: `x-${name}-delivery` },
    type: { header: `x-${name}-event` },
  });
}
