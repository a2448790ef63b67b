import { formatDuration } from "../src/units.ts";
import { judgedAt, type JudgedPoint } from "../lab/demo/contest.ts";
import { spreadOf } from "../lab/demo/spread.ts";
import type { TrainedNetwork } from "../lab/trainedNetwork.ts";
import type { ChipPoints } from "../lab/demo/demoRepeats.ts";
import type { DemoOutcome } from "../lab/demo/demo.ts";
import { contenders, type DemoResult } from "../lab/demo/demoStory.ts";
import type { Look } from "./output.ts";

export interface Line {
  readonly text: string;
  readonly look: Look;
}

/** What came of a demo, as a person reads it: one sentence, a line a contender with a column a time, and what each cost. */
export function linesOf({
  network,
  first,
  chips,
  headline: { headline, beside },
}: Pick<DemoOutcome, "network" | "first" | "chips" | "headline">): Line[] {
  return [
    { text: headline, look: "bold" },
    ...beside.map((text): Line => ({ text: `  ${text}`, look: "plain" })),
    blank,
    ...table(network, first, chips),
    blank,
    ...costs(first),
  ];
}

const blank: Line = { text: "", look: "plain" };
const nameWidth = 27;

function table(network: TrainedNetwork, { description }: DemoResult, chips: readonly ChipPoints[]): Line[] {
  const cellWidth = chips.length > 1 ? (network.measure?.digits === 4 ? 17 : 13) : 9;
  const row = (name: string, cells: readonly string[], look: Look = "plain"): Line => ({
    text: `  ${name.padEnd(nameWidth)}${cells.map((cell) => cell.padStart(cellWidth)).join("")}`,
    look,
  });
  const title = (text: string): Line => ({ text: `  ${text}`, look: "dim" });
  const rows = (of: (point: JudgedPoint) => number, digits: number): Line[] =>
    contenders.map(({ name }, c) => {
      const cells = judgedAt.map((_, t) => {
        const { mean, spread } = spreadOf(chips.map((chip) => of(chip[c]![t]!)));
        return chips.length > 1
          ? `${mean.toFixed(digits)} ± ${spread.toFixed(digits)}`
          : mean.toFixed(digits);
      });
      return row(name, cells, c === contenders.length - 1 ? "bold" : "plain");
    });
  const lines = [row("time after the last pulse", judgedAt.map(formatDuration), "bold")];
  const { measure, inputs, softwareScore } = network;
  const over = chips.length > 1 ? `; mean ± spread over ${chips.length} chips` : "";
  if (measure !== undefined) {
    const { inUnit, digits } = measure;
    const software = inUnit(softwareScore).toFixed(digits);
    lines.push(
      title(`${measure.ofInputs(inputs)}${over}`),
      row(
        "in software",
        judgedAt.map(() => software),
      ),
      ...rows(({ score }) => inUnit(score), digits),
    );
    if (chips[0]![0]![0]!.worstTenth !== undefined) {
      lines.push(
        title("the same over the tenth of the inputs that did worst"),
        ...rows(({ worstTenth = Number.NaN }) => inUnit(worstTenth), digits),
      );
    }
  }
  const { ageing = "drift" } = description.pulses.technology;
  const compensated = ageing === "drift" ? "drift compensation" : "compensation";
  lines.push(
    title(
      `weight error, RMS in % of the largest weight, after ${compensated}${measure === undefined ? over : ""}`,
    ),
    ...rows(({ rmsPercent }) => rmsPercent, 2),
  );
  const [open, closed] = [chips[0]![1]![0]!.rmsPercent, chips[0]![3]![0]!.rmsPercent];
  if (closed > open) {
    lines.push(
      title(
        "At first the closed loop errs more than a fresh chip: all devices but those corrected last are a",
      ),
      title(`day old by then. The line "${contenders[2].name}" compares it with a chip of its own age.`),
    );
  }
  return lines;
}

/** Of the first chip: pulses and time of each way of programming, with its corrections and, for the last, its measurement. */
function costs({ results, characterisation }: DemoResult): Line[] {
  const row = (name: string, pulses: string, time: string): Line => ({
    text: `  ${name.padEnd(nameWidth)}${pulses.padStart(10)}${time.padStart(20)}`,
    look: "plain",
  });
  const rows = contenders.flatMap(({ name }, c): Line[] => {
    const { run, overview, chipSeconds } = results[c]!;
    // The third looks at the devices of the second.
    if (results.findIndex((one) => one.run === run) !== c) return [];
    return [row(name, overview.pulses.toLocaleString("en"), formatDuration(chipSeconds))];
  });
  const { pulses, chipSeconds } = characterisation;
  return [
    { ...row("cost", "pulses", "on the chip"), look: "bold" },
    ...rows,
    row("  to measure it first", pulses.toLocaleString("en"), `${formatDuration(chipSeconds)} + 1 day`),
  ];
}
