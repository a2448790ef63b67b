import { type Errors, gridPercent, type StrategyLayer } from "../src/optimize/strategy.ts";
import type { Seconds } from "../src/units.ts";
import { axis, drawing, rule, seriesColour, soft } from "./draw.ts";
import { overTime } from "./overTime.ts";
import { escaped, figure } from "./page.ts";
import { listed, percent, shortDuration, withUnit } from "./text.ts";

/** What every device holds, for every weight. @param of  what stands before the title: text. */
export function curvesFigure(layer: StrategyLayer, id: string, of = ""): string {
  const { significance, plus, minus } = layer;
  const grid = gridPercent(layer);
  const reach = grid.at(-1)!;
  const curves = significance.flatMap((factor, pair) => {
    const f = Number(factor.toPrecision(3));
    return [
      { name: `G+ ×${f}`, values: plus[pair]!, colour: seriesColour(pair), dashed: false },
      { name: `G− ×${f}`, values: minus[pair]!, colour: seriesColour(pair), dashed: true },
    ];
  });
  const keys = curves.map(
    ({ name, colour, dashed }) =>
      `<span><span class="key" style="background:${dashed ? "none" : cssColour(colour)};` +
      `border:2px ${dashed ? "dashed" : "solid"} ${cssColour(colour)}"></span>${name}</span>`,
  );
  const picture = drawing(
    `curves-${id}`,
    `Conductance of each device against the weight`,
    { width: 520, height: 300 },
    () => ({
      grid: { left: 46, right: 22, top: 14, bottom: 50 },
      xAxis: {
        ...axis,
        min: -reach,
        max: reach,
        splitLine: { show: false },
        axisTick: { show: true, lineStyle: { color: rule } },
        axisLabel: { ...axis.axisLabel, formatter: short },
        name:
          typeof layer.scaleMicrosiemensPerUnit === "number"
            ? "weight, % of the largest"
            : "weight, % of the largest of its column",
      },
      yAxis: { ...axis, min: 0, axisLabel: { ...axis.axisLabel, formatter: "{value}\u202fµS" } },
      series: curves.map(({ name, values, colour, dashed }) => ({
        type: "line",
        name,
        data: grid.map((place, i) => [place, values[i]!]),
        symbol: "none",
        lineStyle: { color: colour, width: 2, type: dashed ? "dashed" : "solid" },
      })),
    }),
  );
  const factors = significance.map((factor) => Number(factor.toPrecision(3)));
  return figure(
    titled(of, "Conductances"),
    `A pair counts ${listed(factors.map((factor) => `${factor}`))} ${factors.length > 1 ? "times; " : "time; "}` +
      `full lines are plus devices, dashed ones minus.`,
    `<p class="legend">${keys.join("")}</p>${picture}`,
  );
}

/** The error to expect, beside the best rules of today. @param of  what stands before the title: text. */
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
  if (layer.perfectProgramming) shown.push(["ideal programming", layer.perfectProgramming]);
  const contenders = shown.map(([name, { rmsPercentByTime }], colour) => ({
    name,
    colour,
    points: rmsPercentByTime.map((rmsPercent, t) => ({
      timeSeconds: timesSeconds[t]!,
      rmsPercent,
      productPercent: Number.NaN,
      accuracy: Number.NaN,
    })),
  }));
  const gain =
    best === undefined
      ? ""
      : `${percent(1 - layer.predicted.tnmse / best.tnmse)} less mean square error than ${escaped(best.name)}, over all times`;
  const picture = overTime(contenders, {
    name: `predicted-${id}`,
    alt: "Predicted weight error over time",
    percent: ({ rmsPercent }) => rmsPercent,
  });
  return figure(
    titled(of, "Predicted weight error"),
    `Root mean square in percent of the largest weight: ${gain}.`,
    picture,
  );
}

/** The rule of today with the least error. */
export function bestRule({ baselines }: StrategyLayer): StrategyLayer["baselines"][number] | undefined {
  return baselines.toSorted((a, b) => a.tnmse - b.tnmse)[0];
}

/** Where the error comes from at every time. */
export function budgetFigure(layer: StrategyLayer, timesSeconds: readonly Seconds[], id: string): string {
  const causes = Object.entries(layer.errorBudget).filter(([, values]) =>
    values.some((value) => value > 1e-9),
  );
  const total = layer.predicted.tnmseByTime.reduce((sum, value) => sum + value, 0);
  const shares = causes
    .map(([name, values]) => ({ name, share: values.reduce((sum, value) => sum + value, 0) / total }))
    .sort((a, b) => b.share - a.share);
  const colours = ["programming", "drift", "read", "translation", "saturation"];
  const keys = causes.map(
    ([name]) =>
      `<span><span class="key" style="background:${cssColour(seriesColour(colours.indexOf(name)))}"></span>${name}</span>`,
  );
  const picture = drawing(
    `budget-${id}`,
    "Mean square error by cause at each time",
    { width: 520, height: 260 },
    () => ({
      grid: { left: 56, right: 22, top: 14, bottom: 30 },
      xAxis: {
        ...axis,
        type: "category",
        splitLine: { show: false },
        data: timesSeconds.map(shortDuration),
      },
      yAxis: { ...axis, splitNumber: 4 },
      series: causes.map(([name, values]) => ({
        type: "bar",
        stack: "error",
        name,
        data: values,
        itemStyle: { color: seriesColour(colours.indexOf(name)) },
        barCategoryGap: "35%",
      })),
    }),
  );
  return figure(
    "Where the error comes from",
    `Mean square error (TNMSE) by cause: ${listed(shares.slice(0, 3).map(({ name, share }) => `${percent(share)} ${name}`))}.`,
    `<p class="legend">${keys.join("")}</p>${picture}`,
  );
}

/** How large the weights are. */
export function sizesFigure({ histogram, weightMax, weightClip }: StrategyLayer, id: string): string {
  const { shares } = histogram;
  const clipped = weightClip < weightMax ? ` Those beyond ${short(weightClip)} are clipped.` : "";
  const picture = drawing(`sizes-${id}`, "Histogram of weight sizes", { width: 520, height: 260 }, () => ({
    grid: { left: 46, right: 22, top: 14, bottom: 50 },
    xAxis: {
      ...axis,
      min: 0,
      max: 100,
      splitLine: { show: false },
      axisTick: { show: true, lineStyle: { color: rule } },
      axisLabel: { ...axis.axisLabel, formatter: short },
      name: "|weight|, % of the largest",
    },
    yAxis: { ...axis, splitNumber: 4, axisLabel: { ...axis.axisLabel, formatter: "{value}\u202f%" } },
    series: [
      {
        type: "line",
        step: "middle",
        symbol: "none",
        data: shares.map((share, i) => [(100 * (i + 0.5)) / shares.length, 100 * share]),
        lineStyle: { color: soft, width: 1.5 },
        areaStyle: { color: soft, opacity: 0.18 },
      },
    ],
  }));
  const median = quantileOf(histogram, 0.5);
  return figure(
    "Weights",
    `Half of the weights are below ${withUnit((100 * median) / weightMax, "%", 0)} of the largest.${clipped}`,
    picture,
  );
}

function quantileOf({ edges, shares }: StrategyLayer["histogram"], share: number): number {
  let sum = 0;
  const bin = shares.findIndex((part) => (sum += part) >= share);
  return edges[bin + 1] ?? edges.at(-1)!;
}

function titled(of: string, title: string): string {
  return of === "" ? title : `${escaped(of)}${title.toLowerCase()}`;
}

/** At most three digits. */
function short(value: number): string {
  return String(Number(value.toPrecision(3))).replace("-", "−");
}

function cssColour(placeholder: string): string {
  return placeholder.replace(/#01021(\d)/, "var(--series-$1)");
}
