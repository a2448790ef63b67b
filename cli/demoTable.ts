import { formatDuration } from "../src/units.ts";
import { judgedAt, type JudgedPoint } from "../lab/demo/contest.ts";
import { spreadOf } from "../lab/demo/spread.ts";
import type { TrainedNetwork } from "../lab/trainedNetwork.ts";
import type { ChipPoints } from "../lab/demo/demoRepeats.ts";
import { contenders, type DemoResult } from "../lab/demo/demoStory.ts";
import type { Predictions } from "../lab/demo/predicted.ts";
import type { Look } from "./output.ts";

const nameWidth = 31;
const cellWidth = 14;

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

/** Pulses of each way of programming, with its corrections, and those by which the chip was measured. */
export function pulsesLine({ results, characterisationPulses }: DemoResult): string {
  // The third looks at the devices of the second.
  const own = contenders.flatMap(({ name }, c) =>
    results.findIndex(({ run }) => run === results[c]!.run) === c
      ? [`${name} ${results[c]!.overview.pulses.toLocaleString("en")}`]
      : [],
  );
  return `  pulses on the first chip: ${own.join(", ")}; to measure it ${characterisationPulses.toLocaleString("en")} more`;
}

/** The result as a person reads it: a line a contender, a column a time; means over the chips, and how far these lie off. */
export function tableOf(
  network: TrainedNetwork,
  { description }: DemoResult,
  chips: readonly ChipPoints[],
  predictions: Predictions,
): { readonly text: string; readonly look: Look }[] {
  const line = (name: string, cells: readonly string[]): string =>
    `  ${name.padEnd(nameWidth)}${cells.map((cell) => cell.padStart(cellWidth)).join("")}`;
  const spread = chips.length > 1 ? `; mean ± spread over ${chips.length} chips` : "";
  const { ageing = "drift" } = description.pulses.technology;
  const compensation = ageing === "drift" ? "drift compensation" : "compensation";
  const lines: { text: string; look: Look }[] = [];
  const add = (text: string, look: Look = "plain"): void => void lines.push({ text, look });
  add(line("time after the last pulse", judgedAt.map(formatDuration)), "bold");
  for (const [f, { title, of, digits }] of figures.entries()) {
    const accuracy = f === figures.length - 1;
    if (accuracy && network.images === 0) continue;
    const titled = title
      .replace("held-out", `${network.images} held-out`)
      .replace("drift compensation", compensation);
    add(`  ${titled}${spread}`, "dim");
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
      const predicted = accuracy ? predictions[c] : undefined;
      if (predicted === undefined) return;
      const percent = (share: number): string => (100 * share).toFixed(digits);
      const bands = predicted.low.map((low, t) => `${percent(low)}–${percent(predicted.high[t]!)}`);
      add(line("  predicted before", predicted.mean.map(percent)), "dim");
      add(line("  90 % of such chips", bands), "dim");
    });
  }
  return lines;
}
