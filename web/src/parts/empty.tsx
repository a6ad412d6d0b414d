import type { ComponentChildren } from "preact";
import { nowMs } from "../data/clock.ts";
import { madeAtMs } from "../data/ids.ts";
import type { ProblemJson } from "../data/problem.ts";
import { useRetentionDays } from "../data/retention.ts";
import { address, backTo, goTo, linkTo } from "../shell/address.ts";
import { dateTime } from "../words/format.ts";
import { t, tn } from "../words/words.ts";
import { Icon } from "./icon.tsx";
import { Empty, Problem } from "./problem.tsx";

const DAY_MS = 86_400_000;

interface EmptyListProps {
  /** Whether anything narrows the list; else there really is nothing. */
  readonly isFiltered: boolean;
  /** The end of the range of time that was asked for. */
  readonly to?: string | null;
  readonly title: string;
  /** What makes the first one. */
  readonly children: ComponentChildren;
}

/** An empty list: nothing yet, nothing for this filter, or what there was is older than what is kept. */
export function EmptyList({ isFiltered, to = null, title, children }: EmptyListProps) {
  const days = useRetentionDays();
  if (!isFiltered) return <Empty title={title}>{children}</Empty>;
  const isForgotten = to !== null && days !== null && Date.parse(to) < nowMs.value - days * DAY_MS;
  return (
    <Empty title={isForgotten ? t("empty.forgotten") : t("empty.filter")}>
      {isForgotten && <p>{tn("empty.kept", days)}</p>}
      <button
        type="button"
        class="button"
        onClick={() => goTo(linkTo(address.value.path), { isQuiet: true })}
      >
        <Icon name="close" />
        {t("do.clear")}
      </button>
    </Empty>
  );
}

interface MissingProps {
  readonly problem: ProblemJson;
  readonly id: string;
  /** The list to go back to. */
  readonly path: string;
  readonly retry: () => void;
}

/** What stands where one thing would: that it never was, or is gone, or that it could not be asked for. */
export function Missing({ problem, id, path, retry }: MissingProps) {
  const days = useRetentionDays();
  if (problem.status !== 404) return <Problem problem={problem} retry={retry} />;
  const atMs = madeAtMs(id);
  // Retention takes what has ended; the rest is there until somebody deletes it.
  const isKeptForDays = path === "deliveries" || path === "events";
  const isForgotten =
    isKeptForDays && atMs !== null && days !== null && atMs < nowMs.value - days * DAY_MS;
  return (
    <section class="panel narrow">
      <h1>{isForgotten ? t("empty.forgotten") : t("empty.no-such")}</h1>
      <p>
        <code>{id}</code>
      </p>
      {atMs !== null && <p>{t("empty.made", { time: dateTime(atMs) })}</p>}
      {!isKeptForDays && <p>{t("empty.deleted")}</p>}
      {isKeptForDays && days !== null && <p>{tn("empty.kept", days)}</p>}
      <p>
        <a href={backTo(path)}>{t("empty.to-list")}</a>
      </p>
    </section>
  );
}
