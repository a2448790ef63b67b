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
  return {
    network: network.name,
    times_seconds: judgedAt,
    chips: chips.length,
    serial_number: first.identity.serialNumber,
    believed: first.fit.believe,
    corrected_devices: first.corrected,
    images: network.images,
    software_accuracy: known(network.softwareAccuracy),
    characterisation_pulses: first.characterisation.pulses,
    characterisation_chip_seconds: first.characterisation.chipSeconds,
    contenders: contenders.map(({ name }, c) => {
      const weight = means(c, ({ rmsPercent }) => rmsPercent);
      const product = means(c, ({ productPercent }) => productPercent);
      const accuracy = means(c, (point) => point.accuracy);
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
        accuracy: accuracy.map(({ mean }) => known(mean)),
        accuracy_spread: accuracy.map(({ spread }) => known(spread)),
        predicted_accuracy: spreadFields(predictions[c]),
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
