import type { PowerLawDefinition } from "../src/model/definition.ts";
import { powerLawModel, powerLawOf } from "../src/model/powerLaw.ts";
import { microsecondsPerSecond, type Seconds } from "../src/units.ts";
import { onsetOf, temperatureSlopes } from "./commonLaws.ts";
import { atOneTemperature, type DeviceFits, type DriftLawGuess, fitDevices } from "./deviceFit.ts";
import { atEffectiveTimes, barrierAt, isHastened } from "./effectiveAges.ts";
import { heldOutEvery, scoreHeldOut } from "./heldOut.ts";
import type { FittedLaw } from "./lawFit.ts";
import type { DriftData, ReadOut } from "./driftData.ts";
import { fitPopulation, type Population } from "./population.ts";
import { judge, type Verdict } from "./verdict.ts";

/** All that was found of the devices. */
export interface Refit {
  readonly population: Population;
  readonly verdict: Verdict;
  /** One entry a block, in the order given. */
  readonly fits: readonly DeviceFits[];
  /** How the fits took drift and temperature. */
  readonly law: DriftLawGuess;
  readonly onset: { readonly onsetSeconds: Seconds; readonly logError: number } | undefined;
  readonly temperature: FittedLaw | undefined;
  /** Youngest and oldest age of any read. */
  readonly ages: { readonly from: Seconds; readonly to: Seconds };
}

/**
 * Finds the laws of a chip's devices from sweeps of it: first what all share, the onset of drift and what temperature does,
 * from a part of the devices; then every device; then the population.
 */
export function refit(parts: readonly DriftData[], readOut: ReadOut, before: PowerLawDefinition): Refit {
  const belief = powerLawModel(powerLawOf(before));
  const referenceCelsius = firstCelsius(parts);
  let law: DriftLawGuess = {
    referenceAgeSeconds: belief.referenceAgeSeconds,
    onsetSeconds: belief.onsetSeconds,
    exponent: (g) => belief.driftExponentMean(Math.min(g, belief.maxConductanceMicrosiemens)),
    temperatureSlope: () => 0,
    referenceCelsius,
  };
  const max = belief.maxConductanceMicrosiemens;
  const slopesFrom = (data: readonly DriftData[]): FittedLaw | undefined => {
    const slopes = temperatureSlopes(data, readOut, { ...law, temperatureSlope: () => 0 }, max);
    if (slopes === undefined) return undefined;
    const within = (g: number): number => Math.min(slopes.to, Math.max(slopes.from, g));
    law = { ...law, temperatureSlope: (g) => slopes.value(within(g)) };
    return slopes;
  };
  let temperature = slopesFrom(parts);
  let steady = parts.map((data) => atOneTemperature(data, law));
  let onset = onsetOf(steady, readOut, law);
  if (onset !== undefined) law = { ...law, onsetSeconds: onset.onsetSeconds };
  // Warmth hastens drift too, and part of that looks like what warmth does to reads: slopes and onset are found once more without it.
  const electronvolts = barrierAt(agesOf(parts).to, referenceCelsius);
  if (temperature !== undefined && isHastened(steady, electronvolts, readOut, law)) {
    const aged = parts.map((data) => atEffectiveTimes(data, electronvolts, referenceCelsius));
    temperature = slopesFrom(aged);
    steady = aged.map((data) => atOneTemperature(data, law));
    onset = onsetOf(steady, readOut, law) ?? onset;
    if (onset !== undefined) law = { ...law, onsetSeconds: onset.onsetSeconds };
  }
  const fits = steady.map((data) => fitDevices(data, readOut, law));
  const blocks = steady.map((data, n) => ({ data, fits: fits[n]! }));
  const population = fitPopulation(blocks, max, readOut.microsiemensPerCode);
  const without = fitPopulation(blocks, max, readOut.microsiemensPerCode, {
    holdOutEvery: heldOutEvery,
    mostDevices: 100_003,
  });
  const freedom = fits.map((block) => block.freedom);
  const ages = agesOf(parts);
  const verdict = judge(population, freedom, ages, scoreHeldOut(without, before), temperature);
  return { population, verdict, fits, law, onset, temperature, ages };
}

/** Youngest and oldest age of any read. */
function agesOf(parts: readonly DriftData[]): { from: Seconds; to: Seconds } {
  let from = Infinity;
  let to = 0;
  for (const { sweeps, usable, pulsedAtMicroseconds, devicesPerRow } of parts) {
    for (const { rowTimesMicroseconds } of [sweeps[0], sweeps.at(-1)].filter(
      (sweep) => sweep !== undefined,
    )) {
      for (let i = 0; i < usable.length; i++) {
        if (usable[i] === 0) continue;
        const readAt = rowTimesMicroseconds[Math.floor(i / devicesPerRow)]!;
        const age = (readAt - pulsedAtMicroseconds[i]!) / microsecondsPerSecond;
        if (age > 0 && age < from) from = age;
        if (age > to) to = age;
      }
    }
  }
  return { from, to };
}

/** That of the first sweep: nearest to when targets were met. */
function firstCelsius(parts: readonly DriftData[]): number {
  for (const { sweeps } of parts) {
    for (const { celsius } of sweeps) if (celsius !== undefined) return celsius;
  }
  return roomCelsius;
}

const roomCelsius = 25;
