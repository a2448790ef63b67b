import type { Microsiemens } from "../src/units.ts";
import type { DriftData } from "./driftData.ts";
import type { DeviceFits } from "./deviceFit.ts";

/** What became of each device in the fit; one a device. */
export const fitFates = {
  notTried: 0,
  used: 1,
  /** Too few reads, or no ages to tell drift from. */
  tooFew: 2,
  /** Conducts too little for its noise. */
  tooSmall: 3,
  /** Its reads scatter beyond what any of its neighbours do. */
  restless: 4,
  /** Its reads scatter by far too little: it does not live. */
  silent: 5,
  /** It drifts by a law of its own. */
  stray: 6,
} as const;

export const fitFateNames = [
  "not tried",
  "used",
  "too few reads",
  "too small",
  "restless",
  "silent",
  "stray",
] as const;

export interface Pool extends Omit<DeviceFits, "conductanceMicrosiemens" | "firstMicrosiemens"> {
  readonly count: number;
  readonly conductance: Float32Array;
  /** What it first read, µS. */
  readonly first: Float32Array;
  readonly targets: Float32Array;
  /** 1 for devices of a block whose devices were picked. */
  readonly picked: Uint8Array;
  readonly fates: Uint8Array;
  heldOut: Uint8Array;
}

export function joined(parts: readonly { readonly data: DriftData; readonly fits: DeviceFits }[]): Pool {
  const count = parts.reduce((sum, { fits }) => sum + fits.exponent.length, 0);
  const floats = (of: (part: (typeof parts)[number]) => Float32Array): Float32Array => {
    if (parts.length === 1) return of(parts[0]!);
    const whole = new Float32Array(count);
    let at = 0;
    for (const part of parts) {
      whole.set(of(part), at);
      at += of(part).length;
    }
    return whole;
  };
  const freedom = new Uint16Array(count);
  const converged = new Uint8Array(count);
  const fates = new Uint8Array(count);
  const picked = new Uint8Array(count);
  let at = 0;
  for (const { data, fits } of parts) {
    freedom.set(fits.freedom, at);
    converged.set(fits.converged, at);
    picked.fill(data.picked ? 1 : 0, at, at + fits.exponent.length);
    for (let i = 0; i < fits.exponent.length; i++) {
      if (data.usable[i] === 0) fates[at + i] = fitFates.notTried;
      else fates[at + i] = Number.isNaN(fits.exponent[i]!) ? fitFates.tooFew : fitFates.used;
    }
    at += fits.exponent.length;
  }
  return {
    count,
    conductance: floats(({ fits }) => fits.conductanceMicrosiemens),
    first: floats(({ fits }) => fits.firstMicrosiemens),
    targets: floats(({ data }) => data.targetsMicrosiemens),
    exponent: floats(({ fits }) => fits.exponent),
    noise: floats(({ fits }) => fits.noise),
    freedom,
    varianceLogA: floats(({ fits }) => fits.varianceLogA),
    covariance: floats(({ fits }) => fits.covariance),
    varianceExponent: floats(({ fits }) => fits.varianceExponent),
    bend: floats(({ fits }) => fits.bend),
    whiteShare: floats(({ fits }) => fits.whiteShare),
    alongLook: floats(({ fits }) => fits.alongLook),
    converged,
    picked,
    fates,
    heldOut: new Uint8Array(count),
  };
}

/** Leaves most of many devices out. */
export function thin({ fates, count }: Pool, mostDevices: number): void {
  const step = Math.ceil(count / mostDevices);
  for (let i = 0; i < count; i++) if (i % step !== 0) fates[i] = fitFates.notTried;
}

/** Beyond these probabilities a device's scatter is not by chance; of a normal law, in standard deviations. */
const restlessLimit = 4.5;

/**
 * Of the converter: a device that reads fewer when it is first read says too little of its drift. One that is old by then may be said to
 * have conducted much at the reference age, by a fit that is of its codes and not of the device.
 */
const fewestCodes = 5;

/** Leaves out what is too small, at the reference age or for its converter, and what scatters unlike its neighbours. */
export function screen(all: Pool, least: Microsiemens, microsiemensPerCode: Microsiemens): void {
  const { fates, conductance, first, noise, freedom, targets } = all;
  for (let i = 0; i < all.count; i++) {
    const small =
      !(conductance[i]! >= least && first[i]! >= fewestCodes * microsiemensPerCode) || targets[i]! < least;
    if (fates[i] === fitFates.used && small) fates[i] = fitFates.tooSmall;
  }
  const bins = binsOf(all, conductance);
  for (const bin of bins) {
    const ratios = aFew(Float64Array.from(bin, (i) => noise[i]! / medianOfChiSquare(freedom[i]!))).sort();
    const usual = ratios[ratios.length >> 1]!;
    for (const i of bin) {
      const away = normalOfChiSquare(noise[i]! / usual, freedom[i]!);
      if (away > restlessLimit) fates[i] = fitFates.restless;
      else if (away < -restlessLimit) fates[i] = fitFates.silent;
    }
  }
}

/** Median of χ²/n, and where a value of χ²/n stands as a normal deviate: Wilson and Hilferty 1931. */
export function medianOfChiSquare(n: number): number {
  const root = 1 - 2 / (9 * n);
  return root * root * root;
}

export function normalOfChiSquare(ratio: number, n: number): number {
  return (Math.cbrt(ratio) - (1 - 2 / (9 * n))) / Math.sqrt(2 / (9 * n));
}

/** Devices a bin, at least, and bins at most. */
const devicesPerBin = 40;

const mostBins = 160;

/** Devices that are not held out, by what they conduct: all used ones where not said otherwise. */
export function binsOf(
  all: Pool,
  by: Float32Array,
  wanted: (i: number) => boolean = (i) => all.fates[i] === fitFates.used,
): Uint32Array[] {
  const counts = (i: number): boolean => wanted(i) && all.heldOut[i] === 0 && !Number.isNaN(by[i]!);
  let used = 0;
  for (let i = 0; i < all.count; i++) if (counts(i)) used++;
  const order = new Uint32Array(used);
  const keys = new Float32Array(used);
  let k = 0;
  for (let i = 0; i < all.count; i++) {
    if (!counts(i)) continue;
    keys[k] = by[i]!;
    order[k++] = i;
  }
  return splitBySize(order, keys);
}

/** Bins of equal width in between the ends, joined until each holds enough; by counting, so that millions are no matter. */
function splitBySize(devices: Uint32Array, keys: Float32Array): Uint32Array[] {
  if (devices.length === 0) return [];
  let low = Infinity;
  let high = -Infinity;
  for (const key of keys) {
    if (key < low) low = key;
    if (key > high) high = key;
  }
  const fine = Math.max(1, Math.min(mostBins, Math.floor(devices.length / devicesPerBin)));
  const width = (high - low) / fine || 1;
  const binOf = (key: number): number => Math.min(fine - 1, Math.floor((key - low) / width));
  const starts = new Uint32Array(fine + 1);
  for (const key of keys) starts[binOf(key) + 1]!++;
  for (let b = 0; b < fine; b++) starts[b + 1]! += starts[b]!;
  const sorted = new Uint32Array(devices.length);
  const next = starts.slice();
  for (let k = 0; k < devices.length; k++) sorted[next[binOf(keys[k]!)]!++] = devices[k]!;
  const bins: Uint32Array[] = [];
  let from = 0;
  for (let b = 1; b <= fine; b++) {
    if (starts[b]! - from >= devicesPerBin) {
      bins.push(sorted.subarray(from, starts[b]!));
      from = starts[b]!;
    }
  }
  if (from < sorted.length) {
    const last = bins.pop();
    bins.push(sorted.subarray(last === undefined ? from : from - last.length));
  }
  return bins;
}

/** Enough of many values to tell their middle and their scatter. */
export function aFew(values: Float64Array): Float64Array {
  const step = Math.max(1, Math.floor(values.length / 500));
  return Float64Array.from({ length: Math.ceil(values.length / step) }, (_, k) => values[k * step]!);
}
