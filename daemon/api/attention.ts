/** What a person should look at: one sentence each, which says what is the matter and what to do. */
import type { Endpoint } from "../domain/endpoint.ts";
import type { Trouble } from "../domain/statistics.ts";
import type { Check } from "./needs.ts";
import type { AttentionJson } from "./overview-json.ts";
import { timeText } from "./schemas.ts";

/** A receiver that restarts fails a few times; from here on somebody should know. */
const FAILED_IN_A_ROW_MIN = 5;

/** Something to look at. What is said of it is made where it is shown: of ten thousand broken endpoints 200 are. */
export interface Finding {
  readonly severity: AttentionJson["severity"];
  tell(): AttentionJson;
}

/** Instance-wide things first: without them nothing else goes well. */
export function attentionToChecks(checks: readonly Check[]): Finding[] {
  return checks
    .filter(({ ok }) => !ok)
    .map(({ name, detail }) =>
      name === "disk"
        ? item(
            "disk_low",
            "error",
            () => `No events are taken: ${detail}. Free some space on the disk.`,
          )
        : item(
            "not_ready",
            "error",
            () =>
              `No events are taken, because the check of ${name} fails: ${detail}. The daemon's log says more.`,
          ),
    );
}

/** All that is to be said of one endpoint. */
export function attentionTo(endpoint: Endpoint, trouble: Trouble | undefined): Finding[] {
  return [
    disabled(endpoint),
    blocked(endpoint, trouble),
    failing(endpoint, trouble),
    exhausted(endpoint, trouble),
    unchecked(endpoint),
  ].filter((each) => each !== null);
}

function disabled({ id, state, disabledReason, settings }: Endpoint): Finding | null {
  if (state !== "disabled" || disabledReason === null || disabledReason === "operator") return null;
  const why = () =>
    ({
      gone: "it answered 410 Gone",
      receiver_control: "the receiver asked for it",
      only_failures: `it did nothing but fail for ${settings.autoDisableDays ?? 0} days`,
    })[disabledReason];
  const sentence = () =>
    `${settings.url} was disabled, because ${why()}; what arrives for it is held. Enable it once the receiver is well, or delete it.`;
  return item("endpoint_disabled", "error", sentence, id);
}

/** Only while it lasts: a success since then says that the target is allowed now. */
function isBlocked({ health }: Endpoint, trouble: Trouble | undefined): trouble is Trouble {
  return trouble !== undefined && trouble.blocked > 0 && health.failingSinceMs !== null;
}

function blocked(endpoint: Endpoint, trouble: Trouble | undefined): Finding | null {
  if (!isBlocked(endpoint, trouble)) return null;
  const { id, settings } = endpoint;
  const sentence = () =>
    `${times(trouble.blocked, "attempt")} at ${settings.url} did not leave the daemon in the last day: the address is not allowed. Add it to the endpoint's egress_allow, if it is yours.`;
  return item("egress_blocked", "error", sentence, id, trouble.blocked);
}

function failing(endpoint: Endpoint, trouble: Trouble | undefined): Finding | null {
  const { id, state, health, settings } = endpoint;
  const { failingSinceMs, failedInARow } = health;
  if (state !== "active" || failingSinceMs === null || failedInARow < FAILED_IN_A_ROW_MIN) {
    return null;
  }
  if (isBlocked(endpoint, trouble)) return null;
  const sentence = () =>
    `${settings.url} has failed since ${timeText(failingSinceMs)}, ${times(failedInARow, "attempt")} in a row. Its newest delivery shows what it answers; what was given up can be recovered once it is well.`;
  return item("endpoint_failing", "warning", sentence, id, failedInARow);
}

function exhausted({ id, settings }: Endpoint, trouble: Trouble | undefined): Finding | null {
  const count = trouble?.exhausted ?? 0;
  if (count === 0) return null;
  const what = count === 1 ? "delivery was" : "deliveries were";
  const sentence = () =>
    `${count} ${what} given up at ${settings.url} in the last day. Recover the endpoint to send everything again that failed.`;
  return item("exhausted", "error", sentence, id, count);
}

function unchecked({ id, settings }: Endpoint): Finding | null {
  if (settings.verifiesCertificate) return null;
  const sentence = () =>
    `The certificate of ${settings.url} is not checked: whoever stands between can read what is sent. Give the receiver's own authority in ca, and set tls_verify to true.`;
  return item("certificate_unchecked", "warning", sentence, id);
}

function times(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function item(
  code: AttentionJson["code"],
  severity: AttentionJson["severity"],
  sentence: () => string,
  endpointId: string | null = null,
  count: number | null = null,
): Finding {
  return {
    severity,
    tell: () => ({
      code,
      severity,
      sentence: sentence(),
      endpoint_id: endpointId,
      delivery_id: null,
      count,
    }),
  };
}
