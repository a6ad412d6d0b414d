import type { DeliveryWithAttemptsJson } from "../../../daemon/api/delivery-json.ts";
import type { EndpointJson } from "../../../daemon/api/endpoint-json.ts";
import type { StripCellJson } from "../../../daemon/api/overview-json.ts";
import { nowMs } from "../data/clock.ts";
import { useResource } from "../data/resource.ts";
import { filterValue } from "../parts/filters.tsx";
import { Icon } from "../parts/icon.tsx";
import { linkTo } from "../shell/address.ts";
import { dateTime, distance, shortTime } from "../words/format.ts";
import { errorText } from "../words/reason.ts";
import { t, tn } from "../words/words.ts";
import { GrantOffer } from "./endpoint-grant.tsx";

/** Why it does not send, or sends less, in a sentence; nothing where all is well. */
export function StateNotice({ endpoint }: { readonly endpoint: EndpointJson }) {
  const words = stateWords(endpoint);
  if (words === null) return null;
  return (
    <div class={`notice ${endpoint.state === "disabled" ? "bad" : "warn"}`}>
      <Icon name={endpoint.state === "active" ? "clock" : "pause"} />
      <div>{words}</div>
    </div>
  );
}

function stateWords(endpoint: EndpointJson): string | null {
  const { state, disabled_reason: reason, health, auto_disable_days: days } = endpoint;
  const time = dateTime(Date.parse(endpoint.state_changed_at));
  if (state === "paused") return t("endpoint.paused", { time });
  if (state === "disabled") {
    const why = t(`endpoint.disabled.${reason ?? "operator"}`, { days: days ?? "" });
    return t("endpoint.disabled", { time, why });
  }
  const { slowed_until: slowedUntil, failing_since: since, failed_in_a_row: count } = health;
  if (slowedUntil !== null && Date.parse(slowedUntil) > nowMs.value) {
    return t("endpoint.slowed.why", { time: shortTime(Date.parse(slowedUntil)) });
  }
  if (since === null || count < 2) return null;
  return tn("endpoint.failing", count, { since: distance(Date.parse(since)).replace(/\.$/, "") });
}

interface BlockedProps {
  readonly endpoint: EndpointJson;
  /** The newest attempt. */
  readonly last: StripCellJson | undefined;
  readonly onChange: (endpoint: EndpointJson) => void;
}

/** Where the egress guard refused the last attempt, or a link came here to allow a target: the way to do it. */
export function BlockedNotice({ endpoint, last, onChange }: BlockedProps) {
  const asked = filterValue("grant");
  const isBlocked = last?.outcome === "blocked";
  const { value } = useResource<DeliveryWithAttemptsJson>(
    isBlocked ? `deliveries/${last.delivery_id}` : null,
  );
  const error = value?.attempts.at(-1)?.error ?? null;
  const grant = error?.grant ?? (asked || null);
  if (grant === null || endpoint.egress_allow.includes(grant)) return null;
  // The daemon foresaw it: the warning below says the same and offers the same.
  if (endpoint.warning_details.some((warning) => warning.grant === grant)) return null;
  return (
    <div class="notice bad">
      <Icon name="lock" />
      <div>
        {error !== null && <p>{errorText(error)}</p>}
        <GrantOffer endpoint={endpoint} grant={grant} onChange={onChange} />
      </div>
      {isBlocked && (
        <a class="button small" href={linkTo(["deliveries", last.delivery_id])}>
          {t("attention.delivery")}
        </a>
      )}
    </div>
  );
}
