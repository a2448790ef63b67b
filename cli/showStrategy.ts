import type { ModelDefinition } from "../src/model/definition.ts";
import { spanOf, type Strategy, type StrategyLayer } from "../src/optimize/strategy.ts";
import { extrapolationNote, markedTime } from "./extrapolated.ts";
import { describeAccuracy } from "./showLimit.ts";

/** A strategy as a person reads it on a terminal. */
export function describeStrategy(strategy: Strategy): string[] {
  const { model, layers, timesSeconds, compensationRule, pairDriftCorrelation, reads, predictedAccuracy } =
    strategy;
  const shared = pairDriftCorrelation === 0 ? "" : `, drift of a pair correlated by ${pairDriftCorrelation}`;
  return [
    `Strategy for ${model.name}, α by ${compensationRule}${shared}, errors of ${reads === 1 ? "one read" : `the mean of ${reads} reads`}`,
    ...layers.flatMap((layer) => [
      ...describeLayer(layer, timesSeconds, model),
      "",
      ...curveTable(layer),
      "",
    ]),
    ...layers.slice(0, 1).flatMap((layer) => ["|w|, how often", ...histogram(layer)]),
    ...(predictedAccuracy === undefined ? [] : ["", ...describeAccuracy(predictedAccuracy, model), ""]),
    ...strategyTerms,
    ...extrapolationNote(model, timesSeconds),
  ];
}

/** What the words of the tables mean. */
export const strategyTerms: readonly string[] = [
  "TNMSE: 100 × the mean square error over the square of the largest weight, averaged over the times.",
  "MSP first, LSP first: rules of today, by which the most (least) significant pair takes the weight first. F: how much more the most significant pair counts.",
];

/** How well one layer can be held, beside the rules of today. */
export function describeLayer(
  layer: StrategyLayer,
  timesSeconds: readonly number[],
  model: ModelDefinition,
): string[] {
  const { name, tile, shape, significance, weightMax, weightClip, predicted, baselines } = layer;
  const where = tile === undefined ? "" : `, tile ${tile}`;
  const title = `${name}${where}: ${shape[0]} × ${shape[1]}`;
  if (weightMax === 0) return [`${title}, all zero: nothing to program`];
  const factors = significance.map((factor) => Number(factor.toPrecision(3))).join(", ");
  const clipped = weightClip < weightMax ? `, clipped to ±${weightClip.toPrecision(3)}` : "";
  const rows: [string, StrategyLayer["predicted"]][] = [["this strategy", predicted]];
  if (layer.predictedWithDeaths) rows.push(["… with devices that die", layer.predictedWithDeaths]);
  if (layer.predictedByImportance)
    rows.push(["… each weight by its importance", layer.predictedByImportance]);
  if (layer.perfectProgramming) rows.push(["… programmed perfectly", layer.perfectProgramming]);
  for (const baseline of baselines) rows.push([baseline.name, baseline]);
  return [
    `${title}, |w| ≤ ${weightMax.toPrecision(3)}${clipped}; F = ${factors}; ` +
      `β = ${scaleText(layer)} (${layer.search.stopped})`,
    `  ${"weight error, % of the largest".padEnd(30)}${timesSeconds.map((t) => column(markedTime(model, t))).join("")}${column("TNMSE")}`,
    ...rows.map(
      ([label, errors]) =>
        `  ${label.padEnd(30)}${errors.rmsPercentByTime.map((rms) => column(rms.toFixed(2))).join("")}` +
        `${column(errors.tnmse.toFixed(4))}`,
    ),
    `  ${"of it, by cause (TNMSE):".padEnd(30)}${causes(layer)}`,
  ];
}

/** One scale, or the span of those of the columns. */
function scaleText({ scaleMicrosiemensPerUnit: scales }: StrategyLayer): string {
  const [least, most] = spanOf(scales).map((scale) => scale.toPrecision(4));
  return least === most ? `${least} µS per unit` : `${least} to ${most} µS per unit, each column its own`;
}

/** At least one blank before it, however wide. */
function column(text: string): string {
  return ` ${text.padStart(9)}`;
}

function causes({ errorBudget, predicted }: StrategyLayer): string {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  return Object.entries(errorBudget)
    .map(([cause, values]) => `${cause} ${((100 * mean(values)) / mean(predicted.tnmseByTime)).toFixed(0)} %`)
    .join(", ");
}

/** What every device holds, for weights ≥ 0; negative weights exchange plus and minus. */
function curveTable({ wantedMicrosiemens, plus, minus, significance }: StrategyLayer): string[] {
  const zero = wantedMicrosiemens.indexOf(0);
  const places = wantedMicrosiemens.map((_, i) => i).slice(zero);
  const shown = places.filter(
    (_, i) => i % Math.max(1, Math.floor(places.length / 8)) === 0 || i === places.length - 1,
  );
  const heads = significance.flatMap((factor) => {
    const f = Number(factor.toPrecision(3));
    return [`G+ ×${f}`, `G− ×${f}`];
  });
  return [
    `  ${"β w".padStart(9)}${heads.map((head) => head.padStart(10)).join("")}   µS`,
    ...shown.map((i) => {
      const devices = significance.flatMap((_, pair) => [plus[pair]![i]!, minus[pair]![i]!]);
      return `  ${wantedMicrosiemens[i]!.toPrecision(3).padStart(9)}${devices.map((g) => g.toFixed(2).padStart(10)).join("")}`;
    }),
  ];
}

const blocks = " ▁▂▃▄▅▆▇█";

function histogram({ histogram: { shares }, weightMax }: StrategyLayer): string[] {
  const most = Math.max(...shares);
  const bars = shares.map((share) => blocks[Math.ceil((share / most) * 8)]!).join("");
  return [`  0 ${bars} ${weightMax.toPrecision(3)}`];
}
