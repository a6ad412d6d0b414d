export type ChartTone = "good" | "bad" | "warn" | "calm" | "action" | "soft";

/** One line of a chart, or one part of its bars. */
export interface ChartSeries {
  readonly key: string;
  readonly label: string;
  readonly tone: ChartTone;
  /** Dash and gap; absent for a whole line. Lines differ by it, and not by colour alone. */
  readonly dash?: readonly number[];
  readonly isFilled?: boolean;
  readonly values: readonly (number | null)[];
}
