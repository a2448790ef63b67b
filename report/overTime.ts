import type { Chart } from "./chart.ts";
import type { Painted } from "./colours.ts";
import type { Point } from "./story.ts";

/** What is drawn over time, in percent where no other unit is given. Texts are plain. */
export interface Course {
  readonly figure: string;
  readonly id?: string;
  readonly title: string;
  readonly sentence: string;
  /** Of the y axis. */
  readonly name: string;
  /** `percent`; empty for a plain number. */
  readonly unit?: string;
  /** The least range of its axis where all is high up. */
  readonly leastRange?: number;
  readonly percent: (point: Point) => number;
  /** Standard deviation over repeats, in the same unit; drawn as a band where there were any. */
  readonly spread?: (point: Point) => number | undefined;
  readonly reference?: { readonly name: string; readonly percent: number };
}

/** Percentages over time on a logarithmic axis, a line a contender, named at its end. */
export function overTime(
  contenders: readonly Pick<Painted, "name" | "colour" | "points">[],
  { percent, spread, reference, name, unit = "percent", leastRange = 5, ...said }: Course,
): Chart {
  const courses = contenders.map(({ name: of, colour, points }) => ({
    name: of,
    look: "course" as const,
    colour,
    points: points
      .filter((point) => point.timeSeconds > 0 && Number.isFinite(percent(point)))
      .map((point) => {
        const [x, y, half] = [point.timeSeconds, percent(point), spread?.(point) ?? 0];
        return half > 0 ? { x, y, low: y - half, high: y + half } : { x, y };
      }),
  }));
  const times = courses.flatMap(({ points }) => points.map(({ x }) => x)).sort((a, b) => a - b);
  const ends = [...new Set([times[0], times.at(-1)])].filter((time) => time !== undefined);
  const low = Math.min(...courses.flatMap(({ points }) => points.map(({ y }) => y)));
  return {
    ...said,
    x: { name: "time after the last pulse", unit: "seconds" },
    y: { name, unit },
    xScale: "logarithmic",
    yScale: "linear",
    // Only what is all high up may leave zero out: else the height of a line is what it says.
    ...(low > (unit === "percent" ? 50 : 0.5) ? { yFloats: leastRange } : {}),
    series: [
      ...(reference !== undefined && Number.isFinite(reference.percent)
        ? [
            {
              name: reference.name,
              look: "law" as const,
              points: ends.map((x) => ({ x, y: reference.percent })),
            },
          ]
        : []),
      ...courses,
    ],
  };
}
