import { rangeOf } from "../src/statistics.ts";

/**
 * A figure as plain numbers: what is drawn and what stands in the file beside the page are both made of it, so they cannot
 * differ. Texts are plain, not HTML.
 */
export interface FigureNumbers {
  /** In small letters with underscores, for the file: `error_over_time`. */
  readonly figure: string;
  readonly x: Quantity;
  readonly y: Quantity;
  readonly series: readonly SeriesNumbers[];
}

export interface Quantity {
  /** `weight error`. */
  readonly name: string;
  /** As in the names of columns: `microsiemens`, `seconds`, `percent`; empty for a plain number. */
  readonly unit: string;
}

export interface SeriesNumbers {
  readonly name: string;
  /** In the order in which they are joined. */
  readonly points: readonly ChartPoint[];
}

export interface ChartPoint {
  readonly x: number;
  readonly y: number;
  /** The ends of what the series gives beside y: a band, or a whisker. */
  readonly low?: number;
  readonly high?: number;
}

/** A figure that is drawn as lines over two axes. */
export interface Chart extends FigureNumbers {
  readonly title: string;
  /** The one sentence that says what to see. */
  readonly sentence: string;
  readonly xScale: Scale;
  readonly yScale: Scale;
  /** Over the whole page; else half of it. */
  readonly wide?: boolean;
  /** The least range of a linear axis that is not from zero on. */
  readonly xFloats?: number;
  readonly yFloats?: number;
  /** Less of a difference than this is none: a chart whose series differ by less says nothing, and is not drawn. */
  readonly yDiffers?: number;
  /** Names stand in a key alone, as where all lines end at one place. */
  readonly keyed?: boolean;
  /** What is written at the last tick of x, where it stands for all that lies beyond. */
  readonly lastTick?: string;
  /** Apart from others of the same figure on one page. */
  readonly id?: string;
  readonly series: readonly ChartSeries[];
}

export type Scale = "linear" | "logarithmic";

export interface ChartSeries extends SeriesNumbers {
  /** The place of its colour; undefined for a quiet grey. */
  readonly colour?: number | undefined;
  /**
   * `course`: a line with a marker at each point; `law`: what a model expects, dashed; `dots`: no line, low and high as whiskers;
   * `steps`: a histogram's outline; `moments`: an upright line at each x.
   */
  readonly look: "line" | "course" | "law" | "dots" | "steps" | "moments";
  /** Short, for the end of its line; its name where not given. */
  readonly label?: string;
  /** Left out of the key, where the key of another series speaks for it. */
  readonly unnamed?: boolean;
}

/** Whether all that was measured keeps one value over the whole axis: a sentence says as much. */
export function isConstant({ series, yDiffers = 0 }: Pick<Chart, "series" | "yDiffers">): boolean {
  const courses = series.filter(({ look }) => look !== "law" && look !== "moments");
  return (courses.length === 0 ? series : courses).every(({ points }) => {
    const heights = points.map(({ y }) => y).filter(Number.isFinite);
    const { least, most } = rangeOf(heights);
    return heights.length === 0 || most - least <= Math.max(yDiffers, 1e-9 * Math.abs(most));
  });
}

/** Whether there is anything to draw: two points that a line can join, of any series. */
export function isEmpty({ series }: FigureNumbers): boolean {
  return !series.some(
    ({ points }) => points.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y)).length > 1,
  );
}
