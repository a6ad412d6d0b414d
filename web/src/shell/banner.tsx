import { connection, refresh, retryNow, servedBuild } from "../data/live.ts";
import { Icon } from "../parts/icon.tsx";
import { shortTime } from "../words/format.ts";
import { t } from "../words/words.ts";

const OWN_BUILD =
  document.querySelector<HTMLMetaElement>('meta[name="posthorn-build"]')?.content ?? null;

/** A line at the top when something has to be known: no connection and how old the data is, no live updates, or a newer page. */
export function Banner() {
  const now = connection.value;
  const isOld = OWN_BUILD !== null && servedBuild.value !== null && servedBuild.value !== OWN_BUILD;
  return (
    <div role="status" aria-live="polite">
      {now.kind === "lost" && (
        <p class="banner warn">
          <Icon name="plug" />
          {t("live.lost", { time: shortTime(now.asOfMs) })}
          <button type="button" class="button small" onClick={retryNow}>
            {t("live.retry")}
          </button>
        </p>
      )}
      {now.kind === "unfed" && (
        <p class="banner">
          <Icon name="plug" />
          {t("live.unfed")}
          <button type="button" class="button small" onClick={refresh}>
            {t("live.refresh")}
          </button>
        </p>
      )}
      {isOld && (
        <p class="banner">
          <Icon name="recover" />
          {t("live.new-build")}
          <button type="button" class="button small" onClick={() => location.reload()}>
            {t("live.reload")}
          </button>
        </p>
      )}
    </div>
  );
}
