/**
 * Takes out of what is logged everything that looks like a secret, by the name it goes under and by
 * its form. The last net, not the first: nobody should log a secret to begin with.
 */

const HIDDEN = "[hidden]";
const DEPTH_MAX = 6;

/**
 * Names under which nothing is shown, whatever it is. Compared without case, dashes and
 * underscores.
 */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  "apikey",
  "auth",
  "authorization",
  "bootstrapapikey",
  "cookie",
  "credentials",
  "key",
  "password",
  "privatekey",
  "proxyauthorization",
  "secret",
  "secretkey",
  "secrets",
  "setcookie",
  "token",
]);

/** Forms of secrets, with what stays of each: the part that tells what it was. */
const SECRET_FORMS: readonly (readonly [form: RegExp, shown: string])[] = [
  // API keys, signing secrets and private signing keys: `phk_`, `whsec_`, `whsk_`.
  [/\b(phk|whsec|whsk)_[A-Za-z0-9+/=_-]+/g, `$1_${HIDDEN}`],
  [/\b(bearer|basic)\s+[A-Za-z0-9+/=._~-]{8,}/gi, `$1 ${HIDDEN}`],
  // A header line, or a JSON text inside a text.
  [/\b(authorization|cookie|set-cookie)("?\s*[:=]\s*)("?)[^"\r\n]+/gi, `$1$2$3${HIDDEN}`],
  // Credentials in a URL.
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/?#@]+@/gi, `$1${HIDDEN}@`],
];

/** The text without what has the form of a secret. */
export function redactedText(text: string): string {
  let shown = text;
  for (const [form, kept] of SECRET_FORMS) shown = shown.replace(form, kept);
  return shown;
}

/**
 * A copy of the value, plain data, with secrets hidden by name and by form. Errors keep their
 * message, stack and cause.
 */
export function redacted(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return redactedText(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return value;
  if (depth >= DEPTH_MAX) return "[deeper]";
  if (value instanceof Error) return redactedError(value, depth);
  if (value instanceof Date) return value.toISOString();
  // Bytes are bodies or keys: neither belongs in a log.
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.map((each) => redacted(each, depth + 1));
  return redactedMembers(value, depth);
}

function redactedMembers(value: object, depth: number): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    const isSecret = SECRET_NAMES.has(name.toLowerCase().replaceAll(/[-_]/g, ""));
    const isEmpty = member === null || member === undefined;
    shown[name] = isSecret && !isEmpty ? HIDDEN : redacted(member, depth + 1);
  }
  return shown;
}

function redactedError(error: Error, depth: number): Record<string, unknown> {
  return {
    ...redactedMembers(error, depth),
    name: error.name,
    message: redactedText(error.message),
    ...(error.stack === undefined ? {} : { stack: redactedText(error.stack) }),
    ...(error.cause === undefined ? {} : { cause: redacted(error.cause, depth + 1) }),
  };
}
