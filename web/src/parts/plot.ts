/** What draws the charts, and the only file that knows uPlot: it is read when the first of them is shown. */
import uPlot from "uplot";
import { axisTime } from "../words/format.ts";
import type { ChartSeries } from "./chart-series.ts";

export interface PlotLook {
  readonly ink: string;
  readonly grid: string;
  readonly font: string;
  /** A colour for each series. */
  readonly series: readonly string[];
}

interface PlotInput {
  readonly atMs: readonly number[];
  readonly series: readonly ChartSeries[];
  readonly format: (value: number) => string;
  readonly isStacked: boolean;
  /** The bucket under the pointer; null for none. */
  readonly onPoint: (index: number | null) => void;
}

export interface Plot {
  setData(atMs: readonly number[], series: readonly ChartSeries[]): void;
  destroy(): void;
}

const HEIGHT = 180;
const WIDTH_MIN = 120;

/** Draws into `place`, as wide as it is, until it is destroyed. */
export function createPlot(place: HTMLElement, input: PlotInput, look: PlotLook): Plot {
  const { isStacked } = input;
  const chart = new uPlot(
    optionsOf(widthOf(place), input, look),
    dataOf(input.atMs, input.series, isStacked),
    place,
  );
  const observer = new ResizeObserver(() =>
    chart.setSize({ width: widthOf(place), height: HEIGHT }),
  );
  observer.observe(place);
  return {
    setData(atMs, series) {
      chart.setData(dataOf(atMs, series, isStacked));
    },
    destroy() {
      observer.disconnect();
      chart.destroy();
    },
  };
}

function widthOf({ clientWidth }: HTMLElement): number {
  return Math.max(clientWidth, WIDTH_MIN);
}

function optionsOf(
  width: number,
  { series, format, isStacked, onPoint }: PlotInput,
  look: PlotLook,
): uPlot.Options {
  const axis = {
    stroke: look.ink,
    font: look.font,
    grid: { stroke: look.grid, width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height: HEIGHT,
    padding: [8, 20, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: !isStacked } },
    scales: {
      x: { time: true, ...(isStacked ? { range: withRoom } : {}) },
      y: { range: (_chart, _min, max) => [0, upper(max)] },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 28, space: 80, values: timeLabels },
      { ...axis, size: axisWidth, space: 36, values: (_chart, ticks) => ticks.map(format) },
    ],
    series: [{}, ...series.map((each, index) => seriesOf(each, index, isStacked, look))],
    hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? null)] },
  };
}

/** Half a bar at either end, which would be cut off. */
function withRoom({ data }: uPlot, min: number, max: number): uPlot.Range.MinMax {
  const [first = min, second = first + 60] = data[0];
  const half = (second - first) / 2;
  return [min - half, max + half];
}

/** Some air above the highest value; a chart of nothing still has a height. */
function upper(max: number | null): number {
  return max === null || max <= 0 ? 1 : max * 1.1;
}

function timeLabels(_chart: uPlot, seconds: readonly number[]): string[] {
  const first = seconds[0] ?? 0;
  const last = seconds.at(-1) ?? first;
  return seconds.map((each) => axisTime(each * 1_000, (last - first) * 1_000));
}

/** As wide as the longest label, so that none is cut off. */
function axisWidth(chart: uPlot, labels: readonly string[] | null): number {
  const longest = (labels ?? []).reduce(
    (width, label) => Math.max(width, chart.ctx.measureText(label).width / devicePixelRatio),
    0,
  );
  return Math.ceil(longest) + 20;
}

function seriesOf(
  { label, dash, isFilled }: ChartSeries,
  index: number,
  isStacked: boolean,
  look: PlotLook,
): uPlot.Series {
  const stroke = look.series[index] ?? look.ink;
  if (isStacked) {
    const paths = uPlot.paths.bars?.({ size: [0.8, 40], gap: 1 });
    return {
      label,
      fill: stroke,
      ...(paths === undefined ? {} : { paths }),
      points: { show: false },
    };
  }
  return {
    label,
    stroke,
    width: 2,
    ...(dash === undefined ? {} : { dash: [...dash] }),
    ...(isFilled === true ? { fill: faint(stroke) } : {}),
    // No dot on each value, but one where a value stands alone and no line could show it.
    points: { size: 6, space: 10_000, filter: (chart, at) => alone(chart.data[at] ?? []) },
  };
}

function alone(values: ArrayLike<number | null | undefined>): number[] {
  return Array.from(values).flatMap((value, at, all) =>
    value !== null && (all[at - 1] ?? null) === null && (all[at + 1] ?? null) === null ? [at] : [],
  );
}

function faint(colour: string): string {
  return `color-mix(in srgb, ${colour} 12%, transparent)`;
}

/** Seconds, as uPlot wants them. What is stacked is drawn from the top of the stack down, each bar over the one before. */
function dataOf(
  atMs: readonly number[],
  series: readonly ChartSeries[],
  isStacked: boolean,
): uPlot.AlignedData {
  const seconds = atMs.map((each) => each / 1_000);
  if (!isStacked) return [seconds, ...series.map(({ values }) => [...values])];
  const sums = atMs.map(() => 0);
  const tops = series.toReversed().map(({ values }) =>
    sums.map((sum, index) => {
      sums[index] = sum + (values[index] ?? 0);
      return sums[index] ?? 0;
    }),
  );
  return [seconds, ...tops.toReversed()];
}
