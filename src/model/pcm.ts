import type { Microsiemens } from "../units.ts";
import { type PowerLaw, powerLawModel } from "./powerLaw.ts";

/**
 * Phase-change memory of the one-million-device 90 nm array.
 *
 * @source Joshi et al. 2020, Nat. Commun. 11, 2473; coefficients as in aihwkit, inference/noise/pcm.py.
 */
export const pcm90nmLaw: PowerLaw = {
  name: "pcm-90nm",
  maxConductanceMicrosiemens: 25,
  t0Seconds: 20,
  readSeconds: 250e-9,
  programmingStd: (target) => Math.max(0, polynomial([0.26348, 1.965, -1.1731], target / 25)),
  driftExponent(target) {
    const logR = logRelative(target, 25);
    return {
      mean: clamp(-0.0155 * logR + 0.0244, 0.049, 0.1),
      std: clamp(-0.0125 * logR - 0.0059, 0.008, 0.045),
    };
  },
  readStrength: (target) => Math.min(0.0088 / Math.max(Math.exp(0.65 * logRelative(target, 25)), 1e-3), 0.2),
};

/**
 * Phase-change memory of the HERMES chip, one device.
 *
 * @source aihwkit, inference/noise/hermes.py, after Le Gallo et al. 2023, Nat. Electron. 6, 680.
 */
export const hermes1Law: PowerLaw = {
  name: "pcm-hermes-1",
  maxConductanceMicrosiemens: 10.35,
  t0Seconds: 200,
  readSeconds: 512e-9,
  programmingStd: (target) =>
    Math.max(0, polynomial([0.15781817, 2.32443916, -2.16310839, 0.68841818], target / 10.35)),
  driftExponent(target) {
    const r = target / 10.35;
    const logR = logRelative(target, 10.35);
    return {
      mean: hermesDriftMean(r, logR),
      std:
        r < 0.3039 ? clamp(-0.012 * logR - 0.0023, 0.0124, 0.04) : polynomial([0.0104, 0.0116, -0.0165], r),
    };
  },
  readStrength(target) {
    const r = target / 10.35;
    return r < 0.1591
      ? clamp(-0.0078 * logRelative(target, 10.35) + 0.0038, 0.0179, 0.04)
      : polynomial([0.0088, 0.0768, -0.1352, 0.0664], r);
  },
};

/** The same with two devices side by side. */
export const hermes2Law: PowerLaw = {
  name: "pcm-hermes-2",
  maxConductanceMicrosiemens: 20.7,
  t0Seconds: 300,
  readSeconds: 512e-9,
  programmingStd: (target) =>
    Math.max(0, polynomial([0.16603222, 4.71806468, -8.48101252, 4.68961419], target / 20.7)),
  driftExponent(target) {
    const r = target / 20.7;
    const logR = logRelative(target, 20.7);
    return {
      mean: hermesDriftMean(r, logR),
      std:
        r < 0.3055 ? clamp(-0.0117 * logR - 0.0057, 0.0091, 0.04) : polynomial([0.0073, 0.0093, -0.0118], r),
    };
  },
  readStrength(target) {
    const r = target / 20.7;
    return r < 0.16
      ? clamp(-0.0117 * logRelative(target, 20.7) - 0.0069, 0.015, 0.04)
      : polynomial([0.0123, 0.0211, -0.028, 0.0069], r);
  },
};

/** Drift exponents that were measured, or fitted, at a few conductances; linear in between, level beyond. */
export interface DriftTable {
  /** Ascending. */
  readonly conductanceMicrosiemens: readonly Microsiemens[];
  readonly driftExponentMean: readonly number[];
  readonly driftExponentStd: readonly number[];
}

/** A law like another in everything but its drift. */
export function withTabulatedDrift(base: PowerLaw, name: string, table: DriftTable): PowerLaw {
  const { conductanceMicrosiemens, driftExponentMean, driftExponentStd } = table;
  return {
    ...base,
    name,
    driftExponent: (target) => ({
      mean: interpolate(conductanceMicrosiemens, driftExponentMean, target),
      std: interpolate(conductanceMicrosiemens, driftExponentStd, target),
    }),
  };
}

export const pcm90nm = powerLawModel(pcm90nmLaw);
export const hermes1 = powerLawModel(hermes1Law);
export const hermes2 = powerLawModel(hermes2Law);

function hermesDriftMean(r: number, logR: number): number {
  return r < 0.0945 ? clamp(-0.0387 * logR - 0.0182, 0.072, 0.13) : polynomial([0.0736, -0.0126, -0.0436], r);
}

/** ln(G/Gmax), floored where the published models floor it. */
function logRelative(target: Microsiemens, max: Microsiemens): number {
  return Math.log(Math.max(target / max, 1e-7));
}

function polynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduceRight((sum, coefficient) => sum * x + coefficient, 0);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

function interpolate(x: readonly number[], y: readonly number[], at: number): number {
  if (at <= x[0]!) return y[0]!;
  for (let i = 1; i < x.length; i++) {
    if (at <= x[i]!) return y[i - 1]! + ((y[i]! - y[i - 1]!) * (at - x[i - 1]!)) / (x[i]! - x[i - 1]!);
  }
  return y.at(-1)!;
}
