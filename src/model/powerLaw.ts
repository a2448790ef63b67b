import { assert } from "../errors.ts";
import type { Microsiemens, Seconds } from "../units.ts";
import {
  curveAt,
  interpolate,
  linearPieces,
  type ModelDefinition,
  type PowerLawDefinition,
  type TabulatedDriftDefinition,
} from "./definition.ts";
import { type Courses, sampleOf } from "./courses.ts";
import { type DeviceModel, type ErrorCause, secondsBetweenReads, usualOnsetSeconds } from "./deviceModel.ts";
import { clippedMoments, foldedNormalLaplace, varianceOf } from "./normal.ts";

/**
 * A device whose conductance is programmed with a Gaussian error, drifts by a power law and is read with 1/f
 * noise:
 *
 *     G_p = max(0, G + σ_p N)
 *     G(t) = G_p τ^−ν                      τ = (t + t0)/t0,  ν = |N(μ, σ)|
 *     G_read = max(0, G(t) (1 + s N))      s = Q sqrt(ln((t + t0 + t_read)/(2 t_read)))
 *
 * σ_p, μ, σ and Q depend on the target, so the three factors are independent and their moments multiply. The
 * clipping at zero and the folding of ν are in closed form.
 */
export interface PowerLaw {
  readonly name: string;
  readonly maxConductanceMicrosiemens: Microsiemens;
  readonly t0Seconds: Seconds;
  /** Undefined in published laws, whose τ is (t + t0)/t0; else τ = (t + t0 + onset)/(t0 + onset). */
  readonly onsetSeconds: Seconds | undefined;
  readonly readSeconds: Seconds;
  /** σ_p, µS. */
  programmingStd(target: Microsiemens): Microsiemens;
  /** μ and σ of the normal law under the folded one. */
  driftExponent(target: Microsiemens): { mean: number; std: number };
  /** Q. */
  readStrength(target: Microsiemens): number;
  /** Reads that are averaged, where more than one. */
  readonly reads?: number | undefined;
}

export function powerLawOf(definition: PowerLawDefinition): PowerLaw {
  const max = definition.maxConductanceMicrosiemens;
  return {
    name: definition.name,
    maxConductanceMicrosiemens: max,
    t0Seconds: definition.t0Seconds,
    onsetSeconds: definition.onsetSeconds,
    readSeconds: definition.readSeconds,
    programmingStd: (target) => Math.max(0, curveAt(definition.programmingStdMicrosiemens, target / max)),
    driftExponent: (target) => ({
      mean: curveAt(definition.driftExponentMean, target / max),
      std: curveAt(definition.driftExponentStd, target / max),
    }),
    readStrength: (target) => Math.max(0, curveAt(definition.readNoiseStrength, target / max)),
  };
}

/** The same model in the family of power laws, pieces linear in r; undefined where it is of another kind. */
export function asPowerLaw(definition: ModelDefinition): PowerLawDefinition | undefined {
  if (definition.family === "power-law") return definition;
  if (definition.family !== "tabulated-drift") return undefined;
  const { base, name, source, conductanceMicrosiemens, driftExponentMean, driftExponentStd } = definition;
  const r = conductanceMicrosiemens.map((g) => g / base.maxConductanceMicrosiemens);
  return {
    ...base,
    name,
    source,
    driftExponentMean: linearPieces(r, driftExponentMean),
    driftExponentStd: linearPieces(r, driftExponentStd),
  };
}

/** The base's law in everything but its drift, which was tabulated. */
export function tabulatedDriftOf(definition: TabulatedDriftDefinition): PowerLaw {
  const { conductanceMicrosiemens, driftExponentMean, driftExponentStd } = definition;
  return {
    ...powerLawOf(definition.base),
    name: definition.name,
    driftExponent: (target) => ({
      mean: interpolate(conductanceMicrosiemens, driftExponentMean, target),
      std: interpolate(conductanceMicrosiemens, driftExponentStd, target),
    }),
  };
}

export function powerLawModel(law: PowerLaw): DeviceModel {
  const varianceParts: DeviceModel["varianceParts"] = (target, time) => {
    const programmed = clippedMoments(target, law.programmingStd(target));
    const drift1 = driftMoment(law, target, time, 1);
    const drift2 = driftMoment(law, target, time, 2);
    const read = clippedMoments(1, readStd(law, target, time));
    const steady = drift1 * drift1 * read.first * read.first;
    return {
      programming: varianceOf(programmed) * steady,
      drift: programmed.second * varianceOf({ first: drift1, second: drift2 }) * read.first * read.first,
      read: programmed.second * drift2 * varianceOf(read),
    };
  };
  const courses: DeviceModel["courses"] = (times) => powerLawCourses(law, times);
  return {
    name: law.name,
    minConductanceMicrosiemens: 0,
    maxConductanceMicrosiemens: law.maxConductanceMicrosiemens,
    knownTimesSeconds: { from: 0, to: Infinity },
    referenceAgeSeconds: law.t0Seconds,
    timeZeroSeconds: law.t0Seconds,
    onsetSeconds: law.onsetSeconds ?? usualOnsetSeconds,
    driftExponentMean: (target) => law.driftExponent(target).mean,
    programmingStd: (target) => law.programmingStd(target),
    mean(target, time) {
      const programmed = clippedMoments(target, law.programmingStd(target));
      const read = clippedMoments(1, readStd(law, target, time));
      return programmed.first * driftMoment(law, target, time, 1) * read.first;
    },
    variance(target, time) {
      const { programming, drift, read } = varianceParts(target, time);
      return programming + drift + read;
    },
    varianceParts,
    without: (cause) => powerLawModel(withoutCause(law, cause)),
    meanOfReads: (reads) => powerLawModel({ ...law, reads }),
    courses,
    sample: sampleOf(courses),
  };
}

/** One programming error and one exponent a device; a read is another each time. */
function powerLawCourses(law: PowerLaw, times: readonly Seconds[]): Courses {
  const logAges = Float64Array.from(times, (time) => logAge(law, time));
  const growths = Float64Array.from(times, (time) => Math.sqrt(strengthened(law, time)));
  return {
    driftDeviates: 1,
    readDeviates: times.length,
    draw(target, deviates, reads) {
      const programmed = Math.max(0, target + law.programmingStd(target) * deviates[0]!);
      const { mean, std } = law.driftExponent(target);
      const exponent = Math.abs(mean + std * deviates[1]!);
      const strength = law.readStrength(target);
      for (let t = 0; t < times.length; t++) {
        const noise = Math.max(0, 1 + strength * growths[t]! * deviates[2 + t]!);
        reads[t] = programmed * Math.exp(-exponent * logAges[t]!) * noise;
      }
    },
  };
}

/** Devices that all drift alike keep the mean of the normal law under the folded one. */
function withoutCause(law: PowerLaw, cause: ErrorCause): PowerLaw {
  switch (cause) {
    case "programming":
      return { ...law, programmingStd: () => 0 };
    case "drift":
      return { ...law, driftExponent: (target) => ({ mean: law.driftExponent(target).mean, std: 0 }) };
    case "read":
      return { ...law, readStrength: () => 0 };
  }
}

/** Relative standard deviation of one read, or of the mean of some, a time after programming. */
export function readStd(law: PowerLaw, target: Microsiemens, time: Seconds): number {
  return law.readStrength(target) * Math.sqrt(strengthened(law, time));
}

/**
 * What the squared strength of 1/f noise is multiplied by. Reads a lag apart share what is slower than it. Of noise that a pulse sets to zero
 * (calibration/noiseKernel.ts), the mean of N reads about the age a = t + t0 has
 *
 *     1/N² Σ_ij c(|t_i − t_j|),   c(0) = ln((a + t_read)/(2 t_read)),   c(τ) = ln(2 a/τ)
 */
function strengthened({ t0Seconds, readSeconds, reads = 1 }: PowerLaw, time: Seconds): number {
  const age = time + t0Seconds + readSeconds + ((reads - 1) * secondsBetweenReads) / 2;
  let sum = reads * Math.log(age / (2 * readSeconds));
  for (let lag = 1; lag < reads; lag++) {
    sum += 2 * (reads - lag) * Math.log((2 * age) / (lag * secondsBetweenReads));
  }
  return sum / (reads * reads);
}

/** E[τ^(−order ν)]. */
function driftMoment(law: PowerLaw, target: Microsiemens, time: Seconds, order: number): number {
  const { mean, std } = law.driftExponent(target);
  return foldedNormalLaplace(mean, std, order * logAge(law, time));
}

/** ln τ. */
function logAge({ t0Seconds, onsetSeconds = 0 }: PowerLaw, time: Seconds): number {
  assert(time >= 0, "a time after programming is not negative");
  return Math.log((time + t0Seconds + onsetSeconds) / (t0Seconds + onsetSeconds));
}
