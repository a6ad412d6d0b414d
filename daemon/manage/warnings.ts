import type { Endpoint } from "../domain/endpoint.ts";
import { grantAdvised } from "../domain/grant-advice.ts";
import type { Clock } from "../domain/ports.ts";
import type { Keyring } from "./secrets.ts";
import { SECRET_BYTES_SOUND } from "./secrets.ts";
import type { EgressRules } from "./settings.ts";

export interface WarningsNeeds {
  readonly keyring: Pick<Keyring, "hasWeakKey">;
  readonly rules: Pick<EgressRules, "foresee">;
  readonly clock: Pick<Clock, "wallMs">;
}

export interface Warning {
  readonly code: "certificate_unchecked" | "secret_short" | "target_blocked";
  readonly sentence: string;
  /** What would have to be allowed, where the egress guard advises that. */
  readonly grant: string | null;
}

/** What an operator should know of an endpoint as it is set: it is allowed, and yet not good. */
export function warningsOf(needs: WarningsNeeds, endpoint: Endpoint): readonly Warning[] {
  const { settings } = endpoint;
  const warnings: Warning[] = [];
  if (!settings.verifiesCertificate) {
    const sentence =
      "The receiver's certificate is not checked (tls_verify is false): whoever stands between can read " +
      "what is sent, credentials included. A private CA in `ca` would keep the check.";
    warnings.push({ code: "certificate_unchecked", sentence, grant: null });
  }
  if (needs.keyring.hasWeakKey(endpoint, needs.clock.wallMs())) {
    const sentence =
      `A secret that signs is shorter than ${SECRET_BYTES_SOUND} bytes: from one delivery it can be ` +
      "guessed, and deliveries forged. Rotate to a longer one.";
    warnings.push({ code: "secret_short", sentence, grant: null });
  }
  const blocked = needs.rules.foresee(settings.url, settings.egressAllow);
  if (blocked !== null) {
    const sentence = `Nothing can be delivered as it is set: ${blocked}`;
    warnings.push({ code: "target_blocked", sentence, grant: grantAdvised(blocked) });
  }
  return warnings;
}
