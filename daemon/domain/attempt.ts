/**
 * One attempt is one POST. How it ended is a value, an `Outcome`; what that ending means for the delivery is decided
 * in one place only, `settle` in delivery.ts.
 */
import type { SignatureStep } from "./signature-step.ts";

/** Why no HTTP answer came, or came too late. Stable codes: they are stored, shown, counted and filtered by. */
export type FailureCode =
  | "dns_failed" // the name did not resolve
  | "connect_refused"
  | "connect_timeout" // no TCP (or TLS) connection within the connect limit
  | "connect_failed" // unreachable network or host, no route, no free port
  | "tls_failed" // certificate or handshake refused; the message says why
  | "connection_reset" // closed before the status and all headers were read
  | "timeout" // connected, but no status and headers within the attempt's deadline
  | "bad_response" // not HTTP, or headers over the limit
  | "proxy_failed" // the outgoing proxy refused or could not reach the target
  | "url_invalid" // the stored URL can no longer be sent to
  | "unsendable"; // no request could be made: no valid secret, or a body that the profile can't carry

/** What the receiver asked for with the response header `webhook-delivery`. */
export type ReceiverControl = "disable" | "abort-message";

/** What of the answer is kept, bounded by the sender: the operator sees it, nothing depends on it. */
export interface ResponseRecord {
  /** `name: value`, a line each, names in lower case: the text that is stored and shown. */
  readonly headerLines: string;
  /** At most `responseBytesMax` bytes, as received. */
  readonly excerpt: Uint8Array;
  /** True when the receiver sent more than was kept, or its body was not read to the end. */
  readonly isCut: boolean;
}

/** Status and headers of an HTTP answer arrived, with as much of the body as came and is kept. `retryAfter` is the raw header. */
export interface Answered {
  readonly kind: "answered";
  readonly status: number;
  readonly retryAfter: string | null;
  readonly control: ReceiverControl | null;
  readonly response: ResponseRecord;
  readonly durationMs: number;
}

/** No usable HTTP answer. `message` is one sentence for the operator, without secrets. */
export interface Failed {
  readonly kind: "failed";
  readonly code: FailureCode;
  readonly message: string;
  readonly durationMs: number;
}

/** The egress guard refused the target; no packet left. `grant` is what would have to be allowed, null if nothing can. */
export interface Blocked {
  readonly kind: "blocked";
  /** The address that was refused, or the host where no address was looked up. */
  readonly address: string;
  /** For example `192.168.1.5:8080`; null when the address can never be granted by this means. */
  readonly grant: string | null;
  readonly message: string;
  readonly durationMs: number;
}

/** Everything that can happen to one POST. A sender never throws: it returns one of these. */
export type Outcome = Answered | Failed | Blocked;

/** The error code kept with an attempt: null exactly when it was answered with 2xx. */
export function errorCode(outcome: Outcome): string | null {
  switch (outcome.kind) {
    case "answered":
      return outcome.status >= 200 && outcome.status < 300 ? null : `http_${outcome.status}`;
    case "failed":
      return outcome.code;
    case "blocked":
      return "egress_blocked";
  }
}

/** One request as it goes over the wire. The bytes of `body` are signed and sent as they are. */
export interface OutgoingRequest {
  readonly url: string;
  /** Lower-case or canonical names, in the order they are sent; no host, content-length or connection. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

/** A request to be looked at: no credential is in it, and none of the steps holds a secret. */
export interface ShownRequest {
  readonly url: string;
  /** False where none was sent yet: then it is what the next attempt would send. */
  readonly isSent: boolean;
  /** `name: value`, a line each. */
  readonly headerLines: string;
  readonly body: Uint8Array;
  /** How the signature is made, from first to last. */
  readonly steps: readonly SignatureStep[];
}

/** How a request may leave: limits and permissions of one endpoint. One object per endpoint version, compared by identity. */
export interface EgressPolicy {
  readonly connectTimeoutMs: number;
  /** The whole attempt, from the first look-up to the last byte read. */
  readonly timeoutMs: number;
  /** This endpoint's own grants, on top of the instance's: `host:port`, addresses, CIDRs. */
  readonly grants: readonly string[];
  /** PEM of a private certificate authority, or null for the public ones. */
  readonly ca: string | null;
  /** False only by the endpoint's explicit switch: any certificate is taken. */
  readonly verifiesCertificate: boolean;
}

/** The port to the network. Never rejects and never follows a redirect. */
export interface Sender {
  post(request: OutgoingRequest, policy: EgressPolicy): Promise<Outcome>;
  /** Forget connections that were opened under this policy, because it was replaced or its grants withdrawn. */
  forget(policy: EgressPolicy): void;
  /** Close every connection; attempts under way end as `connection_reset`. */
  close(): Promise<void>;
}
