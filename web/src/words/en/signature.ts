/** The steps of a signature, as the daemon words them: by these sentences `words/signature.ts` knows them again. */
export const signature = {
  "signature.title.content": "Signed content",
  "signature.title.spelled-out": "Content, spelled out",
  "signature.title.secret.newest": "Secret {at} of {count} (the newest): {id}",
  "signature.title.secret.oldest": "Secret {at} of {count} (the oldest): {id}",
  "signature.title.secret": "Secret {at} of {count}: {id}",
  "signature.title.header": "Header {name}",
  "signature.title.compared": "Compared",
  "signature.title.unsigned": "No signature can be made now",
  "signature.content.standard":
    "the id, a dot, the timestamp in unix seconds, a dot, and the body's bytes",
  "signature.content.timestamped": "the timestamp in unix seconds (t), a dot, and the body's bytes",
  "signature.content.body": "the body's bytes, and nothing else",
  "signature.made": "{how} over the content, in {coding}: {value}",
  "signature.same": "the same as was sent",
  "signature.other.both":
    "not what was sent in {first} and {second}: a secret was rotated or has expired since, or the endpoint's profile was changed",
  "signature.other":
    "not what was sent in {first}: a secret was rotated or has expired since, or the endpoint's profile was changed",
} as const;
