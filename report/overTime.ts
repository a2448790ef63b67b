import type { Painted } from "./colours.ts";
import { axis, drawing, roundLimits, seriesColour, soft } from "./draw.ts";
import type { LineSeriesOption } from "./echarts.ts";
import type { Point } from "./story.ts";
import { duration, shortDuration } from "./text.ts";

/** What is drawn over time, in percent. */
export interface Course {
  readonly name: string;
  readonly alt: string;
  readonly percent: (point: Point) => number;
  /** Standard deviation over repeats, in the same unit; drawn as a band where there were any. */
  readonly spread?: (point: Point) => number | undefined;
  readonly reference?: { readonly name: string; readonly percent: number };
}

/** Percentages over time on a logarithmic axis, a line a contender, named at its end. */
export function overTime(
  contenders: readonly Pick<Painted, "name" | "colour" | "points">[],
  course: Course,
): string {
  const curves = contenders.map(({ name, colour, points }) => ({
    name,
    colour: seriesColour(colour),
    data: points
      .filter((point) => point.timeSeconds > 0 && Number.isFinite(course.percent(point)))
      .map((point): [number, number] => [Math.log10(point.timeSeconds), course.percent(point)]),
    spread: points.flatMap((point): [place: number, from: number, size: number][] => {
      const spread = course.spread?.(point) ?? 0;
      if (!(point.timeSeconds > 0 && spread > 0 && Number.isFinite(course.percent(point)))) return [];
      return [[Math.log10(point.timeSeconds), course.percent(point) - spread, 2 * spread]];
    }),
  }));
  const { reference } = course;
  const times = labelledTimes(contenders.flatMap(({ points }) => points.map((point) => point.timeSeconds)));
  const ticks = times.map(Math.log10);
  const [start, end] = [Math.min(...ticks) - 0.2, Math.max(...ticks) + 0.2];
  const values = curves.flatMap(({ data, spread }) => [
    ...data.map(([, value]) => value),
    ...spread.flatMap(([, from, size]) => [from, from + size]),
  ]);
  const shown = reference && Number.isFinite(reference.percent) ? [...values, reference.percent] : values;
  const low = Math.min(100, ...shown);
  // Only what is all high up may leave zero out: else the height of a line is what it says.
  const limits = roundLimits(low > 50 ? low : 0, Math.max(1, ...shown), 5);

  return drawing(course.name, course.alt, { width: 520, height: 300 }, ({ width, phone }) => {
    const lines = curves.map(({ name, colour, data }): LineSeriesOption => ({
      ...line(data, colour, cut(name)),
      symbol: "circle",
      symbolSize: 6,
    }));
    if (reference) {
      const { name, percent } = reference;
      const ends: [number, number][] = [start, end].map((tick) => [tick, percent]);
      lines.unshift({
        ...line(Number.isFinite(percent) ? ends : [], soft, name),
        symbol: "none",
        lineStyle: { color: soft, width: 1.5, type: "dashed" },
      });
    }
    const bands = curves.flatMap(({ name, colour, spread }) => band(spread, colour, name));
    const [left, right] = [46, 16 + 7.2 * Math.max(0, ...lines.map(({ name }) => String(name).length))];
    const gaps = ticks.slice(1).map((tick, i) => tick - ticks[i]!);
    const pixels = (width - left - right) / (end - start);
    const written = phone ? spaced(ticks, 36 / pixels) : ticks;
    const crowded = pixels * Math.min(...gaps) < 46;
    return {
      grid: { left, right, top: 14, bottom: 30 },
      xAxis: {
        ...axis,
        splitLine: { show: false },
        min: start,
        max: end,
        axisTick: { show: true, customValues: ticks, lineStyle: { color: soft } },
        axisLabel: {
          ...axis.axisLabel,
          customValues: written,
          formatter: (tick: number) =>
            (phone || crowded ? shortDuration : duration)(times[nearest(ticks, tick)]!),
        },
      },
      yAxis: { ...axis, ...limits, axisLabel: { ...axis.axisLabel, formatter: "{value}\u202f%" } },
      series: [...bands, ...lines],
    };
  });
}

/** From so low, so high: two lines that nobody sees, stacked, with colour between them. */
function band(
  spread: readonly (readonly [place: number, from: number, size: number])[],
  colour: string,
  name: string,
): LineSeriesOption[] {
  if (spread.length < 2) return [];
  const hidden = {
    type: "line",
    symbol: "none",
    stack: `spread of ${name}`,
    stackStrategy: "all",
    lineStyle: { color: colour, opacity: 0 },
  } as const;
  return [
    { ...hidden, data: spread.map(([place, from]) => [place, from]) },
    {
      ...hidden,
      data: spread.map(([place, , size]) => [place, size]),
      areaStyle: { color: colour, opacity: 0.2 },
    },
  ];
}

function line(data: [number, number][], colour: string, label: string): LineSeriesOption {
  return {
    type: "line",
    name: label,
    data,
    lineStyle: { color: colour, width: 2 },
    itemStyle: { color: colour },
    endLabel: {
      show: true,
      formatter: () => label,
      color: colour,
      fontSize: 12,
      fontWeight: 600,
      distance: 8,
    },
    labelLayout: { moveOverlap: "shiftY" },
  };
}

/** Ticks far enough apart for what is written beneath them; the last one always. */
function spaced(ticks: readonly number[], least: number): number[] {
  return ticks.reduceRight<number[]>(
    (kept, tick) => (kept.length === 0 || kept[0]! - tick >= least ? [tick, ...kept] : kept),
    [],
  );
}

/** Names of any length leave room for the drawing; the tables have them whole. */
function cut(name: string): string {
  return name.length > 20 ? `${name.slice(0, 19)}…` : name;
}

/** The times themselves while they are few, else the round ones among them; never none. */
function labelledTimes(times: readonly number[]): number[] {
  const all = [...new Set(times)].filter((time) => time > 0).sort((a, b) => a - b);
  if (all.length === 0) return [1];
  if (all.length <= 6) return all;
  const round = [1e-3, 1, 60, 3600, 86_400, 2_592_000, 31_536_000];
  const within = round.filter((time) => time >= all[0]! && time <= all.at(-1)!);
  return within.length > 1 ? within : [all[0]!, all.at(-1)!];
}

function nearest(ticks: readonly number[], tick: number): number {
  return ticks.reduce((best, t, i) => (Math.abs(t - tick) < Math.abs(ticks[best]! - tick) ? i : best), 0);
}
