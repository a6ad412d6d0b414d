import type { FailureCode } from "./attempt.ts";

const WORDS: Readonly<Record<FailureCode | "egress_blocked", string>> = {
  dns_failed: "the receiver's name did not resolve",
  connect_refused: "the receiver refused the connection",
  connect_timeout: "no connection within the connect time limit",
  connect_failed: "the receiver can't be reached over the network",
  tls_failed: "the receiver's certificate or TLS handshake was not accepted",
  connection_reset: "the connection was closed before an answer came",
  timeout: "no answer within the time limit",
  bad_response: "the answer was not HTTP, or its headers were too long",
  proxy_failed: "the outgoing proxy could not reach the receiver",
  url_invalid: "the endpoint's URL can't be sent to any more",
  unsendable: "nothing could be signed or sent; the message says why",
  egress_blocked: "the egress guard refused the target",
};

/**
 * An error code as stored (`http_500`, `connect_refused`, …) in words; an unknown one stands for
 * itself.
 */
export function errorWords(code: string): string {
  const status = /^http_(\d{3})$/.exec(code)?.[1];
  if (status !== undefined) {
    const isRedirect = status.startsWith("3") && status !== "304";
    return `the receiver answered ${status}${isRedirect ? ", and redirects are not followed" : ""}`;
  }
  const words: Readonly<Record<string, string>> = WORDS;
  return Object.hasOwn(words, code) ? (words[code] ?? code) : code;
}
