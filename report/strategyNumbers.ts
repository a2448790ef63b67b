import { type Errors, gridPercent, type Strategy, type StrategyLayer } from "../src/optimize/strategy.ts";
import type { FigureNumbers, SeriesNumbers } from "./chart.ts";

/** The numbers of a strategy's figures: what each device holds, what error to expect and why, how large the weights are. */
export function strategyNumbers({ layers, timesSeconds }: Strategy): FigureNumbers[] {
  const time = { name: "time after programming", unit: "seconds" };
  const all = (of: (layer: StrategyLayer) => SeriesNumbers[]): SeriesNumbers[] =>
    layers
      .filter(({ weightMax }) => weightMax > 0)
      .flatMap((layer) =>
        of(layer).map(({ name, points }) => ({ name: `${nameOf(layer)}: ${name}`, points })),
      );
  const overTime = (values: readonly number[]): SeriesNumbers["points"] =>
    values.map((y, t) => ({ x: timesSeconds[t]!, y }));
  return [
    {
      figure: "conductance_curves",
      x: { name: "weight, of the largest", unit: "percent" },
      y: { name: "conductance of a device", unit: "microsiemens" },
      series: all(curves),
    },
    {
      figure: "foreseen_weight_error",
      x: time,
      y: { name: "root mean square of the weight error, of the largest weight", unit: "percent" },
      series: all((layer) =>
        foreseen(layer).map(([name, errors]) => ({ name, points: overTime(errors.rmsPercentByTime) })),
      ),
    },
    {
      figure: "error_budget",
      x: time,
      y: { name: "mean square error by cause (TNMSE)", unit: "" },
      series: all(({ errorBudget }) =>
        Object.entries(errorBudget).map(([name, values]) => ({ name, points: overTime(values) })),
      ),
    },
    {
      figure: "weight_sizes",
      x: { name: "size of a weight, of the largest", unit: "percent" },
      y: { name: "share of the weights", unit: "percent" },
      series: all(({ histogram: { shares } }) => [
        {
          name: "weights",
          points: shares.map((share, k) => ({ x: (100 * (k + 0.5)) / shares.length, y: 100 * share })),
        },
      ]),
    },
  ];
}

function nameOf({ name, tile }: StrategyLayer): string {
  return tile === undefined ? name : `${name}, tile ${tile}`;
}

function curves(layer: StrategyLayer): SeriesNumbers[] {
  const { significance, plus, minus } = layer;
  const grid = gridPercent(layer);
  const points = (values: readonly number[]): SeriesNumbers["points"] =>
    grid.map((x, k) => ({ x, y: values[k]! }));
  return significance.flatMap((factor, pair) => {
    const short = Number(factor.toPrecision(3));
    return [
      { name: `G+ x ${short}`, points: points(plus[pair]!) },
      { name: `G- x ${short}`, points: points(minus[pair]!) },
    ];
  });
}

function foreseen({ predicted, baselines, perfectProgramming }: StrategyLayer): [string, Errors][] {
  return [
    ["this strategy", predicted],
    ...baselines.map((baseline): [string, Errors] => [baseline.name, baseline]),
    ...(perfectProgramming === undefined
      ? []
      : [["ideal programming", perfectProgramming] satisfies [string, Errors]]),
  ];
}
