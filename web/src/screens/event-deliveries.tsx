import { useEffect } from "preact/hooks";
import type { DeliveryJson } from "../../../daemon/api/delivery-json.ts";
import { useLiveDeliveries } from "../data/arrivals.ts";
import { endpointName, useEndpoints } from "../data/endpoints.ts";
import { useList } from "../data/list.ts";
import { Problem } from "../parts/problem.tsx";
import { StateBadge } from "../parts/state.tsx";
import { Time } from "../parts/time.tsx";
import { linkTo } from "../shell/address.ts";
import { t } from "../words/words.ts";

const ROWS = 100;

/** Where an event went, as it goes: a line for each endpoint. */
export function EventDeliveries({ eventId }: { readonly eventId: string }) {
  const list = useList<DeliveryJson>("deliveries", { event_id: eventId, limit: ROWS });
  const arrivals = useLiveDeliveries(list, {
    belongs: (delivery) => delivery.event_id === eventId,
    isNewestFirst: false,
  });
  useEffect(() => {
    if (arrivals.count === 0) return;
    arrivals.clear();
    list.reload();
  }, [arrivals.count]);
  return (
    <section class="panel">
      <h2>{t("event.where")}</h2>
      {list.problem !== null && <Problem problem={list.problem} retry={list.reload} />}
      {list.rows.length === 0 && list.isLoading && <p class="soft">{t("list.loading")}</p>}
      {list.rows.length === 0 && !list.isLoading && list.problem === null && (
        <p class="soft">
          {t("event.no-deliveries")}. {t("event.no-deliveries.why")}
        </p>
      )}
      <ul class="lines">
        {list.rows.map((row) => (
          <Line key={row.id} delivery={row} />
        ))}
      </ul>
      {list.hasMore && (
        <button type="button" class="button" onClick={list.more}>
          {t("do.more")}
        </button>
      )}
    </section>
  );
}

function Line({ delivery }: { readonly delivery: DeliveryJson }) {
  const endpoints = useEndpoints();
  const { id, endpoint_id: endpointId, last_status: status, last_error: error } = delivery;
  const endpoint = endpointId === null ? undefined : endpoints.get(endpointId);
  return (
    <li>
      <StateBadge state={delivery.state} />
      <a href={linkTo(["deliveries", id])}>
        {endpoint === undefined
          ? (endpointId ?? t("deliveries.endpoint.gone"))
          : endpointName(endpoint)}
      </a>
      <code class={error === null ? "soft" : "failed-text"}>{status ?? error ?? ""}</code>
      <span class="soft small">
        <Time at={delivery.settled_at ?? delivery.due_at ?? delivery.created_at} isDistance />
      </span>
    </li>
  );
}
