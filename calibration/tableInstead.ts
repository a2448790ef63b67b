import { readingFlags } from "../src/chip/driver.ts";
import { atOneTemperature } from "./deviceFit.ts";
import type { DriftData, ReadOut } from "./driftData.ts";
import { Conditional } from "./freeForm/conditional.ts";
import { continued } from "./freeForm/continuation.ts";
import { fitFreeForm, type FreeFormFit } from "./freeForm/fitFreeForm.ts";
import { readingsOf } from "./freeForm/readings.ts";
import { heldOutEvery } from "./heldOut.ts";
import type { PowerLawDefinition } from "../src/model/definition.ts";
import { type Refit, refit } from "./refit.ts";
import { agesAt, foretoldByPowerLaw, type ForetoldReads, type Split, splitsOf } from "./rollingPowerLaw.ts";
import type { Verdict } from "./verdict.ts";

/** A table in place of a power law that the devices do not obey, and how well both foresee. */
export interface TableInstead {
  readonly table: FreeFormFit;
  /** Later reads of devices that neither was fitted to. */
  readonly reads: number;
  /** By how much the table foresees them better: mean logarithm of the ratio of densities, and its standard error. */
  readonly gain: number;
  readonly error: number;
  /** Whether it is the better one beyond chance. */
  readonly isBetter: boolean;
}

/** Checks that say that devices drift by another law. */
const checksOfLaw = new Set([
  "straight drift",
  "one kind of device",
  "equal noise",
  "foresees no worse than before",
]);
/** It goes by where a power law says that devices were when they were young; a table is of those that a method leaves, picked or not. */
const checkOfPicking = "not picked apart";

/** Whether another law may help. Where other checks fail, the measurement itself is too little or too odd for any. */
export function onlyTheLawFails({ checks }: Verdict): boolean {
  const failed = checks.filter(({ ok }) => !ok).map(({ name }) => name);
  return (
    failed.some((name) => checksOfLaw.has(name)) &&
    failed.every((name) => checksOfLaw.has(name) || name === checkOfPicking)
  );
}

/**
 * Fits a table to devices that do not drift by a power law, and compares: both are fitted to the reads up to an age, and foretell those of the
 * next decade, for the last two decades. Every fifth device is kept from the table and foretold from its own earlier reads. Of devices that
 * a method looked at again alone: others lie anywhere beside their targets.
 *
 * @returns undefined where there are none, or ages are too few to try it.
 */
export function tableInstead(
  all: readonly DriftData[],
  readOut: ReadOut,
  before: PowerLawDefinition,
  found: Refit,
): TableInstead | undefined {
  const parts = all.filter(({ picked }) => picked).map((data) => atOneTemperature(data, found.law));
  if (parts.length === 0) return undefined;
  const gains = splitsOf(parts).flatMap((split) => {
    const law = foretoldByPowerLaw(split, refit(split.known, readOut, before), readOut);
    const table = foretoldByTable(split);
    return split.later.flatMap((sweep, k) => {
      const [one, other] = [law[k], table[k]];
      if (sweep === undefined || one === undefined || other === undefined) return [];
      return Array.from(sweep.conductanceMicrosiemens, (read, i) =>
        isHeldOut(i) && sweep.flags[i] === readingFlags.ok
          ? logDensity(other, i, read) - logDensity(one, i, read)
          : Number.NaN,
      ).filter((gain) => !Number.isNaN(gain));
    });
  });
  if (gains.length < fewestReads) return undefined;
  const gain = gains.reduce((sum, one) => sum + one, 0) / gains.length;
  const variance = gains.reduce((sum, one) => sum + (one - gain) * (one - gain), 0) / gains.length;
  const error = Math.sqrt(variance / gains.length);
  const isBetter = gain > leastGain && gain > 2 * error;
  return { table: fitFreeForm(parts), reads: gains.length, gain, error, isBetter };
}

const fewestReads = 100;
/** Of the mean logarithm of the density. */
const leastGain = 0.02;

function isHeldOut(i: number): boolean {
  return i % heldOutEvery === 0;
}

function foretoldByTable({ known, later }: Split): (ForetoldReads | undefined)[] {
  const fitted = known.map((data) => ({
    ...data,
    usable: data.usable.map((usable, i) => (isHeldOut(i) ? 0 : usable)),
  }));
  const { table, continuation, readings } = fitFreeForm(fitted);
  return known.map((data, k) => {
    const sweep = later[k];
    if (sweep === undefined) return undefined;
    const ages = agesAt(data, sweep);
    const own = readingsOf([data], readings.onsetSeconds);
    const last = ages.reduce((most, age, i) => (data.usable[i] === 1 ? Math.max(most, age) : most), 0);
    const conditional = new Conditional(
      continued(table, continuation, [Math.log(last + readings.onsetSeconds)]),
    );
    const [mean, std] = [0, 0].map(() => new Float64Array(ages.length).fill(Number.NaN));
    for (let n = 0; n < own.count; n++) {
      const i = own.device[n]!;
      const logAge = Math.log(ages[i]! + readings.onsetSeconds);
      conditional.take(own, n);
      const foreseen = conditional.at(logAge);
      mean![i] = foreseen.mean;
      std![i] = Math.sqrt(foreseen.variance + conditional.noiseAt(logAge));
    }
    return { mean: mean!, std: std! };
  });
}

/** Bounded, so that a single outsider does not decide. */
function logDensity({ mean, std }: ForetoldReads, i: number, read: number): number {
  const z = (read - mean[i]!) / std[i]!;
  const log = -0.5 * z * z - Math.log(std[i]!);
  return Number.isNaN(log) ? Number.NaN : Math.max(-10, log);
}
