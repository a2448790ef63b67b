import type { Findings } from "../src/measure/procedure.ts";
import type { Bench } from "../lab/bench.ts";
import { findingFields } from "../lab/findingFields.ts";
import { counted } from "../src/counted.ts";
import type { RunId } from "../src/run/store.ts";
import type { Output } from "./output.ts";

/**
 * Tells people what a run of `mho measure` found, and ends with 1 where devices ran out of pulses before they were done.
 *
 * @returns the same for the command's result.
 */
export async function tellMeasured(bench: Bench, run: RunId, output: Output) {
  const found = await bench.findings(run);
  tellFindings(found, output);
  const { verdicts } = (await bench.result(run)).overview;
  const budgetSpent = verdicts["budget spent"];
  if (budgetSpent > 0) {
    process.exitCode = 1;
    output.say(
      `${counted(budgetSpent, "device")} had no pulse left before the measurement was done: --budget, or what is left of the life that the ` +
        "chip's description allows a device (limits.pulses_per_device). Measure again with more, or choose other devices.",
    );
  }
  return { ...findingFields(found), out_of_pulses: budgetSpent };
}

/** Tells people what a measurement found. */
export function tellFindings({ figures, counts }: Findings, output: Output): void {
  for (const { name, devices, meaning } of counts) {
    if (devices > 0) output.say(`  ${devices.toLocaleString("en").padStart(10)} ${name}: ${meaning}`);
  }
  for (const { value, low, high, unit, meaning } of figures) {
    const text = Number.isFinite(value) ? `${short(value)}${unit === "" ? "" : ` ${unit}`}` : "not known";
    const interval =
      low === undefined || high === undefined || !Number.isFinite(low + high)
        ? ""
        : ` (95 %: ${short(low)} … ${short(high)})`;
    output.say(`  ${text.padStart(12)}${interval} ${meaning}`);
  }
}

function short(value: number): string {
  return Math.abs(value) >= 1e5 || (value !== 0 && Math.abs(value) < 1e-3)
    ? value.toExponential(2)
    : String(Number(value.toPrecision(4)));
}
