import type { Microamperes, Microsiemens, Seconds } from "../units.ts";

/** A device model as data: what a model file holds, and what a strategy carries along. */
export type ModelDefinition =
  | PowerLawDefinition
  | TabulatedDriftDefinition
  | TimedSpreadDefinition
  | LogarithmicRelaxationDefinition
  | MeasuredMomentsDefinition
  | FreeFormDefinition;

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
  /** How devices answer to a RESET pulse, where it was measured: in place of what the chip's description says. */
  readonly pulseResponse?: MeasuredPulseResponse | undefined;
  /** Where devices were seen to die. No law above is of dead devices. */
  readonly dying?: DyingDevices | undefined;
  /** Of a model that was fitted to measurements. */
  readonly fit?: FitRecord | undefined;
}

/** Amplitudes ascend, conductances never rise; spreads are standard deviations along the amplitude axis. */
export interface MeasuredPulseResponse {
  readonly amplitudeMicroamperes: readonly Microamperes[];
  readonly conductanceMicrosiemens: readonly Microsiemens[];
  readonly deviceSpreadMicroamperes: Microamperes;
  readonly cycleSpreadMicroamperes: Microamperes;
}

/**
 * Devices that die of age: at a steady rate in its logarithm they go to an end of the range and stay there. The share that is alive at an
 * age falls as exp(−perDecade · log10(age / fromSeconds)).
 */
export interface DyingDevices {
  /** Age from which on they were watched. */
  readonly fromSeconds: Seconds;
  /** Deaths a decade of age, of each device that is alive; and the ends of its 95 % interval. */
  readonly perDecade: number;
  readonly perDecadeLow: number;
  readonly perDecadeHigh: number;
  /** What dead devices conduct, and which share of them. */
  readonly endMicrosiemens: readonly Microsiemens[];
  readonly endShares: readonly number[];
}

/** Where a fitted model comes from, how sure it is of its figures, and whether to believe it. */
export interface FitRecord {
  readonly runs: readonly string[];
  readonly chip: string;
  readonly chipSerialNumbers: readonly string[];
  /** Wall times of the first and the last sweep, ISO 8601. */
  readonly measuredFrom?: string | undefined;
  readonly measuredTo?: string | undefined;
  readonly celsius?: { readonly least: number; readonly mean: number; readonly most: number } | undefined;
  readonly sweeps: number;
  /** What became of the devices: how many were used, and how many were left out for which reason. */
  readonly devices: readonly { readonly fate: string; readonly count: number }[];
  readonly modelBefore: string;
  readonly software: string;
  readonly seed: number;
  /** SHA-256 of what was measured. */
  readonly dataDigest: string;
  /** Age of the oldest reads; and the oldest age of which a fit to earlier reads foretold what was read then, 0 where none did. */
  readonly measuredToSeconds?: Seconds | undefined;
  readonly testedToSeconds?: Seconds | undefined;
  /** What fits to the first reads foretold of later ones, and how it came out. */
  readonly forecasts?: readonly FitForecast[] | undefined;
  readonly believe: boolean;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly says: string }[];
  readonly remarks: readonly string[];
  /** Laws at a few conductances, with their standard errors; null where the devices do not determine the law. */
  readonly laws: readonly {
    readonly law: string;
    readonly form: string;
    readonly conductanceMicrosiemens: readonly Microsiemens[];
    readonly value: readonly number[];
    readonly standardError: readonly (number | null)[];
  }[];
  /**
   * What the laws leave unexplained, in standard deviations: 0 ± 1 and a bell where they hold. Shares of the devices in bins of
   * width `step` from `from` on, and mean and spread by conductance.
   */
  readonly residuals: readonly {
    readonly residual: string;
    readonly from: number;
    readonly step: number;
    readonly share: readonly number[];
    readonly conductanceMicrosiemens: readonly Microsiemens[];
    readonly mean: readonly number[];
    readonly spread: readonly number[];
  }[];
  /** Single figures with their standard errors; null where that is not known. */
  readonly figures: readonly {
    readonly figure: string;
    readonly value: number;
    readonly standardError: number | null;
  }[];
}

/** What a fit to the reads up to one age foretold of a later age. */
export interface FitForecast {
  readonly fromSeconds: Seconds;
  readonly toSeconds: Seconds;
  readonly devices: number;
  /** Share of the reads inside the band of 95 %. */
  readonly inside95: number;
  /** How far the mean was off, root mean square over conductances, in standard deviations of a device. */
  readonly meanOffStds: number;
  /** Measured over foretold standard deviation. */
  readonly spreadRatio: number;
  /** Share of the variance of the change since the last known read that devices' own reads foretold. */
  readonly toldByOwnReads: number;
  readonly holds: boolean;
}

/** Where a model was fitted to measurements: of which, and whether to believe it. */
export function fitRecordOf(definition: ModelDefinition): FitRecord | undefined {
  return "fit" in definition ? definition.fit : undefined;
}

/** The technology that a model says it is of; undefined where any of its family's will do. */
export function technologyOf(definition: ModelDefinition): string | undefined {
  return "technology" in definition ? definition.technology : undefined;
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
  /** Of whose devices it is, as chip descriptions name it. Where it is not given, of any that such a model can be of. */
  readonly technology?: string | undefined;
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
  /** As of the logarithmic relaxation. */
  readonly technology?: string | undefined;
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

/** Mean, covariance between ages and noise as they were measured, by conductance and age; see `freeForm.ts`. */
export interface FreeFormDefinition {
  readonly family: "free-form";
  readonly name: string;
  /** As of the logarithmic relaxation. */
  readonly technology?: string | undefined;
  readonly source?: string | undefined;
  readonly minConductanceMicrosiemens: Microsiemens;
  readonly maxConductanceMicrosiemens: Microsiemens;
  /** Age after the last pulse at which a device is meant to have its target. */
  readonly referenceAgeSeconds: Seconds;
  /** Age at the model's time 0. */
  readonly timeZeroSeconds: Seconds;
  /** Added to ages before their logarithm is taken; 0 unless devices were read at age 0. */
  readonly onsetSeconds: Seconds;
  /** Ascending: what was asked of devices, or written to them. */
  readonly conductanceMicrosiemens: readonly Microsiemens[];
  /** Ascending. Those beyond `measuredToSeconds` are foretold by `continuedBy`. */
  readonly agesSeconds: readonly Seconds[];
  readonly measuredToSeconds: Seconds;
  /** The law by which the table goes on beyond what was measured. */
  readonly continuedBy: string;
  /** What the mean differs from the conductance by: one row an age, one entry a conductance. */
  readonly shiftMicrosiemens: readonly (readonly number[])[];
  /** Variance of what devices have walked by an age, in steps of their own: one row an age, one entry a conductance; it never falls. */
  readonly walkMicrosiemensSquared: readonly (readonly number[])[];
  /** Covariance of the courses that devices follow: one row a conductance, the lower triangle over the ages, row by row. */
  readonly coursesMicrosiemensSquared: readonly (readonly number[])[];
  /** Variance of what comes and goes from one age to the next: one row an age, one entry a conductance. */
  readonly passingMicrosiemensSquared: readonly (readonly number[])[];
  /** Whether reads differ by white noise: the mean of n reads then has an n-th of the variance of one. */
  readonly whiteNoise: boolean;
  /** Of one read: one row an age, one entry a conductance. */
  readonly readVarianceMicrosiemensSquared: readonly (readonly number[])[];
  /** Ascending. */
  readonly tailShares: readonly number[];
  /** What so large a share of reads lies below, from the mean: for each share one row an age, one entry a conductance. */
  readonly tailMicrosiemens: readonly (readonly (readonly number[])[])[];
  readonly pulseResponse?: MeasuredPulseResponse | undefined;
  /** As of the power law. */
  readonly dying?: DyingDevices | undefined;
  readonly fit?: FitRecord | undefined;
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

/** Linear in r between points, level beyond the outer ones; r ascends. */
export function linearPieces(r: readonly number[], values: readonly number[]): Curve {
  const pieces: Piece[] = [{ kind: "polynomial", below: r[0]!, coefficients: [values[0]!] }];
  for (let k = 1; k < r.length; k++) {
    const slope = (values[k]! - values[k - 1]!) / (r[k]! - r[k - 1]!);
    const coefficients = [values[k - 1]! - slope * r[k - 1]!, slope];
    pieces.push({ kind: "polynomial", below: r[k]!, coefficients });
  }
  return [...pieces, { kind: "polynomial", coefficients: [values.at(-1)!] }];
}

/** Lowest power first. */
export function polynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduceRight((sum, coefficient) => sum * x + coefficient, 0);
}

/** Linear between points, level beyond them. */
export function interpolate(x: readonly number[], y: readonly number[], at: number): number {
  if (at <= x[0]!) return y[0]!;
  for (let i = 1; i < x.length; i++) {
    if (at > x[i]!) continue;
    const [from, to] = [y[i - 1]!, y[i]!];
    const between = from + ((to - from) * (at - x[i - 1]!)) / (x[i]! - x[i - 1]!);
    // Rounding must not lead beyond the points: below a conductance of 0 there is none.
    return from < to ? Math.min(to, Math.max(from, between)) : Math.min(from, Math.max(to, between));
  }
  return y.at(-1)!;
}
