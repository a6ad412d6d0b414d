import { useMemo, useState } from "preact/hooks";
import type { StripCellJson } from "../../../daemon/api/overview-json.ts";
import { goTo, linkTo } from "../shell/address.ts";
import { duration, shortTime } from "../words/format.ts";
import { t } from "../words/words.ts";

const CELLS = 60;
const PITCH = 8;
const BAR = 5;
const WIDTH = CELLS * PITCH;
const HEIGHT = 24;

/** Of the height: what failed is lower, and lowest what will be tried again. */
const SHARES = { delivered: 1, failed: 0.45, exhausted: 0.7, blocked: 0.7 } as const;
type Outcome = keyof typeof SHARES;
const OUTCOMES = Object.keys(SHARES) as readonly Outcome[];

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
  function onKeyDown(event: KeyboardEvent): void {
    if (event.key === "Enter" && cell !== undefined) return open(cell);
    const next = movedTo(event.key, at, shown.length);
    if (next === null) return;
    event.preventDefault();
    setChosen(next);
  }
  if (cell === undefined) return <span class="soft small">{t("strip.empty")}</span>;
  const under = (event: MouseEvent): StripCellJson | null => cellUnder(event, shown);
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
      onMouseMove={(event) => setPointed(under(event))}
      onMouseLeave={() => setPointed(null)}
      onClick={(event) => {
        const clicked = under(event);
        if (clicked !== null) open(clicked);
      }}
    >
      <Bars cells={shown} chosen={chosen === null ? null : at} />
    </div>
  );
}

/** One path an outcome: with a bar each an element, a page of strips would be thousands that change with every attempt. */
function Bars({
  cells,
  chosen,
}: {
  readonly cells: readonly StripCellJson[];
  readonly chosen: number | null;
}) {
  const paths = useMemo(() => pathsOf(cells), [cells]);
  const x = chosen === null ? 0 : middleOf(chosen, cells.length);
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="xMaxYMid meet"
      aria-hidden="true"
      focusable="false"
    >
      {OUTCOMES.map((outcome) => (
        <path key={outcome} class={`bar ${outcome}`} d={paths[outcome]} stroke-width={BAR} />
      ))}
      {chosen !== null && (
        <rect
          class="bar-chosen"
          x={x - PITCH / 2}
          y={0.5}
          width={PITCH}
          height={HEIGHT - 1}
          rx={2}
        />
      )}
    </svg>
  );
}

function pathsOf(cells: readonly StripCellJson[]): Readonly<Record<Outcome, string>> {
  const paths: Record<Outcome, string> = { delivered: "", failed: "", exhausted: "", blocked: "" };
  for (const [index, { outcome }] of cells.entries()) {
    const top = HEIGHT * (1 - SHARES[outcome]);
    paths[outcome] += `M${middleOf(index, cells.length)} ${HEIGHT - BAR / 2}V${top + BAR / 2}`;
  }
  return paths;
}

/** The latest stands at the end, however few there are. */
function middleOf(index: number, count: number): number {
  return (CELLS - count + index) * PITCH + PITCH / 2;
}

const MOVES: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageUp: -10,
  PageDown: 10,
  Home: -Infinity,
  End: Infinity,
};

function movedTo(key: string, at: number, count: number): number | null {
  const step = MOVES[key];
  return step === undefined ? null : Math.max(0, Math.min(at + step, count - 1));
}

/** The picture keeps its proportions and stands at the right of its place; see preserveAspectRatio. */
function cellUnder(
  { clientX, currentTarget }: MouseEvent,
  cells: readonly StripCellJson[],
): StripCellJson | null {
  const svg = currentTarget instanceof Element ? currentTarget.querySelector("svg") : null;
  if (svg === null) return null;
  const { right, width, height } = svg.getBoundingClientRect();
  const scale = Math.min(width / WIDTH, height / HEIGHT);
  const column = Math.floor((clientX - (right - WIDTH * scale)) / scale / PITCH);
  return cells[column - (CELLS - cells.length)] ?? null;
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
