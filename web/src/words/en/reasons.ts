import type { FailureCode } from "../../../../daemon/domain/attempt.ts";
import type { ReasonCode } from "../../../../daemon/domain/reason.ts";

type Needed = `reason.${ReasonCode}` | `error.${FailureCode | "egress_blocked"}`;

/** Why a delivery has its state, and why an attempt failed: words for each code that this daemon knows. */
export const reasons = {
  "reason.attempt-of": "{n} of {max}",
  "reason.failed": "Attempt {attempts} failed: {error}.",
  "reason.others.one": " {n} other waits, too.",
  "reason.others.other": " {n} others wait, too.",
  "reason.attempts.one": "{n} attempt",
  "reason.attempts.other": "{n} attempts",
  "reason.in_flight": "Attempt {attempt} is under way.",
  "reason.in_flight.limit": "It ends after {timeout} at the latest.",
  "reason.in_flight.cancelled":
    "It was cancelled meanwhile, but this attempt may still deliver it.",
  "reason.due": "Attempt {attempt} is due and starts within a second.",
  "reason.scheduled": "Attempt {attempt} is due at {next}.",
  "reason.retry_scheduled": "Attempt {attempt} is due at {next}.",
  "reason.egress_blocked":
    "Attempt {attempts} was blocked by the egress guard; its message says why. Attempt {attempt} is due at {next}.",
  "reason.egress_blocked.grant":
    "Attempt {attempts} was blocked by the egress guard: {grant} is not allowed. Attempt {attempt} is due at {next}.",
  "reason.endpoint_slowed":
    "Its receiver asked for less traffic (it answered 429, 502, 503 or 504), so the endpoint is left alone until {next}; then attempt {attempt} follows.",
  "reason.waiting_for_probe":
    "Attempt {attempt} is due and waits: its receiver asked for less traffic, so one goes at a time.",
  "reason.waiting_for_slot":
    "Attempt {attempt} is due and waits: all of the attempts that its endpoint takes at once ({max}) are under way.",
  "reason.waiting_for_slot.few":
    "Attempt {attempt} is due and waits: the endpoint failed {failed} times in a row, so few attempts go at once.",
  "reason.waiting_for_rate":
    "Attempt {attempt} is due and goes as soon as the endpoint's limit of {rate} a second lets it.",
  "reason.waiting_for_daemon":
    "Attempt {attempt} is due and waits: all of the attempts that the daemon makes at once ({max}) are under way.",
  "reason.waiting_for_storage":
    "Attempt {attempt} is due, but outcomes can't be recorded now, so nothing is sent; look at the disk.",
  "reason.held_paused": "Held: its endpoint is paused since {since}; resume it to go on.",
  "reason.disabled_by_operator":
    "Held: its endpoint was disabled by an operator at {since}; enable it to go on.",
  "reason.disabled_gone":
    "Held: its endpoint was disabled at {since}, since it answered 410 Gone; enable it to go on.",
  "reason.disabled_by_receiver":
    "Held: its endpoint was disabled at {since}, since it asked for that (webhook-delivery: disable); enable it to go on.",
  "reason.disabled_only_failures":
    "Held: its endpoint was disabled at {since} after days of nothing but failures; enable it to go on.",
  "reason.held_order":
    "Held: an earlier delivery with the ordering key {key} has not ended; this one follows when it does.",
  "reason.being_released":
    "Its endpoint was resumed at {since}; held deliveries are being released.",
  "reason.being_released.latest":
    "Its endpoint was resumed at {since}; of each ordering key only the newest held delivery is released, the others are cancelled.",
  "reason.being_skipped":
    "Its endpoint was resumed at {since} without what was held; it is cancelled.",
  "reason.held_leftover":
    "Held although its endpoint is active; resend it, or resume the endpoint once more.",
  "reason.delivered": "Delivered: attempt {attempts} was answered with status {status}.",
  "reason.exhausted": "Given up after {run}.",
  "reason.exhausted.why": "The last one failed: {error}.",
  "reason.resend": "Resend it to try again.",
  "reason.gone": "Given up: attempt {attempts} was answered 410 Gone.",
  "reason.rejected":
    "Given up: attempt {attempts} was answered with status {status}, which this endpoint's setting takes as final.",
  "reason.aborted":
    "Given up: the receiver asked to stop (webhook-delivery: abort-message) at attempt {attempts}.",
  "reason.test_failed": "The test failed. Tests are not retried.",
  "reason.test_failed.why": "The test failed: {error}. Tests are not retried.",
  "reason.cancelled": "Cancelled by an operator.",
  "reason.cancelled.after": "Cancelled by an operator after {made}.",
  "reason.skipped": "Skipped when its endpoint was resumed without it.",
  "reason.endpoint_deleted": "Cancelled: its endpoint was deleted.",
  "error.http": "the receiver answered {status}",
  "error.redirect": "the receiver answered {status}, and redirects are not followed",
  "error.dns_failed": "the receiver's name did not resolve",
  "error.connect_refused": "the receiver refused the connection",
  "error.connect_timeout": "no connection within the connect time limit",
  "error.connect_failed": "the receiver can't be reached over the network",
  "error.tls_failed": "the receiver's certificate or TLS handshake was not accepted",
  "error.connection_reset": "the connection was closed before an answer came",
  "error.timeout": "no answer within the time limit",
  "error.bad_response": "the answer was not HTTP, or its headers were too long",
  "error.proxy_failed": "the outgoing proxy could not reach the receiver",
  "error.url_invalid": "the endpoint's URL can't be sent to any more",
  "error.unsendable": "nothing could be signed or sent; the message says why",
  "error.egress_blocked": "the egress guard refused the target",
} as const satisfies Readonly<Record<Needed, string> & Record<string, string>>;
