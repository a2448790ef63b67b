import type { Findings } from "../src/measure/procedure.ts";
import type { Output } from "./output.ts";

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
