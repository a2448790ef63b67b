import { counted } from "../src/counted.ts";
import type { TrimEvent } from "../lab/events.ts";

/** A trim that leaves more than this share of the mean square error gains next to nothing for its pulses. */
const mostLeft = 0.9;

/** That a trim will not help, with both figures; undefined where it will. */
export function willNotHelp({
  devices_to_trim: devices,
  expected_before: before,
  expected_after: after,
}: Pick<TrimEvent, "devices_to_trim" | "expected_before" | "expected_after">): string | undefined {
  if (devices > 0 && after <= mostLeft * before) return undefined;
  const anew =
    devices === 0
      ? "and no device is worth a pulse"
      : `and ${errorPercent(after)} with ${counted(devices, "device")} programmed anew`;
  return `A trim will not help here: a weight error of ${errorPercent(before)} is to be expected without it, ${anew}.`;
}

/** TNMSE (100 × mean square over the square of the largest weight) → root mean square in percent of the largest weight. */
export function errorPercent(tnmse: number): string {
  return `${(10 * Math.sqrt(tnmse)).toFixed(2)} %`;
}
