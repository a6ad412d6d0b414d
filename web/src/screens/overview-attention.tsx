import { useState } from "preact/hooks";
import type { AttentionJson, OverviewJson } from "../../../daemon/api/overview-json.ts";
import { endpointName } from "../data/endpoints.ts";
import { isAdmin } from "../data/session.ts";
import { Icon } from "../parts/icon.tsx";
import { linkTo } from "../shell/address.ts";
import { withLocalTimes } from "../words/format.ts";
import type { Key } from "../words/en.ts";
import { t, tn } from "../words/words.ts";

const SHOWN = 4;
const DISABLED = ["gone", "receiver_control", "only_failures"] as const;

/** What a person should look at, each with the way to where it is put right. Nothing where there is nothing. */
export function Attention({
  overview: { attention: items, endpoints },
}: {
  readonly overview: OverviewJson;
}) {
  const [isWhole, setWhole] = useState(false);
  if (items.length === 0) return null;
  const shown = isWhole || items.length <= SHOWN + 1 ? items : items.slice(0, SHOWN);
  const more = items.length - shown.length;
  return (
    <section class="panel flush" aria-label={t("attention.title")}>
      <div class="panel-head">
        <h2>{t("attention.title")}</h2>
        <span class="soft small">{tn("attention.count", items.length)}</span>
      </div>
      <ul class="attention">
        {shown.map((item) => (
          <li key={`${item.code}${item.endpoint_id ?? ""}`}>
            <span class={`badge ${item.severity === "error" ? "bad" : "warn"}`}>
              <Icon name={item.severity === "error" ? "cross" : "warn"} />
              {t(`attention.${item.code}` satisfies Key)}
            </span>
            <span>{sentenceOf(item, endpoints)}</span>
            <Remedy item={item} />
          </li>
        ))}
        {more > 0 && (
          <li class="attention-more">
            <button type="button" class="button quiet small" onClick={() => setWhole(true)}>
              <Icon name="down" />
              {tn("attention.more", more)}
            </button>
          </li>
        )}
      </ul>
    </section>
  );
}

/** In the reader's language, with the name that people gave; the daemon's own sentence for what has no name. */
function sentenceOf(
  { code, sentence, count, endpoint_id: id }: AttentionJson,
  endpoints: OverviewJson["endpoints"],
): string {
  if (code === "not_ready" || code === "disk_low") return t(`attention.say.${code}`);
  const endpoint = endpoints.find((each) => each.id === id);
  if (endpoint === undefined) return withLocalTimes(sentence);
  const name = endpointName(endpoint);
  switch (code) {
    case "endpoint_disabled": {
      const reason = DISABLED.find((each) => each === endpoint.disabled_reason);
      return reason === undefined ? sentence : t(`attention.say.disabled.${reason}`, { name });
    }
    case "egress_blocked":
      return tn("attention.say.blocked", count ?? 1, { name });
    case "endpoint_failing":
      return tn("attention.say.failing", count ?? 1, { name });
    case "exhausted":
      return tn("attention.say.exhausted", count ?? 1, { name });
    case "certificate_unchecked":
      return t("attention.say.certificate", { name });
  }
}

function Remedy({
  item: { code, endpoint_id: id, delivery_id: delivery },
}: {
  readonly item: AttentionJson;
}) {
  if (code === "exhausted" && isAdmin()) {
    return <Way to={linkTo(["recover"], { endpoint_id: id })} words={t("attention.recover")} />;
  }
  if (delivery !== null) {
    return <Way to={linkTo(["deliveries", delivery])} words={t("attention.delivery")} />;
  }
  if (id !== null) {
    const tab = code === "certificate_unchecked" ? "settings" : null;
    return <Way to={linkTo(["endpoints", id], { tab })} words={t("attention.endpoint")} />;
  }
  return <Way to={linkTo(["system"])} words={t("attention.system")} />;
}

function Way({ to, words }: { readonly to: string; readonly words: string }) {
  return (
    <a class="button small" href={to}>
      {words}
    </a>
  );
}
