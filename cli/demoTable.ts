import { formatDuration } from "../src/units.ts";
import { judgedAt, type JudgedPoint } from "../lab/demo/contest.ts";
import type { TrainedNetwork } from "../lab/trainedNetwork.ts";
import type { ChipPoints } from "../lab/demo/demoRepeats.ts";
import { contenders, type DemoResult } from "../lab/demo/demoStory.ts";
import type { Look } from "./output.ts";

const nameWidth = 24;
const cellWidth = 15;

/** A figure of a point: what it is, and how the software does. */
const figures = [
  {
    title: "weight error, RMS in % of the largest weight, after drift compensation",
    of: ({ rmsPercent }: JudgedPoint) => rmsPercent,
    digits: 2,
  },
  {
    title: "matrix–vector error, RMS in % of the product's size",
    of: ({ productPercent }: JudgedPoint) => productPercent,
    digits: 1,
  },
  {
    title: "accuracy on held-out images, %",
    of: ({ accuracy }: JudgedPoint) => 100 * accuracy,
    digits: 1,
  },
] as const;

/** The result as a person reads it: a line a contender, a column a time; means over the chips, and how far these lie off. */
export function tableOf(
  network: TrainedNetwork,
  chips: readonly ChipPoints[],
): { readonly text: string; readonly look: Look }[] {
  const line = (name: string, cells: readonly string[]): string =>
    `  ${name.padEnd(nameWidth)}${cells.map((cell) => cell.padStart(cellWidth)).join("")}`;
  const spread = chips.length > 1 ? `; mean ± spread over ${chips.length} chips` : "";
  const lines: { text: string; look: Look }[] = [];
  const add = (text: string, look: Look = "plain"): void => void lines.push({ text, look });
  add(line("time after the last pulse", judgedAt.map(formatDuration)), "bold");
  for (const [f, { title, of, digits }] of figures.entries()) {
    const accuracy = f === figures.length - 1;
    if (accuracy && network.images === 0) continue;
    add(`  ${title.replace("held-out", `${network.images} held-out`)}${spread}`, "dim");
    const software = accuracy ? (100 * network.softwareAccuracy).toFixed(digits) : "0";
    add(
      line(
        "software",
        judgedAt.map(() => software),
      ),
    );
    contenders.forEach(({ name }, c) => {
      const cells = judgedAt.map((_, t) => {
        const { mean, spread: off } = spreadOf(chips.map((chip) => of(chip[c]![t]!)));
        return chips.length > 1 ? `${mean.toFixed(digits)} ± ${off.toFixed(digits)}` : mean.toFixed(digits);
      });
      add(line(name, cells), c === contenders.length - 1 ? "bold" : "plain");
    });
  }
  return lines;
}

/** The same for machines: means, and standard deviations over the chips. */
export function resultOf(
  network: TrainedNetwork,
  first: DemoResult,
  chips: readonly ChipPoints[],
): Readonly<Record<string, unknown>> {
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
    contenders: contenders.map(({ name }, c) => {
      const weight = means(c, ({ rmsPercent }) => rmsPercent);
      const product = means(c, ({ productPercent }) => productPercent);
      const accuracy = means(c, (point) => point.accuracy);
      return {
        name,
        run: first.results[c]!.run,
        pulses: first.results[c]!.overview.pulses,
        verdicts: first.results[c]!.overview.verdicts,
        weight_error_rms_percent: weight.map(({ mean }) => mean),
        weight_error_spread: weight.map(({ spread }) => spread),
        product_error_percent: product.map(({ mean }) => mean),
        product_error_spread: product.map(({ spread }) => spread),
        accuracy: accuracy.map(({ mean }) => known(mean)),
        accuracy_spread: accuracy.map(({ spread }) => known(spread)),
      };
    }),
  };
}

/** Mean, and standard deviation; 0 for one value. */
export function spreadOf(values: readonly number[]): { mean: number; spread: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const square = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0);
  return { mean, spread: values.length < 2 ? 0 : Math.sqrt(square / (values.length - 1)) };
}

function known(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
