import { readingFlags } from "../src/chip/driver.ts";
import type { Microsiemens } from "../src/units.ts";
import type { DriftSweep } from "./driftData.ts";

/**
 * Sweeps of devices whose steps add up, as if the later ones had been there from the start: what was read before a step is moved by what the
 * step did, the difference of the reads on either side of it. So all reads of a device tell of its ageing since it was written.
 *
 * @param sweeps   in the order of their times.
 * @param stepsAt  chip time of the last step of each later run, one entry a device, oldest run first; NaN for devices that it left alone.
 */
export function joinedReads(
  sweeps: readonly DriftSweep[],
  devicesPerRow: number,
  stepsAt: readonly Float64Array[],
): readonly DriftSweep[] {
  if (stepsAt.length === 0) return sweeps;
  const joined = sweeps.map((sweep) => ({
    ...sweep,
    conductanceMicrosiemens: sweep.conductanceMicrosiemens.slice(),
    flags: sweep.flags.slice(),
  }));
  for (const steps of stepsAt) {
    steps.forEach((at, i) => {
      if (Number.isNaN(at)) return;
      const row = Math.floor(i / devicesPerRow);
      const before = joined.filter(({ rowTimesMicroseconds }) => rowTimesMicroseconds[row]! <= at);
      const after = joined.find(
        (sweep) => sweep.rowTimesMicroseconds[row]! > at && !Number.isNaN(readOf(sweep, i)),
      );
      const last = before.findLast((sweep) => !Number.isNaN(readOf(sweep, i)));
      const step =
        after === undefined || last === undefined ? Number.NaN : readOf(after, i) - readOf(last, i);
      for (const sweep of before) {
        sweep.conductanceMicrosiemens[i]! += step;
        if (Number.isNaN(step)) sweep.flags[i] = readingFlags.invalid;
      }
    });
  }
  return joined;
}

/** NaN where nothing was read. */
function readOf({ conductanceMicrosiemens, flags }: DriftSweep, i: number): Microsiemens {
  return flags[i] === readingFlags.ok ? conductanceMicrosiemens[i]! : Number.NaN;
}
