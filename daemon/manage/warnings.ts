import type { Endpoint } from "../domain/endpoint.ts";
import type { Clock } from "../domain/ports.ts";
import type { Keyring } from "./secrets.ts";
import { SECRET_BYTES_SOUND } from "./secrets.ts";
import type { EgressRules } from "./settings.ts";

export interface WarningsNeeds {
  readonly keyring: Pick<Keyring, "hasWeakKey">;
  readonly rules: Pick<EgressRules, "foresee">;
  readonly clock: Pick<Clock, "wallMs">;
}

/** What an operator should know of an endpoint as it is set: it is allowed, and yet not good. One sentence each. */
export function warningsOf(needs: WarningsNeeds, endpoint: Endpoint): readonly string[] {
  const { settings } = endpoint;
  const warnings: string[] = [];
  if (!settings.verifiesCertificate) {
    warnings.push(
      "The receiver's certificate is not checked (tls_verify is false): whoever stands between can read " +
        "what is sent, credentials included. A private CA in `ca` would keep the check.",
    );
  }
  if (needs.keyring.hasWeakKey(endpoint, needs.clock.wallMs())) {
    warnings.push(
      `A secret that signs is shorter than ${SECRET_BYTES_SOUND} bytes: from one delivery it can be ` +
        "guessed, and deliveries forged. Rotate to a longer one.",
    );
  }
  const blocked = needs.rules.foresee(settings.url, settings.egressAllow);
  if (blocked !== null) warnings.push(`Nothing can be delivered as it is set: ${blocked}`);
  return warnings;
}
