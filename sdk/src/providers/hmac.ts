import { HMAC_SHA1, HMAC_SHA256, HMAC_SHA512 } from "../verify/algorithms.ts";
import { ANY_BODY } from "../verify/body.ts";
import { BASE64, BASE64URL, HEX, TEXT, WHSEC } from "../verify/codec.ts";
import type { Form } from "../verify/codec.ts";
import { makeProvider } from "../verify/make-provider.ts";
import { assertName, assertOneOf, assertReading, assertText } from "../verify/option-checks.ts";
import { assertOptions } from "../verify/options.ts";
import type { TimedOptions } from "../verify/options.ts";
import type { Provider } from "../verify/provider.ts";
import { timed } from "../verify/timed.ts";
import type { Sources, TimeUnit } from "../verify/spec.ts";

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
  assertReading(options);
  const { header, algorithm = "sha256", encoding = "hex", secretForm: form = "text" } = options;
  const { timestampHeader, timestampUnit = "s", toleranceS, prefix = "" } = options;
  assertName("header", header);
  assertOneOf("algorithm", algorithm, Object.keys(ALGORITHMS));
  assertOneOf("encoding", encoding, Object.keys(ENCODINGS));
  assertOneOf("timestampUnit", timestampUnit, ["s", "ms", "iso"]);
  assertText("prefix", prefix);
  if (timestampHeader !== undefined) assertName("timestampHeader", timestampHeader);
  const isOwnForm = typeof form !== "string" && typeof form?.decode === "function";
  if (!isOwnForm) assertOneOf("secretForm", form, Object.keys(FORMS));
  const from = timestampHeader === undefined ? null : { header: timestampHeader };
  const signed = options.signed ?? (from === null ? "{body}" : "{timestamp}.{body}");
  assertText("signed", signed);
  return makeProvider<E>({
    name: "hmac",
    methods: options.methods ?? ["POST"],
    schemes: [
      {
        kind: "signature",
        secret: options.secret,
        secretForm: typeof form === "string" ? FORMS[form] : form,
        signature: { header },
        prefix,
        encoding: ENCODINGS[encoding],
        algorithm: ALGORITHMS[algorithm],
        signed,
        ...(from === null ? {} : { timestamp: timed(from, timestampUnit, toleranceS) }),
      },
    ],
    body: ANY_BODY,
    id: options.id ?? [],
    type: options.type ?? [],
  });
}
