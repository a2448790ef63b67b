import type { Microsiemens, Seconds } from "../units.ts";

/** A device model as data: what a model file holds, and what a strategy carries along. */
export type ModelDefinition =
  | PowerLawDefinition
  | TabulatedDriftDefinition
  | TimedSpreadDefinition
  | LogarithmicRelaxationDefinition
  | MeasuredMomentsDefinition;

/** PCM: Gaussian programming error, drift by a power law with a folded normal exponent, 1/f read noise. */
export interface PowerLawDefinition {
  readonly family: "power-law";
  readonly name: string;
  readonly source?: string | undefined;
  readonly maxConductanceMicrosiemens: Microsiemens;
  readonly t0Seconds: Seconds;
  /** Where it was measured: drift follows ((age + onset)/(t0 + onset))^−ν from the pulse on. Else it counts from t0. */
  readonly onsetSeconds?: Seconds | undefined;
  readonly readSeconds: Seconds;
  readonly programmingStdMicrosiemens: Curve;
  readonly driftExponentMean: Curve;
  readonly driftExponentStd: Curve;
  readonly readNoiseStrength: Curve;
}

/** A power law like another in everything but its drift, which was measured at a few conductances. */
export interface TabulatedDriftDefinition {
  readonly family: "tabulated-drift";
  readonly name: string;
  readonly source?: string | undefined;
  readonly base: PowerLawDefinition;
  /** Ascending; linear in between, level beyond. */
  readonly conductanceMicrosiemens: readonly Microsiemens[];
  readonly driftExponentMean: readonly number[];
  readonly driftExponentStd: readonly number[];
}

/** ReRAM that was measured at a few times only: a Gaussian spread about the target, clipped at zero. */
export interface TimedSpreadDefinition {
  readonly family: "timed-spread";
  readonly name: string;
  readonly source?: string | undefined;
  readonly maxConductanceMicrosiemens: Microsiemens;
  /** Ascending. */
  readonly timesSeconds: readonly Seconds[];
  /** One polynomial in G/Gmax a time, µS, lowest power first. */
  readonly stdMicrosiemens: readonly (readonly number[])[];
}

/** ReRAM whose mean and spread move with ln t, the same at every conductance; bounded on both sides. */
export interface LogarithmicRelaxationDefinition {
  readonly family: "logarithmic-relaxation";
  readonly name: string;
  readonly source?: string | undefined;
  readonly minConductanceMicrosiemens: Microsiemens;
  readonly maxConductanceMicrosiemens: Microsiemens;
  /** a + b G, µS. */
  readonly programmingStdMicrosiemens: readonly [number, number];
  /** b in b ln t, µS. */
  readonly meanShiftMicrosiemens: number;
  /** a + b ln t, µS. */
  readonly relaxationStdMicrosiemens: readonly [number, number];
}

/** No law at all: moments as they were measured. */
export interface MeasuredMomentsDefinition {
  readonly family: "measured-moments";
  readonly name: string;
  readonly source?: string | undefined;
  /** Ascending: the targets. */
  readonly conductanceMicrosiemens: readonly Microsiemens[];
  /** Ascending. */
  readonly timesSeconds: readonly Seconds[];
  /** One row a time, one entry a target. */
  readonly meanMicrosiemens: readonly (readonly Microsiemens[])[];
  readonly varianceMicrosiemensSquared: readonly (readonly number[])[];
  /** What programming alone leaves, one entry a target, where it is known. */
  readonly programmingStdMicrosiemens?: readonly Microsiemens[] | undefined;
}

/** A function of conductance in pieces of r = G/Gmax, each up to its `below`, the last without one. */
export type Curve = readonly Piece[];

export type Piece = { readonly below?: number | undefined } & (
  | { readonly kind: "polynomial"; readonly coefficients: readonly number[] }
  /** slope ln r + intercept, between least and most. */
  | {
      readonly kind: "logarithm";
      readonly slope: number;
      readonly intercept: number;
      readonly least: number;
      readonly most: number;
    }
  /** factor r^exponent, at most most. */
  | { readonly kind: "power"; readonly factor: number; readonly exponent: number; readonly most: number }
);

/** The value at r = G/Gmax; r is floored at 1e-7 where a logarithm or a power needs it. */
export function curveAt(curve: Curve, r: number): number {
  const piece = curve.find(({ below }) => below === undefined || r < below) ?? curve.at(-1)!;
  if (piece.kind === "polynomial") return polynomial(piece.coefficients, r);
  const logR = Math.log(Math.max(r, 1e-7));
  return piece.kind === "logarithm"
    ? Math.min(piece.most, Math.max(piece.least, piece.slope * logR + piece.intercept))
    : Math.min(piece.most, piece.factor * Math.exp(piece.exponent * logR));
}

/** Lowest power first. */
export function polynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduceRight((sum, coefficient) => sum * x + coefficient, 0);
}

/** Linear between points, level beyond them. */
export function interpolate(x: readonly number[], y: readonly number[], at: number): number {
  if (at <= x[0]!) return y[0]!;
  for (let i = 1; i < x.length; i++) {
    if (at <= x[i]!) return y[i - 1]! + ((y[i]! - y[i - 1]!) * (at - x[i - 1]!)) / (x[i]! - x[i - 1]!);
  }
  return y.at(-1)!;
}
