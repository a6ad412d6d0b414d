import type { CertificateSource } from "./certificate-source.ts";
import { BASE64 } from "./codec.ts";
import type { Part, RsaHashName } from "./crypto.ts";
import type { ReadRequest } from "./read-request.ts";
import type { CustomScheme, Source } from "./spec.ts";
import { timeMs, windowError } from "./times.ts";
import { WebhookError, expected } from "./webhook-error.ts";

/** What a request says about its signature by a certificate's key. */
export interface CertificateClaim {
  readonly certificateUrl: string;
  readonly hash: RsaHashName;
  /** Base64. */
  readonly signature: string;
  /** All variants that may have been signed. */
  readonly signed: readonly (readonly Part[])[];
  /** ISO 8601, and signed. */
  readonly time: string;
}

/** RSA with a key that the request names by an address. `toleranceS` null: any time will do. */
export function certificateScheme(
  certificates: CertificateSource,
  toleranceS: number | null,
  place: Source,
  read: (request: ReadRequest, event: unknown) => CertificateClaim | WebhookError,
): CustomScheme {
  return {
    kind: "custom",
    signs(request, event) {
      const claim = read(request, event);
      if (claim instanceof WebhookError) return claim;
      const [parts = []] = claim.signed;
      return [{ parts, place, algorithm: { name: `rsa-${claim.hash}` } }];
    },
    async check(request, event, nowMs) {
      const claim = read(request, event);
      if (claim instanceof WebhookError) return claim;
      const verify = await certificates.verifier(claim.certificateUrl, claim.hash, nowMs);
      if (verify instanceof WebhookError) return verify;
      const signature = BASE64.decode(claim.signature);
      let isGenuine = false;
      for (const parts of signature === null ? [] : claim.signed) {
        isGenuine ||= await verify(signature ?? new Uint8Array(), parts);
      }
      if (!isGenuine) {
        return expected(
          "SIGNATURE_MISMATCH",
          "a signature made with the certificate's key",
          "another",
        );
      }
      const signedAtMs = timeMs(claim.time, "iso");
      if (toleranceS === null) return { signedAtMs };
      if (signedAtMs === null) {
        return expected("HEADER_MALFORMED", "the time to be ISO 8601", "another");
      }
      return windowError(signedAtMs, nowMs, toleranceS) ?? { signedAtMs };
    },
  };
}
