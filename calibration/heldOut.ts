import type { PowerLawDefinition } from "../src/model/definition.ts";
import { powerLawOf } from "../src/model/powerLaw.ts";
import type { Population } from "./population.ts";

/** How well two models foresee devices that neither was fitted to. */
export interface HeldOut {
  readonly devices: number;
  /** Mean logarithm of the density of their exponents, under the fit and under the model before. */
  readonly fitted: number;
  readonly before: number;
}

/** Every so many-th device is held out, when models are compared. */
export const heldOutEvery = 5;

/**
 * Compares a fit of four fifths of the devices with the model before, on the last fifth: the density of each measured
 * exponent, its measuring error included.
 */
export function scoreHeldOut(population: Population, before: PowerLawDefinition): HeldOut | undefined {
  const law = powerLawOf(before);
  const { exponentMean, exponentSpread } = population.laws;
  let devices = 0;
  let fitted = 0;
  let old = 0;
  for (let i = 0; i < population.heldOut.length; i++) {
    if (population.heldOut[i] === 0) continue;
    const g = population.conductance[i]!;
    const exponent = population.exponent[i]!;
    const variance = population.exponentVariance[i]!;
    if (!(variance > 0) || (population.unpicked && population.picked[i] === 1)) continue;
    const { mean, std } = law.driftExponent(Math.min(g, law.maxConductanceMicrosiemens));
    devices++;
    fitted += logDensity(exponent, exponentMean.value(g), exponentSpread.value(g), variance);
    old += logDensity(exponent, mean, std, variance);
  }
  return devices < 20 ? undefined : { devices, fitted: fitted / devices, before: old / devices };
}

/** Of a normal law and a measuring error; bounded, so that a single outsider does not decide. */
function logDensity(exponent: number, mean: number, std: number, variance: number): number {
  const all = std * std + variance;
  const off = exponent - mean;
  return Math.max(-20, -0.5 * ((off * off) / all + Math.log(2 * Math.PI * all)));
}
