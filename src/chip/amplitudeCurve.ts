import type { Microamperes, Microsiemens, Nanoseconds } from "../units.ts";

/** One kind of programming pulse and how the datasheet says that conductance answers to it. */
export interface PulseKind {
  readonly microamperesPerCode: Microamperes;
  /** Codes are 0 … codes − 1; 0 leaves the device alone. */
  readonly codes: number;
  readonly widthNanoseconds: Nanoseconds;
  readonly nominalCurve: AmplitudeCurve;
}

/** Amplitude → conductance, linear in between; amplitudes ascend, conductances never rise. */
export interface AmplitudeCurve {
  readonly amplitudeMicroamperes: Float64Array;
  readonly conductanceMicrosiemens: Float64Array;
  /** How far a device's own curve lies from this one, as a standard deviation along the amplitude axis. */
  readonly deviceSpreadMicroamperes: Microamperes;
  /** How far one pulse lies from the device's own curve, likewise. */
  readonly cycleSpreadMicroamperes: Microamperes;
}

/**
 * The amplitude that reaches a conductance on a falling curve.
 *
 * @param conductance µS; beyond the curve's ends it is brought to them.
 * @returns µA, within the curve.
 */
export function amplitudeFor(curve: AmplitudeCurve, conductance: Microsiemens): Microamperes {
  const { amplitudeMicroamperes: x, conductanceMicrosiemens: y } = curve;
  const i = segmentFor(curve, conductance);
  const drop = y[i]! - y[i + 1]!;
  if (drop <= 0) return x[i + 1]!;
  const part = Math.min(1, Math.max(0, (y[i]! - conductance) / drop));
  return x[i]! + part * (x[i + 1]! - x[i]!);
}

/** How steeply conductance falls with amplitude where the curve passes a conductance: µS per µA, ≥ 0. */
export function slopeAt(curve: AmplitudeCurve, conductance: Microsiemens): number {
  const { amplitudeMicroamperes: x, conductanceMicrosiemens: y } = curve;
  const i = segmentFor(curve, conductance);
  return (y[i]! - y[i + 1]!) / (x[i + 1]! - x[i]!);
}

/** The segment [i, i + 1] whose conductances enclose the given one. */
function segmentFor(curve: AmplitudeCurve, conductance: Microsiemens): number {
  const y = curve.conductanceMicrosiemens;
  let low = 0;
  let high = y.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (y[middle]! > conductance) low = middle;
    else high = middle;
  }
  return low;
}
