import { BASE64 } from "../verify/codec.ts";
import { ANY_BODY } from "../verify/body.ts";
import { makeProvider } from "../verify/make-provider.ts";
import { assertOptions } from "../verify/options.ts";
import type { SecretOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import { bodySignature } from "../verify/body-signature.ts";

/**
 * Hookdeck as a proxy: `x-hookdeck-signature`, base64 over the body, and `x-hookdeck-signature-2` while a secret is being
 * rotated (@hookdeck/sdk). One of them has to fit.
 */
export function hookdeck(options: SecretOptions): Provider {
  assertOptions("hookdeck", options, ["secret"]);
  return makeProvider({
    name: "hookdeck",
    methods: ["POST", "PUT", "PATCH", "DELETE", "GET"],
    schemes: [
      {
        ...bodySignature(options.secret, "", BASE64),
        signature: [{ header: "x-hookdeck-signature" }, { header: "x-hookdeck-signature-2" }],
      },
    ],
    body: ANY_BODY,
    id: { header: "x-hookdeck-eventid" },
    type: { body: "type" },
    attempt: { header: "x-hookdeck-attempt-count" },
  });
}
