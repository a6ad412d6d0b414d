import type { VNode } from "preact";
import { useMemo, useRef } from "preact/hooks";
import type { LiveRow } from "../data/activity.ts";
import { nowMs } from "../data/clock.ts";
import { endpointName } from "../data/endpoints.ts";
import { linkTo } from "../shell/address.ts";
import { compact, duration, percent, shortTime } from "../words/format.ts";
import { t, tn } from "../words/words.ts";
import { Icon } from "./icon.tsx";
import { StateBadge } from "./state.tsx";
import { Strip } from "./strip.tsx";

export interface EndpointRowData extends LiveRow {
  readonly url: string;
  readonly description: string;
  readonly slowed_until: string | null;
  readonly tls_verify?: boolean;
}

/** A row an endpoint, each with its last attempts. `j k` go from one to the next, Enter opens. */
export function EndpointRows({
  label,
  rows,
}: {
  readonly label: string;
  readonly rows: readonly EndpointRowData[];
}) {
  const drawn = useRef(new Map<string, Drawn>());
  return (
    <ul class="endpoint-rows" aria-label={label} onKeyDown={onKeyDown}>
      {rows.map((row, index) => drawnOf(drawn.current, row, index === 0))}
    </ul>
  );
}

interface Drawn {
  readonly row: EndpointRowData;
  readonly isFirst: boolean;
  readonly node: VNode;
}

/** The same node for the same row is not drawn again: of many rows few change at a time. */
function drawnOf(drawn: Map<string, Drawn>, row: EndpointRowData, isFirst: boolean): VNode {
  const before = drawn.get(row.id);
  if (before !== undefined && before.row === row && before.isFirst === isFirst) return before.node;
  const node = <EndpointRow key={row.id} row={row} isFirst={isFirst} />;
  drawn.set(row.id, { row, isFirst, node });
  return node;
}

const STEPS: Readonly<Record<string, 1 | -1>> = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };

function onKeyDown(event: KeyboardEvent & { readonly currentTarget: HTMLElement }): void {
  const step = STEPS[event.key];
  const { target, currentTarget } = event;
  if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!(target instanceof HTMLElement) || !target.matches(".endpoint-link")) return;
  const links = [...currentTarget.querySelectorAll<HTMLElement>(".endpoint-link")];
  links[Math.max(0, Math.min(links.indexOf(target) + step, links.length - 1))]?.focus();
  event.preventDefault();
  // The frame would begin with the first row again.
  event.stopPropagation();
}

function EndpointRow({
  row,
  isFirst,
}: {
  readonly row: EndpointRowData;
  readonly isFirst: boolean;
}) {
  const name = endpointName(row);
  const strip = useMemo(
    () => <Strip cells={row.strip} label={t("endpoint.strip", { name })} />,
    [row.strip, name],
  );
  return (
    <li class="endpoint-row">
      <div class="endpoint-name">
        <a
          class="endpoint-link"
          href={linkTo(["endpoints", row.id])}
          data-list={isFirst || undefined}
        >
          {name}
        </a>
        <StateBadge state={row.state} />
        {row.description !== "" && <span class="soft small one-line">{row.url}</span>}
        <Notes row={row} />
      </div>
      {strip}
      <Numbers row={row} />
    </li>
  );
}

function Notes({ row }: { readonly row: EndpointRowData }) {
  const isSlowed = row.slowed_until !== null && Date.parse(row.slowed_until) > nowMs.value;
  if (!isSlowed && row.tls_verify !== false) return null;
  return (
    <span class="endpoint-notes small">
      {isSlowed && (
        <span class="badge warn">
          <Icon name="clock" />
          {t("endpoint.slowed", { time: shortTime(Date.parse(row.slowed_until ?? "")) })}
        </span>
      )}
      {row.tls_verify === false && (
        <span class="badge warn">
          <Icon name="warn" />
          {t("endpoint.unverified")}
        </span>
      )}
    </span>
  );
}

function Numbers({ row: { day, waiting, held } }: { readonly row: EndpointRowData }) {
  return (
    <dl class="endpoint-numbers number">
      <div title={t("endpoint.success.long")}>
        <dt>{t("endpoint.success")}</dt>
        <dd>
          <SuccessShare delivered={day.delivered} failed={day.failed} />
        </dd>
      </div>
      <div title={t("endpoint.p95.long")}>
        <dt>{t("endpoint.p95")}</dt>
        <dd>{day.p95_ms === null ? "–" : duration(day.p95_ms)}</dd>
      </div>
      <div title={held > 0 ? tn("endpoint.held", held) : undefined}>
        <dt>{held > 0 && waiting === 0 ? t("state.held") : t("endpoint.waiting")}</dt>
        <dd>{compact(held > 0 && waiting === 0 ? held : waiting)}</dd>
      </div>
    </dl>
  );
}

/** What part of the attempts of the last day went well. */
export function SuccessShare({
  delivered,
  failed,
}: {
  readonly delivered: number;
  readonly failed: number;
}) {
  const all = delivered + failed;
  if (all === 0) return <>–</>;
  const share = delivered / all;
  return <span class={share < 0.9 ? "ink-bad" : undefined}>{percent(share)}</span>;
}
