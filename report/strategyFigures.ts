import { type Errors, gridPercent, type StrategyLayer } from "../src/optimize/strategy.ts";
import type { Seconds } from "../src/units.ts";
import type { ChartSeries } from "./chart.ts";
import { chartFigure } from "./chartDrawing.ts";
import { overTime } from "./overTime.ts";
import { listed, percent, withUnit } from "./text.ts";

/** What every device holds, for every weight. @param of  what stands before the title. */
export function curvesFigure(layer: StrategyLayer, id: string, of = ""): string {
  const { significance, plus, minus } = layer;
  const grid = gridPercent(layer);
  const factors = significance.map((factor) => Number(factor.toPrecision(3)));
  const series = factors.flatMap((factor, pair): ChartSeries[] =>
    [
      { sign: "G+", values: plus[pair]! },
      { sign: "G−", values: minus[pair]! },
    ].map(({ sign, values }, k) => ({
      name: factors.length > 1 ? `${sign} ×${factor}` : sign,
      look: "line",
      colour: 2 * pair + k,
      points: grid.map((x, i) => ({ x, y: values[i]! })),
    })),
  );
  return chartFigure({
    figure: "curves",
    id: `curves-${id}`,
    title: titled(of, "Conductances"),
    sentence:
      factors.length > 1
        ? `What each device of a cell holds; a pair counts ${listed(factors.map((factor) => `${factor}`))} times.`
        : "What the plus and the minus device of a cell hold.",
    x: {
      name:
        typeof layer.scaleMicrosiemensPerUnit === "number"
          ? "weight, % of the largest"
          : "weight, % of the largest of its column",
      unit: "percent",
    },
    y: { name: "conductance", unit: "microsiemens" },
    xScale: "linear",
    yScale: "linear",
    keyed: true,
    series,
  });
}

/** The error to expect, beside the best rules of today. @param of  what stands before the title. */
export function predictedFigure(
  layer: StrategyLayer,
  timesSeconds: readonly Seconds[],
  id: string,
  of = "",
): string {
  const shown: [string, Errors][] = [["this strategy", layer.predicted]];
  const best = bestRule(layer);
  if (best) shown.push([best.name, best]);
  const single = layer.baselines.find(({ name }) => name === "equal split");
  if (single && single !== best) shown.push([single.name, single]);
  if (layer.perfectProgramming) shown.push(["perfect pulses", layer.perfectProgramming]);
  const contenders = shown.map(([name, { rmsPercentByTime }], colour) => ({
    name,
    colour,
    points: rmsPercentByTime.map((rmsPercent, t) => ({
      timeSeconds: timesSeconds[t]!,
      rmsPercent,
      productPercent: Number.NaN,
      score: Number.NaN,
    })),
  }));
  return chartFigure(
    overTime(contenders, {
      figure: "predicted",
      id: `predicted-${id}`,
      title: titled(of, "Predicted weight error"),
      sentence: best === undefined ? "The root mean square over time." : gainOver(layer, best),
      name: "weight error, % of the largest weight",
      percent: ({ rmsPercent }) => rmsPercent,
    }),
  );
}

/** How the strategy compares with a rule of today, in a sentence. */
function gainOver({ predicted }: StrategyLayer, best: StrategyLayer["baselines"][number]): string {
  const gain = 1 - predicted.tnmse / best.tnmse;
  return `The root mean square: ${percent(Math.abs(gain))} ${gain < 0 ? "more" : "less"} mean square error than ${unbroken(best.name)}, over all times.`;
}

/** `LSP first, F = 2`, whose formula stays on one line. */
function unbroken(name: string): string {
  return name.replaceAll(" = ", "\u00a0=\u00a0");
}

/** The rule of today with the least error. */
export function bestRule({ baselines }: StrategyLayer): StrategyLayer["baselines"][number] | undefined {
  return baselines.toSorted((a, b) => a.tnmse - b.tnmse)[0];
}

/** Where the error comes from at every time: causes and their sum. */
export function budgetFigure(layer: StrategyLayer, timesSeconds: readonly Seconds[], id: string): string {
  const total = layer.predicted.tnmseByTime.reduce((sum, value) => sum + value, 0);
  const causes = Object.entries(layer.errorBudget)
    .map(([name, values], place) => ({
      name,
      values,
      // The same in every layer; the sum has the first.
      colour: place + 1,
      share: values.reduce((sum, value) => sum + value, 0) / total,
    }))
    .filter(({ values }) => values.some((value) => value > 1e-9))
    .sort((a, b) => b.share - a.share);
  const course = (name: string, colour: number, values: readonly number[]): ChartSeries => ({
    name,
    look: "course",
    colour,
    points: values.map((y, t) => ({ x: timesSeconds[t]!, y })),
  });
  return chartFigure({
    figure: "budget",
    id: `budget-${id}`,
    title: "Where the error comes from",
    sentence: `Of the mean square error, ${listed(causes.slice(0, 3).map(({ name, share }) => `${percent(share)} is ${name}`))}.`,
    x: { name: "time after the last pulse", unit: "seconds" },
    y: { name: "TNMSE at that time", unit: "" },
    xScale: "logarithmic",
    yScale: "linear",
    series: [
      course("all causes", 0, layer.predicted.tnmseByTime),
      ...causes.map(({ name, colour, values }) => course(name, colour, values)),
    ],
  });
}

/** How large the weights are. */
export function sizesFigure({ histogram, weightMax, weightClip }: StrategyLayer, id: string): string {
  const { shares } = histogram;
  const clipped = weightClip < weightMax ? ` Those beyond ${short(weightClip)} are clipped.` : "";
  const median = quantileOf(histogram, 0.5);
  return chartFigure({
    figure: "sizes",
    id: `sizes-${id}`,
    title: "Weights",
    sentence: `Half of the weights are below ${withUnit((100 * median) / weightMax, "%", 0)} of the largest.${clipped}`,
    x: { name: "size of the weight, % of the largest", unit: "percent" },
    y: { name: "share of the weights", unit: "percent" },
    xScale: "linear",
    yScale: "linear",
    series: [
      {
        name: "weights",
        look: "steps",
        colour: 0,
        points: shares.map((share, i) => ({ x: (100 * (i + 0.5)) / shares.length, y: 100 * share })),
      },
    ],
  });
}

function quantileOf({ edges, shares }: StrategyLayer["histogram"], share: number): number {
  let sum = 0;
  const bin = shares.findIndex((part) => (sum += part) >= share);
  return edges[bin + 1] ?? edges.at(-1)!;
}

function titled(of: string, title: string): string {
  return of === "" ? title : `${of}${title.toLowerCase()}`;
}

/** At most three digits. */
function short(value: number): string {
  return String(Number(value.toPrecision(3))).replace("-", "−");
}
