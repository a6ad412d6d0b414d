import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { theme } from "../shell/theme.ts";
import { dateTime } from "../words/format.ts";
import { language, t } from "../words/words.ts";
import type { ChartSeries } from "./chart-series.ts";
import type { Plot, PlotLook } from "./plot.ts";

interface ChartProps {
  readonly title: string;
  /** Where the heading around it says the same. */
  readonly isTitleHidden?: boolean;
  /** Beside the title, while nothing is under the pointer. */
  readonly note?: string;
  /** What the picture says, in a sentence. */
  readonly summary: string;
  /** The beginning of each bucket. */
  readonly atMs: readonly number[];
  readonly series: readonly ChartSeries[];
  readonly format: (value: number) => string;
  /** Bars upon bars, where the series are parts of a whole. */
  readonly isStacked?: boolean;
  /** What stands there instead, where there is nothing to draw. */
  readonly empty?: ComponentChildren;
}

const DARK = matchMedia("(prefers-color-scheme: dark)");

/**
 * A picture over time: a legend that says what is under the pointer, the canvas (which nobody can read out), and all of it as a
 * table. What draws is read when the first chart is shown.
 */
export function Chart(props: ChartProps) {
  const { title, summary, atMs, series, format, empty, isTitleHidden = false } = props;
  const [at, setAt] = useState<number | null>(null);
  const legend = useRef<HTMLUListElement>(null);
  const hasData = atMs.length > 0 && series.some(({ values }) => values.some((each) => each));
  const shown = at === null || at >= atMs.length ? null : at;
  const when = shown === null ? (props.note ?? "") : dateTime(atMs[shown] ?? 0);
  return (
    <figure class="chart" aria-label={title}>
      <figcaption>
        <h3 class={isTitleHidden ? "only-read" : undefined}>{title}</h3>
        {!isTitleHidden && <span class="soft small number">{when}</span>}
        <p class="only-read">{summary}</p>
      </figcaption>
      {!hasData && empty !== undefined ? (
        <div class="chart-empty soft">{empty}</div>
      ) : (
        <>
          <ul class="chart-legend small" ref={legend} aria-hidden="true">
            {series.map((each) => (
              <li key={each.key}>
                <Swatch series={each} isBlock={props.isStacked === true} />
                {each.label}
                {shown !== null && <b class="number">{valueText(each, shown, format)}</b>}
              </li>
            ))}
            {isTitleHidden && <li class="soft number when">{when}</li>}
          </ul>
          <Canvas {...props} legend={legend} onPoint={setAt} />
          <AsTable {...props} />
        </>
      )}
    </figure>
  );
}

function valueText({ values }: ChartSeries, at: number, format: ChartProps["format"]): string {
  const value = values[at] ?? null;
  return value === null ? "–" : format(value);
}

function Swatch({
  series: { tone, dash },
  isBlock,
}: {
  readonly series: ChartSeries;
  readonly isBlock: boolean;
}) {
  return (
    <svg class={`swatch ink-${tone}`} viewBox="0 0 24 10" aria-hidden="true" focusable="false">
      {isBlock ? (
        <rect width="24" height="10" rx="2" />
      ) : (
        <path d="M0 5h24" stroke-dasharray={dash?.join(" ")} />
      )}
    </svg>
  );
}

interface CanvasProps extends ChartProps {
  readonly legend: { readonly current: HTMLElement | null };
  readonly onPoint: (index: number | null) => void;
}

function Canvas(props: CanvasProps) {
  const { atMs, series, format, isStacked = false, legend, onPoint } = props;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const isDark = useDark();
  const kind = series.map(({ key, tone }) => `${key}.${tone}`).join();

  useEffect(() => {
    let isWanted = true;
    void import("./plot.ts").then(({ createPlot }) => {
      if (!isWanted || place.current === null) return;
      const look = lookOf(place.current, legend.current);
      plot.current = createPlot(place.current, { ...latest.current, isStacked, onPoint }, look);
    });
    return () => {
      isWanted = false;
      plot.current?.destroy();
      plot.current = null;
    };
  }, [kind, isStacked, theme.value, isDark, language.value]);
  useEffect(() => plot.current?.setData(atMs, series), [atMs, series, format]);
  return <div class="chart-canvas" ref={place} aria-hidden="true" />;
}

/** Colours as the style sheet has them now: a canvas knows no custom properties. */
function lookOf(place: HTMLElement, legend: HTMLElement | null): PlotLook {
  const { color, borderTopColor, fontFamily } = getComputedStyle(place);
  const swatches = [...(legend?.querySelectorAll(".swatch") ?? [])];
  return {
    ink: color,
    grid: borderTopColor,
    font: `12px ${fontFamily}`,
    series: swatches.map((each) => getComputedStyle(each).color),
  };
}

function useDark(): boolean {
  const [isDark, setDark] = useState(DARK.matches);
  useEffect(() => {
    const look = (): void => setDark(DARK.matches);
    DARK.addEventListener("change", look);
    return () => DARK.removeEventListener("change", look);
  }, []);
  return isDark;
}

function AsTable({ title, atMs, series, format }: ChartProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="small" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary class="soft">{t("chart.table")}</summary>
      {isOpen && (
        <div class="chart-table" tabIndex={0} role="group" aria-label={title}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t("chart.time")}</th>
                {series.map(({ key, label }) => (
                  <th key={key} scope="col">
                    {label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {atMs.map((each, index) => (
                <tr key={each}>
                  <th scope="row">{dateTime(each)}</th>
                  {series.map((one) => (
                    <td key={one.key} class="number">
                      {valueText(one, index, format)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}
