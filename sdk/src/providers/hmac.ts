import { HMAC_SHA1, HMAC_SHA256, HMAC_SHA512 } from "../verify/algorithms.ts";
import { ANY_BODY } from "../verify/body.ts";
import type { Encoding } from "../verify/codec.ts";
import { defineProvider } from "../verify/define-provider.ts";
import { assertOptions } from "../verify/options.ts";
import type { TimedOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import type { SecretForm, Sources, TimeUnit } from "../verify/spec.ts";
import { WebhookError } from "../verify/webhook-error.ts";

const ALGORITHMS = { sha1: HMAC_SHA1, sha256: HMAC_SHA256, sha512: HMAC_SHA512 } as const;

export interface HmacOptions extends TimedOptions {
  /** The header with the signature. */
  readonly header: string;
  /** Default `sha256`. */
  readonly algorithm?: keyof typeof ALGORITHMS | undefined;
  /** Default `hex`. */
  readonly encoding?: Encoding | undefined;
  /** What stands before the signature, such as `sha256=`; default nothing. */
  readonly prefix?: string | undefined;
  readonly secretForm?: SecretForm | undefined;
  /** Default `{body}`, or `{timestamp}.{body}` where there is a header for the time. */
  readonly signed?: string | undefined;
  readonly timestampHeader?: string | undefined;
  /** Default `s`. */
  readonly timestampUnit?: TimeUnit | undefined;
  /** Default POST alone. */
  readonly methods?: readonly string[] | undefined;
  readonly id?: Sources | undefined;
  readonly type?: Sources | undefined;
}

const KNOWN = [
  "secret",
  "toleranceS",
  "header",
  "algorithm",
  "encoding",
  "prefix",
  "secretForm",
  "signed",
  "timestampHeader",
  "timestampUnit",
  "methods",
  "id",
  "type",
];

/** A sender that has no factory here and signs with an HMAC in a header. For anything beyond that: `defineProvider`. */
export function hmac<E = unknown>(options: HmacOptions): Provider<E> {
  assertOptions("hmac", options, KNOWN);
  const { timestampHeader, timestampUnit = "s", toleranceS } = options;
  const algorithm = ALGORITHMS[options.algorithm ?? "sha256"];
  if (algorithm === undefined || !options.header) {
    const known = Object.keys(ALGORITHMS).join(", ");
    throw new WebhookError(
      "CONFIG_INVALID",
      `expected a header, and algorithm to be of ${known}, got others`,
    );
  }
  const from = timestampHeader === undefined ? null : { header: timestampHeader };
  const signed = options.signed ?? (from === null ? "{body}" : "{timestamp}.{body}");
  return defineProvider<E>({
    name: "hmac",
    methods: options.methods ?? ["POST"],
    schemes: [
      {
        kind: "signature",
        secret: options.secret,
        secretForm: options.secretForm ?? "text",
        signature: { header: options.header },
        prefix: options.prefix ?? "",
        encoding: options.encoding ?? "hex",
        algorithm,
        signed,
        ...(from === null ? {} : { timestamp: { from, unit: timestampUnit, toleranceS } }),
      },
    ],
    body: ANY_BODY,
    id: options.id ?? [],
    type: options.type ?? [],
  });
}
