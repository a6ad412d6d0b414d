/** From errors of Node, OpenSSL and undici to the closed list of failure codes. */
import type { Blocked, Failed, FailureCode } from "../domain/attempt.ts";

/** An outcome that only lacks its duration. */
export type Ending = Omit<Failed, "durationMs"> | Omit<Blocked, "durationMs">;

/** How far a connection had come. */
export type Stage = "look-up" | "connect" | "proxy" | "tls";

/** Carries an ending through undici, which knows only errors. Has no `code`: undici acts on some of them by itself. */
export class ConnectFailed extends Error {
  readonly ending: Ending;
  constructor(ending: Ending) {
    super(ending.message);
    this.name = "ConnectFailed";
    this.ending = ending;
  }
}

export function failed(code: FailureCode, message: string): Omit<Failed, "durationMs"> {
  return { kind: "failed", code, message };
}

const CONNECT_CODES: Readonly<Record<string, FailureCode>> = {
  ECONNREFUSED: "connect_refused",
  ETIMEDOUT: "connect_timeout",
  ECONNRESET: "connection_reset",
};

const CONNECT_SENTENCES: Readonly<Record<string, string>> = {
  ECONNREFUSED: "refused the connection: nothing listens there, or a firewall answers",
  ETIMEDOUT: "did not answer",
  ECONNRESET: "closed the connection at once",
  EHOSTUNREACH: "can't be reached: no route to the host",
  ENETUNREACH: "can't be reached: no route to its network",
};

/** What went wrong before there was a connection. `where` is `host:port`. */
export function connectEnding(error: unknown, stage: Stage, where: string): Ending {
  if (error instanceof ConnectFailed) return error.ending;
  const code = codeOf(error);
  if (stage === "look-up") {
    return failed("dns_failed", `The name of ${where} could not be resolved (${code}).`);
  }
  if (stage === "tls") return failed("tls_failed", tlsSentence(error, code, where));
  if (stage === "proxy")
    return failed("proxy_failed", `The outgoing proxy failed for ${where} (${code}).`);
  const sentence = CONNECT_SENTENCES[code] ?? `can't be reached (${code})`;
  return failed(CONNECT_CODES[code] ?? "connect_failed", `${where} ${sentence}.`);
}

/** The connect limit ran out. A silent name server counts as a name that does not resolve. */
export function connectTimeout(stage: Stage, where: string, limitMs: number): Ending {
  switch (stage) {
    case "look-up":
      return failed("dns_failed", `The name of ${where} did not resolve within ${limitMs} ms.`);
    case "connect":
      return failed(
        "connect_timeout",
        `${where} did not take the connection within ${limitMs} ms.`,
      );
    case "proxy":
      return failed(
        "connect_timeout",
        `The outgoing proxy did not reach ${where} within ${limitMs} ms.`,
      );
    case "tls":
      return failed(
        "connect_timeout",
        `${where} did not finish the TLS handshake within ${limitMs} ms.`,
      );
  }
}

/** What went wrong with a request that was on its way, or with one that could not be written. */
export function requestEnding(error: unknown, where: string): Ending {
  if (error instanceof ConnectFailed) return error.ending;
  const code = codeOf(error);
  const text = error instanceof Error ? error.message : "";
  if (code === "UND_ERR_INVALID_ARG" || code === "UND_ERR_NOT_SUPPORTED") {
    // The only code for a request that can't be written; the text names the header or the part of the URL.
    return failed("url_invalid", `The request to ${where} can't be written: ${text}.`);
  }
  if (code === "UND_ERR_HEADERS_OVERFLOW") {
    return failed("bad_response", `${where} answered with more headers than the limit allows.`);
  }
  const mistake = protocolMistake(error, code);
  if (mistake !== null) {
    return failed(
      "bad_response",
      `${where} answered with something that is not HTTP/1.1: ${mistake}.`,
    );
  }
  // TLS 1.3 lets a server refuse the client after its handshake is done.
  if (code.startsWith("ERR_SSL_")) return failed("tls_failed", tlsSentence(error, code, where));
  return failed(
    "connection_reset",
    `${where} closed the connection before a whole answer was read.`,
  );
}

/** What the parser objected to, or null. undici leaves the parser's errors without a code, so their text is read. */
function protocolMistake(error: unknown, code: string): string | null {
  if (!(error instanceof Error)) return null;
  // "bad response" is said of bytes nobody asked for and of `100 Continue`, "bad upgrade" of 101.
  if (code === "UND_ERR_SOCKET") return error.message.startsWith("bad ") ? error.message : null;
  if (error.name !== "HTTPParserError") return null;
  const reason = /\((.+)\)$/.exec(error.message)?.[1] ?? "not to be parsed";
  // An answer that began well and was broken off.
  return reason === "Invalid EOF state" ? null : reason;
}

const CERTIFICATE_SENTENCES: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: "is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "comes from an authority that is not trusted here",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "comes from an authority that is not trusted here",
  UNABLE_TO_GET_ISSUER_CERT: "comes from an authority that is not trusted here",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "comes from an authority that is not trusted here",
  CERT_HAS_EXPIRED: "has expired",
  CERT_NOT_YET_VALID: "is not valid yet",
  ERR_TLS_CERT_ALTNAME_INVALID: "is for another name",
};

function tlsSentence(error: unknown, code: string, where: string): string {
  const certificate = CERTIFICATE_SENTENCES[code];
  if (certificate !== undefined) return `The certificate of ${where} ${certificate} (${code}).`;
  if (code === "ECONNRESET") return `${where} closed the connection during the TLS handshake.`;
  if (code === "ERR_SSL_WRONG_VERSION_NUMBER" || code === "ERR_SSL_PACKET_LENGTH_TOO_LONG") {
    return `${where} does not speak TLS: is it a plain http port (${code})?`;
  }
  const reason = error instanceof Error && "reason" in error ? `: ${String(error.reason)}` : "";
  return `The TLS handshake with ${where} failed (${code}${reason}).`;
}

/** The most telling code of an error: of the parts, where several addresses were tried. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError) {
    const codes = error.errors.map(codeOf);
    return codes.find((code) => code in CONNECT_CODES) ?? codes[0] ?? "unknown error";
  }
  if (error instanceof Error && "code" in error && typeof error.code === "string")
    return error.code;
  return "unknown error";
}
