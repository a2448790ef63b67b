import type { Bench } from "../lab/bench.ts";
import { verdictFields } from "../lab/verdictFields.ts";
import { counted } from "../src/counted.ts";
import type { RunResult } from "../src/results/runResult.ts";
import type { RunId } from "../src/run/store.ts";
import { inPlaceOf, unsettledOf } from "../src/results/yield.ts";
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
  const judged = minYieldPercent !== undefined && unsettledOf(result.overview.verdicts) === 0;
  const short = judged ? shortOf(minYieldPercent, yieldPercent) : undefined;
  if (short !== undefined) {
    process.exitCode = 1;
    output.say(short);
  }
  return runFields(run, (await bench.store()).file, result);
}

/** Why a yield is not what was asked for; undefined where it is. */
export function shortOf(minYieldPercent: number, yieldPercent: number | undefined): string | undefined {
  if (yieldPercent === undefined) {
    return `No device was read back at the end, so there is no yield to compare with the ${minYieldPercent} % that was asked for.`;
  }
  return yieldPercent < minYieldPercent
    ? `The yield of ${yieldPercent.toFixed(2)} % is short of the ${minYieldPercent} % that was asked for.`
    : undefined;
}

type RunFields = ReturnType<typeof runFields>;

/** How a run went, for a person. */
export function tellRun({ overview, yieldPercent, errors }: RunResult, output: Output): void {
  const { pulses, devices, turns, verdicts } = overview;
  const each = devices === 0 ? 0 : pulses / devices;
  output.say(
    `${counted(pulses, "pulse")} on ${counted(devices, "device")} (${each.toFixed(1)} each) ` +
      `in ${counted(turns, "turn")}; ${yieldText(yieldPercent, verdicts, devices)}`,
  );
  for (const [verdict, count] of Object.entries(verdicts)) {
    if (count > 0) output.say(`  ${count.toLocaleString("en").padStart(10)} ${verdict}`);
  }
  if (pulses === 0 && verdicts["budget spent"] > 0) {
    process.exitCode = 1;
    output.say(
      "Nothing was programmed: the devices have no pulse left, by --budget or by the life that the chip's description allows them " +
        "(limits.pulses_per_device).",
    );
  }
  for (const { timeSeconds, rmsPercent, alpha } of errors) {
    output.say(
      `weight error after ${formatDuration(timeSeconds)}: ${rmsPercent.toFixed(2)} % of the largest, α ${alpha.toFixed(3)}`,
    );
  }
}

function yieldText(
  yieldPercent: number | undefined,
  verdicts: RunResult["overview"]["verdicts"],
  devices: number,
): string {
  if (yieldPercent !== undefined) return `yield ${yieldPercent.toFixed(2)} %`;
  if (unsettledOf(verdicts) === 0) return "not read back, so no yield";
  const inPlace = inPlaceOf(verdicts).toLocaleString("en");
  return `${inPlace} of ${counted(devices, "device")} in place, and no yield until all have a verdict`;
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
    yield_percent: yieldPercent ?? null,
    verdicts: verdictFields(verdicts),
    weight_errors: errors.map(({ timeSeconds, rmsPercent, alpha }) => ({
      time_seconds: timeSeconds,
      rms_percent: rmsPercent,
      compensation: alpha,
    })),
  };
}
