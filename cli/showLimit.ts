import type { AccuracyLimit, AccuracySpread } from "../lab/limit.ts";
import { counted } from "../src/counted.ts";
import type { ErrorCause } from "../src/model/deviceModel.ts";
import type { ModelDefinition } from "../src/model/definition.ts";
import type { PredictedAccuracy } from "../src/optimize/strategy.ts";
import { measureNamed } from "../src/results/networkMeasure.ts";
import { markedTime } from "./extrapolated.ts";

/** What each row without a cause is called. */
const rows: readonly [cause: ErrorCause, label: string][] = [
  ["programming", "… programmed perfectly"],
  ["drift", "… no spread of drift"],
  ["read", "… no read noise"],
];

/** What a network is worth at most, as a table: one column a time. */
export function describeLimit(
  { predicted, without, layers, layersHeld }: AccuracyLimit,
  model: ModelDefinition,
): string[] {
  const held =
    layersHeld < layers
      ? [`  ${layersHeld} of ${counted(layers, "matrix", "matrices")}; the others as trained`]
      : [];
  return [
    ...describeAccuracy(predicted, model),
    ...rows.flatMap(([cause, label]) => {
      const found = without[cause];
      if (found === undefined) return [];
      return [row(label, found === null ? predicted.mean.map(() => "–") : meansOf(predicted, found))];
    }),
    row(
      "software",
      predicted.timesSeconds.map(() => cell(predicted, predicted.softwareAccuracy)),
    ),
    ...held,
    ...(Object.values(without).includes(null)
      ? ["  –: the model cannot tell this cause from the others."]
      : []),
  ];
}

/** The prediction alone, as a strategy carries it. */
export function describeAccuracy(predicted: PredictedAccuracy, model: ModelDefinition): string[] {
  const { network, images, draws, timesSeconds, low, high } = predicted;
  const { title, input, sign } = measureNamed(predicted.measure);
  return [
    `${title} of ${network} on ${counted(images, input)}${sign.replace(" ", ", ")}, over ${counted(draws, "chip")} drawn from ${model.name}`,
    row(
      "after the last pulse",
      timesSeconds.map((time) => markedTime(model, time)),
    ),
    row("predicted", meansOf(predicted, predicted)),
    row(
      "… 90 % of chips",
      timesSeconds.map((_, t) => `${cell(predicted, low[t]!)}–${cell(predicted, high[t]!)}`),
    ),
  ];
}

function meansOf(predicted: PredictedAccuracy, { mean }: AccuracySpread): string[] {
  return mean.map((score) => cell(predicted, score));
}

function cell({ measure }: PredictedAccuracy, score: number): string {
  const { inUnit, digits } = measureNamed(measure);
  return inUnit(score).toFixed(digits);
}

/** At least one blank before each cell, however wide. */
function row(label: string, cells: readonly string[]): string {
  return `  ${label.padEnd(30)}${cells.map((cell) => ` ${cell.padStart(9)}`).join("")}`;
}
