import type { AccuracyLimit, AccuracySpread } from "../lab/limit.ts";
import { counted } from "../src/counted.ts";
import type { ErrorCause } from "../src/model/deviceModel.ts";
import type { ModelDefinition } from "../src/model/definition.ts";
import type { PredictedAccuracy } from "../src/optimize/strategy.ts";
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
      return [row(label, found === null ? predicted.mean.map(() => "–") : meansOf(found))];
    }),
    row(
      "software",
      predicted.timesSeconds.map(() => percent(predicted.softwareAccuracy)),
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
  return [
    `Accuracy of ${network} on ${counted(images, "image")}, %, over ${counted(draws, "chip")} drawn from ${model.name}`,
    row(
      "after the last pulse",
      timesSeconds.map((time) => markedTime(model, time)),
    ),
    row("predicted", meansOf(predicted)),
    row(
      "… 90 % of chips",
      timesSeconds.map((_, t) => `${percent(low[t]!)}–${percent(high[t]!)}`),
    ),
  ];
}

function meansOf({ mean }: AccuracySpread): string[] {
  return mean.map(percent);
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}

/** At least one blank before each cell, however wide. */
function row(label: string, cells: readonly string[]): string {
  return `  ${label.padEnd(30)}${cells.map((cell) => ` ${cell.padStart(9)}`).join("")}`;
}
