import pc from "picocolors";
import { formatDuration } from "../src/units.ts";
import { type ContestResult, sweepTimesSeconds } from "./contest.ts";
import type { DemoNetwork } from "./demoNetwork.ts";
import type { Output } from "./output.ts";

const nameWidth = 34;
const cellWidth = 9;

/** The result as a person reads it: a line a contender, a column a time. */
export function printTable(network: DemoNetwork, results: readonly ContestResult[], output: Output): void {
  const line = (name: string, cells: readonly string[]): string =>
    `  ${name.padEnd(nameWidth)}${cells.map((cell) => cell.padStart(cellWidth)).join("")}`;
  const last = results.at(-1)!;
  output.say(pc.bold(line("time after the last pulse", sweepTimesSeconds.map(formatDuration))));
  output.say(pc.dim("  weight error, RMS in % of the largest weight, after drift compensation"));
  output.say(
    line(
      "software",
      sweepTimesSeconds.map(() => "0 %"),
    ),
  );
  for (const { contest, points } of results) {
    output.say(
      line(
        contest.name,
        points.map(({ rmsPercent }) => `${rmsPercent.toFixed(2)} %`),
      ),
    );
  }
  output.say(
    pc.dim(
      line(
        "(published 90 nm array, expected)",
        last.points.map((p) => `${p.expectedRmsPercent.toFixed(2)} %`),
      ),
    ),
  );
  output.say(pc.dim(`  accuracy on ${network.images} held-out images`));
  output.say(
    line(
      "software",
      sweepTimesSeconds.map(() => percent(network.softwareAccuracy)),
    ),
  );
  for (const { contest, points } of results) {
    output.say(
      line(
        contest.name,
        points.map(({ accuracy }) => percent(accuracy)),
      ),
    );
  }
}

/** The same for machines. */
export function resultOf(network: DemoNetwork, results: readonly ContestResult[]): Record<string, unknown> {
  return {
    times_seconds: sweepTimesSeconds,
    software_accuracy: network.softwareAccuracy,
    contenders: results.map(({ contest, run, overview, points }) => ({
      name: contest.name,
      run,
      pulses: overview.pulses,
      verdicts: overview.verdicts,
      weight_error_rms_percent: points.map(({ rmsPercent }) => rmsPercent),
      expected_rms_percent: points.map(({ expectedRmsPercent }) => expectedRmsPercent),
      accuracy: points.map(({ accuracy }) => accuracy),
    })),
  };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
