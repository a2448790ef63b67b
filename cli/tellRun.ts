import type { Bench } from "../lab/bench.ts";
import { verdictFields } from "../lab/verdictFields.ts";
import { counted } from "../src/counted.ts";
import type { RunResult } from "../src/results/runResult.ts";
import type { RunId } from "../src/run/store.ts";
import { formatDuration } from "../src/units.ts";
import type { Output } from "./output.ts";

/** Tells people how a run went, and ends with 1 when its yield is short. @returns the same for the command's result. */
export async function tellResult(
  bench: Bench,
  run: RunId,
  minYieldPercent: number | undefined,
  output: Output,
): Promise<RunFields> {
  tellRun(await bench.result(run), output);
  return giveResult(bench, run, minYieldPercent, output);
}

/** The same, but people are told of a short yield alone. */
export async function giveResult(
  bench: Bench,
  run: RunId,
  minYieldPercent: number | undefined,
  output: Output,
): Promise<RunFields> {
  const result = await bench.result(run);
  const { yieldPercent } = result;
  if (minYieldPercent !== undefined && yieldPercent < minYieldPercent) {
    process.exitCode = 1;
    output.say(
      `The yield of ${yieldPercent.toFixed(2)} % is short of the ${minYieldPercent} % that was asked for.`,
    );
  }
  return runFields(run, (await bench.store()).file, result);
}

type RunFields = ReturnType<typeof runFields>;

/** How a run went, for a person. */
export function tellRun({ overview, yieldPercent, errors }: RunResult, output: Output): void {
  const { pulses, devices, turns, verdicts } = overview;
  const each = devices === 0 ? 0 : pulses / devices;
  output.say(
    `${counted(pulses, "pulse")} on ${counted(devices, "device")} (${each.toFixed(1)} each) ` +
      `in ${counted(turns, "turn")}; yield ${yieldPercent.toFixed(2)} %`,
  );
  for (const [verdict, count] of Object.entries(verdicts)) {
    if (count > 0) output.say(`  ${count.toLocaleString("en").padStart(10)} ${verdict}`);
  }
  for (const { timeSeconds, rmsPercent, alpha } of errors) {
    output.say(
      `weight error after ${formatDuration(timeSeconds)}: ${rmsPercent.toFixed(2)} % of the largest, α ${alpha.toFixed(3)}`,
    );
  }
}

/** The same as fields of a `result`. */
export function runFields(
  run: RunId,
  workspace: string,
  { overview, outcome, startedAt, yieldPercent, errors }: RunResult,
) {
  const { verdicts, devices, pulses, turns } = overview;
  return {
    run,
    workspace,
    outcome,
    started_at: startedAt,
    devices,
    pulses,
    turns,
    yield_percent: yieldPercent,
    verdicts: verdictFields(verdicts),
    weight_errors: errors.map(({ timeSeconds, rmsPercent, alpha }) => ({
      time_seconds: timeSeconds,
      rms_percent: rmsPercent,
      compensation: alpha,
    })),
  };
}
