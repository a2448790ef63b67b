import type { Microsiemens, Seconds } from "../src/units.ts";
import { onsetOf, temperatureSlopes } from "./commonLaws.ts";
import { atOneTemperature, type DeviceFits, type DriftLawGuess, fitDevices } from "./deviceFit.ts";
import type { FittedLaw } from "./lawFit.ts";
import type { DriftData, ReadOut } from "./driftData.ts";
import { fitPopulation, type Population } from "./population.ts";

/** What is believed before: where the fit begins, and what it does not find anew. */
export interface Belief {
  readonly maxConductanceMicrosiemens: Microsiemens;
  readonly referenceAgeSeconds: Seconds;
  readonly onsetSeconds: Seconds;
  driftExponentMean(conductance: Microsiemens): number;
}

/** All that was found of the devices. */
export interface Refit {
  readonly population: Population;
  /** One entry a block, in the order given. */
  readonly fits: readonly DeviceFits[];
  /** How the fits took drift and temperature. */
  readonly law: DriftLawGuess;
  readonly onset: { readonly onsetSeconds: Seconds; readonly logError: number } | undefined;
  readonly temperature: FittedLaw | undefined;
}

/**
 * Finds the laws of a chip's devices from sweeps of it: first what all share, the onset of drift and what temperature does,
 * from a part of the devices; then every device; then the population.
 */
export function refit(parts: readonly DriftData[], readOut: ReadOut, belief: Belief): Refit {
  const referenceCelsius = firstCelsius(parts);
  let law: DriftLawGuess = {
    referenceAgeSeconds: belief.referenceAgeSeconds,
    onsetSeconds: belief.onsetSeconds,
    exponent: (g) => belief.driftExponentMean(Math.min(g, belief.maxConductanceMicrosiemens)),
    temperatureSlope: () => 0,
    referenceCelsius,
  };
  const temperature = temperatureSlopes(parts, readOut, law, belief.maxConductanceMicrosiemens);
  if (temperature !== undefined) {
    law = {
      ...law,
      temperatureSlope: (g) => temperature.value(Math.min(temperature.to, Math.max(temperature.from, g))),
    };
  }
  const steady = parts.map((data) => atOneTemperature(data, law));
  const onset = onsetOf(steady, readOut, law);
  if (onset !== undefined) law = { ...law, onsetSeconds: onset.onsetSeconds };
  const fits = steady.map((data) => fitDevices(data, readOut, law));
  const population = fitPopulation(
    steady.map((data, n) => ({ data, fits: fits[n]! })),
    belief.maxConductanceMicrosiemens,
    readOut.microsiemensPerCode,
  );
  return { population, fits, law, onset, temperature };
}

/** That of the first sweep: nearest to when targets were met. */
function firstCelsius(parts: readonly DriftData[]): number {
  for (const { sweeps } of parts) {
    for (const { celsius } of sweeps) if (celsius !== undefined) return celsius;
  }
  return roomCelsius;
}

const roomCelsius = 25;
