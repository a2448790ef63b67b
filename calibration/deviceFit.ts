import { readingFlags } from "../src/chip/driver.ts";
import { microsecondsPerSecond, type Microsiemens, type Seconds } from "../src/units.ts";
import { type Cohort, cohortOf, lessFitted, weighingOf, type Weighing, whitened } from "./cohort.ts";
import type { DriftData, DriftSweep, ReadOut } from "./driftData.ts";

/** What a fit of devices takes for given. */
export interface DriftLawGuess {
  readonly referenceAgeSeconds: Seconds;
  readonly onsetSeconds: Seconds;
  /** Where a device's exponent is looked for first. */
  exponent(conductance: Microsiemens): number;
  /** What a kelvin does to ln G at a conductance; temperatures count from `referenceCelsius`. */
  temperatureSlope(conductance: Microsiemens): number;
  readonly referenceCelsius: number;
}

/** One entry a device of the block; NaN where nothing could be fitted. Variances are in units of Q², that of `noise`. */
export interface DeviceFits {
  /** Conductance at the reference age, µS. */
  readonly conductanceMicrosiemens: Float32Array;
  /** Its first read, µS. */
  readonly firstMicrosiemens: Float32Array;
  readonly exponent: Float32Array;
  /** Q² as the device's own reads show it, and on how many degrees of freedom. */
  readonly noise: Float32Array;
  readonly freedom: Uint16Array;
  readonly varianceLogA: Float32Array;
  readonly covariance: Float32Array;
  readonly varianceExponent: Float32Array;
  /** How much the drift bends on its logarithmic axis: normal of variance Q² where it does not. */
  readonly bend: Float32Array;
  /** By how much white noise of relative size 1 in every sweep exceeds that of `noise`. */
  readonly whiteShare: Float32Array;
  /** Covariance of the error of ln A with the noise of the late looks that give verdicts. */
  readonly alongLook: Float32Array;
  /** 1 where the last step left less than a tenth of a standard error to go. */
  readonly converged: Uint8Array;
}

/**
 * Fits each device's conductance and drift exponent to its reads, by quasi-likelihood: Gauss–Newton steps on the relative
 * deviations, weighed by the covariance of 1/f noise. Deviations from a fitted curve are unbiased to second order in the
 * noise, as logarithms are not: near 1 µS one read is off by a third.
 *
 * Devices of a cohort share their factorised weights, so the steps are of a fixed number and undamped; the last look at what
 * they left tells for nothing whether they were enough.
 */
export function fitDevices(
  data: DriftData,
  readOut: ReadOut,
  guess: DriftLawGuess,
  options: {
    readonly wanted?: (device: number) => boolean;
    /** What a fit leaves of a device's deviations, whitened; the array is used again. */
    readonly onResiduals?: (device: number, cohort: Cohort, white: Float64Array) => void;
    /** Kept from fits to the same data with the same reference age, by cohort. */
    readonly weighings?: Map<string, Weighing | undefined>;
  } = {},
): DeviceFits {
  const { wanted = () => true, onResiduals, weighings = new Map<string, Weighing | undefined>() } = options;
  const count = data.targetsMicrosiemens.length;
  const fits = blankFits(count);
  const cohorts = new Map<string, Cohort | undefined>();
  const sweeps = data.sweeps.length;
  const room = roomFor(sweeps);
  for (let i = 0; i < count; i++) {
    if (data.usable[i] === 0 || !wanted(i)) continue;
    const pulsedAt = data.pulsedAtMicroseconds[i]!;
    const row = Math.floor(i / data.devicesPerRow);
    const key = gather(data, i, row, pulsedAt, room);
    if (key === undefined) continue;
    let cohort = cohorts.get(key);
    if (cohort === undefined) {
      if (cohorts.has(key)) continue;
      if (!weighings.has(key)) weighings.set(key, weighingFor(data, room, readOut, guess));
      const weighing = weighings.get(key);
      if (weighing !== undefined) cohort = cohortFor(room, weighing, guess);
      cohorts.set(key, cohort);
      if (cohort === undefined) continue;
    }
    const white = fitDevice(fits, i, cohort, data.targetsMicrosiemens[i]!, guess, room);
    if (white !== undefined) onResiduals?.(i, cohort, white);
  }
  return fits;
}

interface Room {
  /** Which sweeps a device has, how many, and what they read. */
  readonly sweeps: Uint16Array;
  count: number;
  readonly read: Float64Array;
  readonly ages: Float64Array;
  readonly deviations: Float64Array[];
  readonly white: Float64Array[];
}

/** Buffers for each number of sweeps that a device may have. */
function roomFor(sweeps: number): Room {
  return {
    sweeps: new Uint16Array(sweeps),
    count: 0,
    read: new Float64Array(sweeps),
    ages: new Float64Array(sweeps),
    deviations: Array.from({ length: sweeps + 1 }, (_, n) => new Float64Array(n)),
    white: Array.from({ length: sweeps + 1 }, (_, n) => new Float64Array(n)),
  };
}

/** Collects what a device reads, and names the cohort that it belongs to: equal ages to within a part in a thousand. */
function gather(data: DriftData, i: number, row: number, pulsedAt: number, room: Room): string | undefined {
  room.count = 0;
  let missing = "";
  for (let j = 0; j < data.sweeps.length; j++) {
    const sweep = data.sweeps[j]!;
    const read = sweep.conductanceMicrosiemens[i]!;
    const age = (sweep.rowTimesMicroseconds[row]! - pulsedAt) / microsecondsPerSecond;
    if (!(age > 0) || Number.isNaN(read) || sweep.flags[i] !== readingFlags.ok) {
      missing += `,${j}`;
      continue;
    }
    room.sweeps[room.count] = j;
    room.read[room.count] = read;
    room.ages[room.count] = age;
    room.count++;
  }
  if (room.count < 3) return undefined;
  return `${Math.round(1000 * Math.log(room.ages[0]!))}${missing}`;
}

function weighingFor(
  { sweeps }: DriftData,
  { sweeps: which, count, ages }: Room,
  { readSeconds, spacingMicroseconds }: ReadOut,
  { referenceAgeSeconds }: DriftLawGuess,
): Weighing | undefined {
  return weighingOf(
    ages.slice(0, count),
    Array.from(which.subarray(0, count), (j) => sweeps[j]!.averages),
    { readSeconds, spacingSeconds: spacingMicroseconds / microsecondsPerSecond },
    referenceAgeSeconds,
  );
}

function cohortFor(
  { sweeps: which, count, ages }: Room,
  weighing: Weighing,
  guess: DriftLawGuess,
): Cohort | undefined {
  return cohortOf(which.slice(0, count), ages.slice(0, count), weighing, guess);
}

const steps = 3;
/** In standard errors. */
const mostToGo = 0.1;

function fitDevice(
  fits: DeviceFits,
  i: number,
  cohort: Cohort,
  target: number,
  guess: DriftLawGuess,
  room: Room,
): Float64Array | undefined {
  const n = room.count;
  const { logAges, estimator } = cohort;
  const deviations = room.deviations[n]!;
  let exponent = guess.exponent(Number.isNaN(target) ? room.read[0]! : target);
  let sum = 0;
  for (let k = 0; k < n; k++) sum += room.read[k]! * Math.exp(exponent * logAges[k]!);
  let conductance = sum / n;
  if (!(conductance > 0)) return undefined;
  for (let step = 0; ; step++) {
    for (let k = 0; k < n; k++) {
      deviations[k] = room.read[k]! / (conductance * Math.exp(-exponent * logAges[k]!)) - 1;
    }
    if (step === steps) break;
    let logA = 0;
    let slope = 0;
    for (let k = 0; k < n; k++) {
      logA += estimator[k]! * deviations[k]!;
      slope += estimator[n + k]! * deviations[k]!;
    }
    conductance *= Math.exp(Math.max(-1, Math.min(1, logA)));
    exponent += Math.max(-0.2, Math.min(0.2, slope));
  }
  const white = whitened(cohort.whitener, deviations, room.white[n]!);
  let bend = 0;
  for (let k = 0; k < n; k++) bend += white[k]! * cohort.bend[k]!;
  const toGo = lessFitted(white, cohort.fitted);
  let square = 0;
  for (let k = 0; k < n; k++) square += white[k]! * white[k]!;
  fits.conductanceMicrosiemens[i] = conductance;
  fits.firstMicrosiemens[i] = room.read[0]!;
  fits.exponent[i] = exponent;
  fits.noise[i] = square / (n - 2);
  fits.freedom[i] = n - 2;
  fits.varianceLogA[i] = cohort.varianceLogA;
  fits.covariance[i] = cohort.covariance;
  fits.varianceExponent[i] = cohort.varianceExponent;
  fits.bend[i] = bend;
  fits.whiteShare[i] = cohort.whiteShare;
  fits.alongLook[i] = cohort.alongLook;
  fits.converged[i] = toGo <= (mostToGo * mostToGo * square) / (n - 2) ? 1 : 0;
  return white;
}

function blankFits(count: number): DeviceFits {
  const blank = (): Float32Array => new Float32Array(count).fill(Number.NaN);
  return {
    conductanceMicrosiemens: blank(),
    firstMicrosiemens: blank(),
    exponent: blank(),
    noise: blank(),
    freedom: new Uint16Array(count),
    varianceLogA: blank(),
    covariance: blank(),
    varianceExponent: blank(),
    bend: blank(),
    whiteShare: blank(),
    alongLook: blank(),
    converged: new Uint8Array(count),
  };
}

/** Sweeps as they would read at the reference temperature, where temperatures are known and differ. */
export function atOneTemperature(data: DriftData, guess: DriftLawGuess): DriftData {
  if (!temperaturesDiffer(data.sweeps)) return data;
  return { ...data, sweeps: data.sweeps.map((sweep) => corrected(sweep, guess)) };
}

export function temperaturesDiffer(sweeps: readonly DriftSweep[]): boolean {
  const known = sweeps.flatMap(({ celsius }) => (celsius === undefined ? [] : [celsius]));
  return known.length === sweeps.length && known.some((celsius) => Math.abs(celsius - known[0]!) > 0.05);
}

function corrected(sweep: DriftSweep, guess: DriftLawGuess): DriftSweep {
  const kelvins = sweep.celsius! - guess.referenceCelsius;
  return {
    ...sweep,
    conductanceMicrosiemens: sweep.conductanceMicrosiemens.map(
      (read) => read * Math.exp(-kelvins * guess.temperatureSlope(read)),
    ),
  };
}
