import { HMAC_SHA1, HMAC_SHA256, HMAC_SHA512 } from "../verify/algorithms.ts";
import { ANY_BODY } from "../verify/body.ts";
import { BASE64, BASE64URL, HEX, TEXT, WHSEC } from "../verify/codec.ts";
import type { Form } from "../verify/codec.ts";
import { defineProvider } from "../verify/define-provider.ts";
import { assertOptions } from "../verify/options.ts";
import type { TimedOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import type { Sources, TimeUnit } from "../verify/spec.ts";
import { expected } from "../verify/webhook-error.ts";

const ALGORITHMS = { sha1: HMAC_SHA1, sha256: HMAC_SHA256, sha512: HMAC_SHA512 } as const;
const ENCODINGS = { hex: HEX, base64: BASE64, base64url: BASE64URL, text: TEXT } as const;
const FORMS = { text: TEXT, hex: HEX, base64: BASE64, whsec: WHSEC } as const;

export interface HmacOptions extends TimedOptions {
  /** The header with the signature. */
  readonly header: string;
  /** Default `sha256`. */
  readonly algorithm?: keyof typeof ALGORITHMS | undefined;
  /** Default `hex`. */
  readonly encoding?: keyof typeof ENCODINGS | undefined;
  /** What stands before the signature, such as `sha256=`; default nothing. */
  readonly prefix?: string | undefined;
  /** How the secret's text becomes bytes; default `text`. */
  readonly secretForm?: keyof typeof FORMS | Form | undefined;
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
  const encoding = ENCODINGS[options.encoding ?? "hex"];
  const { secretForm: form = "text" } = options;
  const secretForm = typeof form === "string" ? FORMS[form] : form;
  if (!options.header || !algorithm || !encoding || !secretForm) {
    const known = [ALGORITHMS, ENCODINGS, FORMS].map((each) => Object.keys(each).join(", "));
    throw expected(
      "CONFIG_INVALID",
      `a header, algorithm of ${known[0]}, encoding of ${known[1]}, secretForm of ${known[2]}`,
      "others",
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
        secretForm,
        signature: { header: options.header },
        prefix: options.prefix ?? "",
        encoding,
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
