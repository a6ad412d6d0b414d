import { useEffect, useState } from "preact/hooks";
import { onDelta } from "../data/live.ts";
import { Icon } from "../parts/icon.tsx";
import { linkTo } from "../shell/address.ts";
import { number } from "../words/format.ts";
import { t, tn } from "../words/words.ts";
import type { Progress } from "./recover-dialog.tsx";

/** What has become of what was put in motion, as the live feed tells it: attempts at these endpoints since then. */
export function RecoverProgress({
  progress: { count, endpointIds, startedAtMs },
}: {
  readonly progress: Progress;
}) {
  const [ended, setEnded] = useState({ delivered: 0, failed: 0 });
  useEffect(
    () =>
      onDelta(({ endpoints = [] }) => {
        const cells = endpoints
          .filter(({ id }) => endpointIds.includes(id))
          .flatMap(({ strip }) => strip)
          .filter(({ at }) => Date.parse(at) >= startedAtMs);
        const delivered = cells.filter(({ outcome }) => outcome === "delivered").length;
        if (cells.length === 0) return;
        setEnded((before) => ({
          delivered: before.delivered + delivered,
          failed: before.failed + cells.length - delivered,
        }));
      }),
    [endpointIds, startedAtMs],
  );
  const { delivered, failed } = ended;
  const isOver = delivered + failed >= count;
  const link =
    endpointIds.length === 1
      ? linkTo(["deliveries"], { endpoint_id: endpointIds[0] })
      : linkTo(["deliveries"]);
  return (
    <section class={`notice ${isOver && failed === 0 ? "good" : "calm"}`} role="status">
      <Icon name={isOver && failed === 0 ? "check" : "plane"} />
      <div>
        <p>{tn("recover.started", count)}</p>
        <progress
          max={Math.max(count, 1)}
          value={Math.min(delivered + failed, count)}
          aria-label={t("recover.progress")}
        />
        <p class="small">
          {t("recover.ended", { delivered: number(delivered), failed: number(failed) })}
        </p>
      </div>
      <a class="button small" href={link}>
        {t("nav.deliveries")}
      </a>
    </section>
  );
}
