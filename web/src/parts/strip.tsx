import { useState } from "preact/hooks";
import type { StripCellJson } from "../../../daemon/api/overview-json.ts";
import { goTo, linkTo } from "../shell/address.ts";
import { duration, shortTime } from "../words/format.ts";
import { t } from "../words/words.ts";

const CELLS = 60;
const WIDTH = 6;
const GAP = 2;
const HEIGHT = 24;

/**
 * The newest attempts as bars, the latest at the end; a failure is lower as well as of another colour. One tab stop: arrows move,
 * Enter opens the delivery, and the cell is read out.
 */
export function Strip({
  cells,
  label,
}: {
  readonly cells: readonly StripCellJson[];
  readonly label: string;
}) {
  const [chosen, setChosen] = useState<number | null>(null);
  const [pointed, setPointed] = useState<StripCellJson | null>(null);
  const shown = cells.slice(-CELLS);
  const at = chosen === null ? shown.length - 1 : Math.min(chosen, shown.length - 1);
  const cell = shown[at];
  const moves: Readonly<Record<string, number>> = {
    ArrowLeft: at - 1,
    ArrowRight: at + 1,
    PageUp: at - 10,
    PageDown: at + 10,
    Home: 0,
    End: shown.length - 1,
  };
  function onKeyDown(event: KeyboardEvent): void {
    if (event.key === "Enter" && cell !== undefined) return open(cell);
    const next = moves[event.key];
    if (next === undefined) return;
    event.preventDefault();
    setChosen(Math.max(0, Math.min(next, shown.length - 1)));
  }
  if (cell === undefined) return <span class="soft small">{t("strip.empty")}</span>;
  const offset = CELLS - shown.length;
  return (
    <div
      class="strip"
      role="slider"
      tabIndex={0}
      aria-label={label}
      aria-valuemin={1}
      aria-valuemax={shown.length}
      aria-valuenow={at + 1}
      aria-valuetext={cellText(cell)}
      title={pointed === null ? undefined : cellText(pointed)}
      onKeyDown={onKeyDown}
      onBlur={() => setChosen(null)}
      onMouseLeave={() => setPointed(null)}
    >
      <svg
        viewBox={`0 0 ${CELLS * (WIDTH + GAP)} ${HEIGHT}`}
        preserveAspectRatio="xMaxYMid meet"
        aria-hidden="true"
      >
        {shown.map((each, index) => (
          <Bar
            key={`${each.delivery_id}${each.at}`}
            cell={each}
            x={(offset + index) * (WIDTH + GAP)}
            isChosen={index === chosen}
            onPoint={setPointed}
          />
        ))}
      </svg>
    </div>
  );
}

/** Of the height: what failed is lower, and lowest what will be tried again. */
const SHARES = { delivered: 1, failed: 0.45, exhausted: 0.7, blocked: 0.7 } as const;

function Bar({
  cell,
  x,
  isChosen,
  onPoint,
}: {
  readonly cell: StripCellJson;
  readonly x: number;
  readonly isChosen: boolean;
  readonly onPoint: (cell: StripCellJson) => void;
}) {
  const height = HEIGHT * SHARES[cell.outcome];
  return (
    <rect
      class={`bar ${cell.outcome}${isChosen ? " chosen" : ""}`}
      x={x}
      y={HEIGHT - height}
      width={WIDTH}
      height={height}
      rx={1.5}
      onClick={() => open(cell)}
      onMouseEnter={() => onPoint(cell)}
    />
  );
}

function cellText({ at, outcome, status, duration_ms: ms }: StripCellJson): string {
  const what = t(`strip.${outcome}`);
  return [shortTime(Date.parse(at)), what, status ?? "", duration(ms)]
    .filter((part) => part !== "")
    .join(" · ");
}

function open({ delivery_id: id }: StripCellJson): void {
  goTo(linkTo(["deliveries", id]));
}
