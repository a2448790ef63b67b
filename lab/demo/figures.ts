import { judgedAt, type JudgedPoint } from "./contest.ts";
import type { ChipPoints } from "./demoRepeats.ts";
import { contenders, type DemoResult } from "./demoStory.ts";
import type { Predictions } from "./predicted.ts";
import { spreadOf } from "./spread.ts";
import { verdictFields } from "../verdictFields.ts";
import type { TrainedNetwork } from "../trainedNetwork.ts";

/** What a demo found, for machines: means, and standard deviations over the chips. */
export function resultOf(
  network: TrainedNetwork,
  first: DemoResult,
  chips: readonly ChipPoints[],
  predictions: Predictions,
) {
  const means = (c: number, of: (point: JudgedPoint) => number) =>
    judgedAt.map((_, t) => spreadOf(chips.map((chip) => of(chip[c]![t]!))));
  const accuracyOf = <T>(value: T): T | undefined =>
    network.measure?.name === "accuracy" ? value : undefined;
  const similarityOf = <T>(value: T): T | undefined =>
    network.measure?.name === "similarity" ? value : undefined;
  const unknown = judgedAt.map(() => null);
  return {
    network: network.name,
    times_seconds: judgedAt,
    chips: chips.length,
    serial_number: first.identity.serialNumber,
    believed: first.fit.believe,
    corrected_devices: first.corrected,
    measure: network.measure?.name ?? null,
    inputs: network.inputs,
    images: accuracyOf(network.inputs) ?? 0,
    software_accuracy: accuracyOf(network.softwareScore) ?? null,
    characterisation_pulses: first.characterisation.pulses,
    characterisation_chip_seconds: first.characterisation.chipSeconds,
    contenders: contenders.map(({ name }, c) => {
      const weight = means(c, ({ rmsPercent }) => rmsPercent);
      const product = means(c, ({ productPercent }) => productPercent);
      const score = means(c, (point) => point.score);
      const worstTenth = means(c, (point) => point.worstTenth ?? Number.NaN);
      const column = (of: "mean" | "spread") => score.map((found) => known(found[of]));
      const predicted = spreadFields(predictions[c]);
      return {
        name,
        run: first.results[c]!.run,
        pulses: first.results[c]!.overview.pulses,
        chip_seconds: first.results[c]!.chipSeconds,
        verdicts: verdictFields(first.results[c]!.overview.verdicts),
        weight_error_rms_percent: weight.map(({ mean }) => mean),
        weight_error_spread: weight.map(({ spread }) => spread),
        product_error_percent: product.map(({ mean }) => mean),
        product_error_spread: product.map(({ spread }) => spread),
        accuracy: accuracyOf(column("mean")) ?? unknown,
        accuracy_spread: accuracyOf(column("spread")) ?? unknown,
        predicted_accuracy: accuracyOf(predicted) ?? null,
        similarity: similarityOf(column("mean")) ?? unknown,
        similarity_spread: similarityOf(column("spread")) ?? unknown,
        similarity_worst_tenth: worstTenth.map(({ mean }) => known(mean)),
        similarity_worst_tenth_spread: worstTenth.map(({ spread }) => known(spread)),
        predicted_similarity: similarityOf(predicted) ?? null,
      };
    }),
  };
}

function spreadFields(predicted: Predictions[number]) {
  if (predicted === undefined) return null;
  const { mean, low, high } = predicted;
  return { mean, low, high };
}

function known(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
