import type {
  LeftOut,
  SignatureStepCode,
  SignedContent,
} from "../../../../daemon/domain/signature-step.ts";

type Needed =
  | `signature.step.${SignatureStepCode}`
  | `signature.content.${SignedContent}`
  | `signature.left_out.${LeftOut}`;

/** How a signature is made: words for each step that this daemon tells, in English its own. */
export const signature = {
  "signature.step.signed_content": "Signed content",
  "signature.step.spelled_out": "Content, spelled out",
  "signature.step.secret": "Secret {number} of {count}: {id}",
  "signature.step.header": "Header {header}",
  "signature.step.compared": "Compared",
  "signature.step.unsigned": "No signature can be made now",
  "signature.secret.newest": "Secret {number} of {count} (the newest): {id}",
  "signature.secret.oldest": "Secret {number} of {count} (the oldest): {id}",
  "signature.content.id.timestamp.body":
    "the id, a dot, the timestamp in unix seconds, a dot, and the body's bytes",
  "signature.content.timestamp.body":
    "the timestamp in unix seconds (t), a dot, and the body's bytes",
  "signature.content.body": "the body's bytes, and nothing else",
  "signature.left_out.too_long": "{beginning}… <{bytes} bytes in all>",
  "signature.left_out.not_text": "{beginning}<{bytes} bytes that are no text>",
  "signature.made": "{algorithm} over the content, in {encoding}: {signature}",
  "signature.same": "the same as was sent",
  "signature.other":
    "not what was sent in {headers}: a secret was rotated or has expired since, or the endpoint's profile was changed",
} as const satisfies Readonly<Record<Needed, string> & Record<string, string>>;
