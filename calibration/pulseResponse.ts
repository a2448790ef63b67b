import type { AmplitudeCurve, PulseKind } from "../src/chip/amplitudeCurve.ts";
import { rowFates } from "../src/chip/driver.ts";
import type { TurnRecord } from "../src/run/journal.ts";
import { type Microamperes, type Microsiemens, microsecondsPerSecond, type Seconds } from "../src/units.ts";
import { inverseOf } from "./matrix.ts";

/** One RESET pulse at one device, and what the device was read at next. */
export interface PulseSeen {
  /** Names the device, over all runs. */
  readonly device: number;
  readonly amplitudeMicroamperes: Microamperes;
  /** At the reference age of its drift. */
  readonly conductanceMicrosiemens: Microsiemens;
  /** Whether the amplitude was chosen without knowledge of the device. */
  readonly first: boolean;
}

/** How devices answer to a RESET pulse. */
export interface PulseResponse extends AmplitudeCurve {
  readonly pulses: number;
  /** Standard errors of the two spreads, and of where the curve is halfway. */
  readonly deviceSpreadError: Microamperes;
  readonly cycleSpreadError: Microamperes;
  /** What brings the middle device to half of the nominal curve. */
  readonly halfwayMicroamperes: Microamperes;
  readonly halfwayError: Microamperes;
}

/** Brings a reading at an age to the reference age of drift, by the mean law. */
export type Settle = (conductance: Microsiemens, ageSeconds: Seconds) => Microsiemens;

/**
 * The pulses of a tile's turns, each with the next reading of its device. Only whole RESET pulses of the usual width count,
 * and of turns that ordered one kind of pulse alone.
 *
 * A turn says when it fired, not when it looked. A device that is fired at again was looked at about as long after its pulse
 * as all rows take to be pulsed; one that is judged had settled. Before its onset, drift hardly asks.
 *
 * @param offset  added to a device's place.
 */
export class PulseReader {
  readonly #pulse: PulseKind;
  readonly #code: Uint16Array;
  readonly #given: Uint16Array;
  readonly #offset: number;
  readonly #settle: Settle;
  /** Of the turn before. */
  #orders = 0;
  readonly seen: PulseSeen[] = [];

  constructor(pulse: PulseKind, devices: number, offset: number, settle: Settle) {
    this.#pulse = pulse;
    this.#code = new Uint16Array(devices);
    this.#given = new Uint16Array(devices);
    this.#offset = offset;
    this.#settle = settle;
  }

  take({ devices, conductanceMicrosiemens, orders, fired }: TurnRecord): void {
    const youngAge = spanSeconds(fired.rowTimesMicroseconds);
    this.#forgetUnfired(fired.fates);
    this.#orders = orders.length;
    for (let k = 0; k < devices.length; k++) {
      const again = orders.some(({ codes }) => codes[k] !== 0);
      this.read(devices[k]!, conductanceMicrosiemens[k]!, again ? youngAge : undefined);
    }
    for (const { kind, codes, widthNanoseconds, trailingNanoseconds } of orders) {
      const usual =
        orders.length === 1 &&
        kind === "reset" &&
        (trailingNanoseconds ?? 0) === 0 &&
        widthNanoseconds === this.#pulse.widthNanoseconds;
      for (let k = 0; k < devices.length; k++) {
        if (codes[k] === 0) continue;
        this.#code[devices[k]!] = usual ? codes[k]! : 0;
        this.#given[devices[k]!]!++;
      }
    }
  }

  /** What a device reads after a pulse that it did not feel, or may not have felt, is no answer to it. */
  #forgetUnfired(fates: Uint8Array): void {
    if (this.#orders !== 1 || fates.length === 0) return;
    const perRow = this.#code.length / fates.length;
    fates.forEach((fate, row) => {
      if (fate !== rowFates.notFired && fate !== rowFates.uncertain) return;
      for (let i = row * perRow; i < (row + 1) * perRow; i++) {
        if (this.#code[i] !== 0 && fate === rowFates.notFired) this.#given[i]!--;
        this.#code[i] = 0;
      }
    });
  }

  /** A reading of a device, also one from a sweep; of a device that has settled where no age is given. */
  read(device: number, conductance: Microsiemens, ageSeconds?: Seconds): void {
    const code = this.#code[device]!;
    if (code === 0 || Number.isNaN(conductance)) return;
    this.#code[device] = 0;
    this.seen.push({
      device: this.#offset + device,
      amplitudeMicroamperes: code * this.#pulse.microamperesPerCode,
      conductanceMicrosiemens: ageSeconds === undefined ? conductance : this.#settle(conductance, ageSeconds),
      first: this.#given[device] === 1,
    });
  }
}

function spanSeconds(times: Float64Array): Seconds {
  let [first, last] = [Infinity, -Infinity];
  for (const time of times) {
    if (time < first) first = time;
    if (time > last) last = time;
  }
  return first <= last ? (last - first) / microsecondsPerSecond : 0;
}

/** Fewer first pulses than this say nothing of a curve. */
const fewestPulses = 500;
const binMicroamperes = 6;
const fewestInBin = 12;

/**
 * Fits G = R + (T − R)/(1 + e^((I − H)/S)) to the medians of first pulses, which no method chose by what it knew of a device:
 * a median is where the middle device lies, however devices spread along the amplitude axis. From each pulse on the steep
 * part of the curve follows where its device was halfway, and from a device's several pulses what differs between devices and
 * what between pulses (analysis of variance, one way).
 *
 * @returns undefined where pulses are too few, do not cover the steep part of the curve, or show none.
 */
export function fitPulseResponse(
  seen: readonly PulseSeen[],
  { nominalCurve }: PulseKind,
): PulseResponse | undefined {
  const first = seen.filter((pulse) => pulse.first);
  if (first.length < fewestPulses) return undefined;
  const medians = mediansOf(first);
  const top = nominalCurve.conductanceMicrosiemens[0]!;
  const bottom = nominalCurve.conductanceMicrosiemens.at(-1)!;
  const covered = medians.filter(
    ({ g }) => g > bottom + 0.15 * (top - bottom) && g < bottom + 0.8 * (top - bottom),
  );
  if (covered.length < 5) return undefined;
  const sigmoid = fitSigmoid(medians, top, bottom);
  if (sigmoid === undefined) return undefined;
  const spread = spreadsOf(seen, sigmoid);
  if (spread === undefined) return undefined;
  const amplitudes = nominalCurve.amplitudeMicroamperes;
  const falls = sigmoidAt(sigmoid, amplitudes[0]!) - sigmoidAt(sigmoid, amplitudes.at(-1)!);
  const spans = spread.deviceSpreadMicroamperes < amplitudes.at(-1)! - amplitudes[0]!;
  if (!(falls > 0.5 * (top - bottom) && spans)) return undefined;
  return {
    amplitudeMicroamperes: amplitudes,
    conductanceMicrosiemens: amplitudes.map((amplitude) => sigmoidAt(sigmoid, amplitude)),
    halfwayMicroamperes: sigmoid.atMiddle,
    halfwayError: sigmoid.atMiddleError,
    pulses: seen.length,
    ...spread,
  };
}

interface Median {
  readonly amplitude: number;
  readonly g: number;
  /** Of the median. */
  readonly variance: number;
}

function mediansOf(first: readonly PulseSeen[]): Median[] {
  const bins = new Map<number, PulseSeen[]>();
  for (const pulse of first) {
    const bin = Math.floor(pulse.amplitudeMicroamperes / binMicroamperes);
    const inBin = bins.get(bin) ?? [];
    inBin.push(pulse);
    bins.set(bin, inBin);
  }
  return [...bins.values()].flatMap((inBin) => {
    if (inBin.length < fewestInBin) return [];
    const sorted = inBin.map((pulse) => pulse.conductanceMicrosiemens).sort((a, b) => a - b);
    const at = (share: number): number =>
      sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
    const spread = Math.max(0.02, (at(0.84) - at(0.16)) / 2);
    const amplitude = inBin.reduce((sum, pulse) => sum + pulse.amplitudeMicroamperes, 0) / inBin.length;
    return [{ amplitude, g: at(0.5), variance: (1.57 * spread * spread) / inBin.length }];
  });
}

interface Sigmoid {
  readonly top: number;
  readonly bottom: number;
  readonly halfway: number;
  readonly slope: number;
  /** The amplitude for a conductance amid the nominal curve: the data tell it better than any parameter alone. */
  readonly atMiddle: number;
  readonly atMiddleError: number;
}

type Parameters = readonly [top: number, bottom: number, halfway: number, slope: number];

function sigmoidAt({ top, bottom, halfway, slope }: ReturnType<typeof named>, amplitude: number): number {
  return bottom + (top - bottom) / (1 + Math.exp((amplitude - halfway) / slope));
}

/** Gauss–Newton with a growing trust; both ends are held near what the datasheet says where the data do not reach them. */
function fitSigmoid(medians: readonly Median[], top: number, bottom: number): Sigmoid | undefined {
  const middle = (top + bottom) / 2;
  const nearest = medians.reduce((a, b) => (Math.abs(a.g - middle) <= Math.abs(b.g - middle) ? a : b));
  let p: [number, number, number, number] = [top, bottom, nearest.amplitude, 25];
  const prior = [0.1 * top, 0.5 * bottom + 0.01, Infinity, Infinity];
  const start = p;
  const cost = (at: typeof p): number =>
    medians.reduce((sum, { amplitude, g, variance }) => {
      const off = g - sigmoidAt(named(at), amplitude);
      return sum + (off * off) / variance;
    }, 0) +
    at.reduce((sum, value, k) => {
      const off = (value - start[k]!) / prior[k]!;
      return sum + off * off;
    }, 0);
  let damping = 1;
  let inverse: Float64Array | undefined;
  for (let step = 0; step < 60; step++) {
    const normal = new Float64Array(16);
    const right = new Float64Array(4);
    for (const { amplitude, g, variance } of medians) {
      const e = Math.exp((amplitude - p[2]) / p[3]);
      const share = 1 / (1 + e);
      const steep = ((p[0] - p[1]) * share * (1 - share)) / p[3];
      const slopes = [share, 1 - share, steep, (steep * (amplitude - p[2])) / p[3]];
      const off = g - sigmoidAt(named(p), amplitude);
      for (let a = 0; a < 4; a++) {
        right[a]! += (slopes[a]! * off) / variance;
        for (let b = 0; b < 4; b++) normal[4 * a + b]! += (slopes[a]! * slopes[b]!) / variance;
      }
    }
    for (let a = 0; a < 4; a++) {
      right[a]! += (start[a]! - p[a]!) / (prior[a]! * prior[a]!);
      normal[5 * a]! += 1 / (prior[a]! * prior[a]!);
    }
    inverse = inverseOf(normal, 4);
    const damped = inverseOf(
      normal.map((value, k) => (k % 5 === 0 ? value * (1 + damping) : value)),
      4,
    );
    if (inverse === undefined || damped === undefined) return undefined;
    const next = p.map((value, a) => {
      let move = 0;
      for (let b = 0; b < 4; b++) move += damped[4 * a + b]! * right[b]!;
      return value + move;
    }) as typeof p;
    if (next[3] > 1 && cost(next) <= cost(p)) {
      p = next;
      damping /= 5;
    } else damping *= 5;
    if (damping < 1e-9 || damping > 1e9) break;
  }
  // The curve is not quite a sigmoid: what it misses by is part of the error.
  const chi = Math.max(1, cost(p) / Math.max(1, medians.length - 4));
  const atMiddle = amplitudeAt(p, middle);
  const slopes = p.map((value, a) => {
    const step = 1e-4 * Math.max(0.1, Math.abs(value));
    const moved = p.map((one, b) => (a === b ? one + step : one)) as typeof p;
    return (amplitudeAt(moved, middle) - atMiddle) / step;
  });
  let variance = 0;
  for (let a = 0; a < 4; a++) {
    for (let b = 0; b < 4; b++) variance += slopes[a]! * slopes[b]! * inverse![4 * a + b]!;
  }
  return { ...named(p), atMiddle, atMiddleError: Math.sqrt(variance * chi) };
}

function amplitudeAt([top, bottom, halfway, slope]: Parameters, conductance: number): number {
  return halfway + slope * Math.log((top - conductance) / (conductance - bottom));
}

function named([top, bottom, halfway, slope]: Parameters) {
  return { top, bottom, halfway, slope };
}

/** Where a reading says that its device was halfway, by the population's slope; NaN off the steep part. */
function halfwayOf(
  { top, bottom, slope }: Sigmoid,
  { amplitudeMicroamperes, conductanceMicrosiemens }: PulseSeen,
): number {
  const share = (conductanceMicrosiemens - bottom) / (top - bottom);
  if (!(share > 0.15 && share < 0.8)) return Number.NaN;
  return amplitudeMicroamperes - slope * Math.log((1 - share) / share);
}

function spreadsOf(
  seen: readonly PulseSeen[],
  sigmoid: Sigmoid,
):
  | Pick<
      PulseResponse,
      "deviceSpreadMicroamperes" | "cycleSpreadMicroamperes" | "deviceSpreadError" | "cycleSpreadError"
    >
  | undefined {
  const groups = new Map<number, { n: number; sum: number; square: number }>();
  for (const pulse of seen) {
    const halfway = halfwayOf(sigmoid, pulse);
    if (Number.isNaN(halfway)) continue;
    const off = halfway - sigmoid.halfway;
    const group = groups.get(pulse.device) ?? { n: 0, sum: 0, square: 0 };
    group.n++;
    group.sum += off;
    group.square += off * off;
    groups.set(pulse.device, group);
  }
  let within = 0;
  let freedom = 0;
  let means = 0;
  let mean = 0;
  let inverseSizes = 0;
  for (const { n, sum, square } of groups.values()) {
    if (n < 2) continue;
    within += square - (sum * sum) / n;
    freedom += n - 1;
    means++;
    mean += sum / n;
    inverseSizes += 1 / n;
  }
  if (means < 50) return undefined;
  mean /= means;
  let between = 0;
  for (const { n, sum } of groups.values()) {
    if (n >= 2) between += (sum / n - mean) * (sum / n - mean);
  }
  between /= means - 1;
  const cycle = within / freedom;
  const device = Math.max(0, between - (cycle * inverseSizes) / means);
  return {
    cycleSpreadMicroamperes: Math.sqrt(cycle),
    deviceSpreadMicroamperes: Math.sqrt(device),
    cycleSpreadError: Math.sqrt(cycle / (2 * freedom)),
    deviceSpreadError: between / Math.sqrt(2 * (means - 1)) / Math.max(1, Math.sqrt(device)),
  };
}
