import { interpolate } from "../src/model/definition.ts";
import type { Microsiemens } from "../src/units.ts";
import type { DriftData } from "./driftData.ts";
import type { DeviceFits } from "./deviceFit.ts";
import { fitLaw, type FittedLaw, type LawPoint } from "./lawFit.ts";

/** The laws that a population of devices follows, against conductance in µS. */
export interface PopulationLaws {
  readonly exponentMean: FittedLaw;
  /** Between devices; what measuring adds has been taken out. */
  readonly exponentSpread: FittedLaw;
  /** σ of the conductance at the reference age about its target; undefined where no device has a target. */
  readonly programming: FittedLaw | undefined;
  /** How far conductances lie above their targets on the average, µS. */
  readonly programmingShift: FittedLaw | undefined;
  /** Q of the 1/f law. */
  readonly readNoise: FittedLaw;
}

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

/** One entry a device of all blocks, one block after the other. */
export interface Population {
  readonly laws: PopulationLaws;
  readonly fates: Uint8Array;
  /** Best knowledge of each conductance at the reference age, its target taken into account, µS. */
  readonly conductance: Float32Array;
  /** The exponent as measured, freed of what its error shares with that of the conductance; and its variance. */
  readonly exponent: Float32Array;
  readonly exponentVariance: Float32Array;
  /** (exponent − law)/σ: standard normal where the law holds; NaN for devices that were not used. */
  readonly standing: Float32Array;
  /** Bend of the drift in standard errors, likewise. */
  readonly bend: Float32Array;
  /** Noise of each used or restless device over that of the law. */
  readonly noiseRatio: Float32Array;
  /** 1 for devices that were picked by how they drift. */
  readonly picked: Uint8Array;
  /** Whether the laws of drift rest on devices that nobody picked. */
  readonly unpicked: boolean;
  /** 1 for sound devices that were kept from the laws. */
  readonly heldOut: Uint8Array;
}

/** Devices beneath this share of the range say little of drift: their noise is as large as they are. */
const leastShare = 0.03;
/** Devices a bin, at least, and bins at most. */
const devicesPerBin = 40;
const mostBins = 160;
const rounds = 3;
/** A device this many standard errors from the law is none of its population. */
const strayLimit = 5;
/** Beyond these probabilities a device's scatter is not by chance; of a normal law, in standard deviations. */
const restlessLimit = 4.5;

/**
 * Finds the population's laws from fits of its devices, by maximum likelihood, each law in turn until they agree. Spreads are
 * of the devices and not of their noisy estimates: what an estimate adds is known from its covariance and the device's noise
 * and stands in the likelihood.
 *
 * A device's conductance is measured with noise, and it was aimed at a target; where both are known they are weighed
 * against each other, G̃ = T + shift + k (Ĝ − T − shift), k = σ_p²/(σ_p² + V_G), so that laws that bend are not smeared.
 * The error of ν̂ goes along with that of Ĝ: E[ν̂ | Ĝ] = μ(G̃) + (C/V_G)(1 − k)(Ĝ − T − shift), and what remains has the
 * variance σ² + V_ν − C²/V_G + (μ′ − C/V_G)² k V_G.
 */
export function fitPopulation(
  parts: readonly { readonly data: DriftData; readonly fits: DeviceFits }[],
  maxMicrosiemens: Microsiemens,
  microsiemensPerCode: Microsiemens,
  /** To try how well laws foresee devices that they were not fitted to: of so many of them, every so many-th is kept out. */
  trial?: { readonly holdOutEvery: number; readonly mostDevices: number },
): Population {
  const all = joined(parts);
  if (trial !== undefined) thin(all, trial.mostDevices);
  const { count, fates } = all;
  screen(all, leastShare * maxMicrosiemens);
  const heldOut = new Uint8Array(count);
  if (trial !== undefined) {
    let sound = 0;
    for (let i = 0; i < count; i++) {
      if (fates[i] === fitFates.used && sound++ % trial.holdOutEvery === 0) heldOut[i] = 1;
    }
  }
  all.heldOut = heldOut;
  const readNoise = fitReadNoise(all, maxMicrosiemens, microsiemensPerCode);
  const q2 = squaredOf(readNoise, maxMicrosiemens);
  let laws: Omit<PopulationLaws, "readNoise"> | undefined;
  const conductance = all.conductance.slice();
  const exponent = all.exponent.slice();
  const exponentVariance = new Float32Array(count).fill(Number.NaN);
  const standing = new Float32Array(count).fill(Number.NaN);
  let programming: Programming = { programming: undefined, programmingShift: undefined };
  for (let round = 0; round < rounds; round++) {
    // It does not ask how devices drift, only which of them count.
    if (round < 2) programming = fitProgramming(all, q2, maxMicrosiemens);
    weighTargets(all, q2, programming, laws, maxMicrosiemens, { conductance, exponent, exponentVariance });
    laws = {
      ...programming,
      ...fitExponents(all, conductance, exponent, exponentVariance, laws, maxMicrosiemens),
    };
    leaveOutStrays(all, laws, conductance, exponent, exponentVariance, maxMicrosiemens, standing);
  }
  const bend = new Float32Array(count).fill(Number.NaN);
  const noiseRatio = new Float32Array(count).fill(Number.NaN);
  for (let i = 0; i < count; i++) {
    if (fates[i] !== fitFates.used && fates[i] !== fitFates.restless) continue;
    const noise = q2(conductance[i]!);
    noiseRatio[i] = all.noise[i]! / noise;
    if (fates[i] === fitFates.used) bend[i] = all.bend[i]! / Math.sqrt(noise);
  }
  return {
    laws: { ...laws!, readNoise },
    fates,
    conductance,
    exponent,
    exponentVariance,
    standing,
    bend,
    noiseRatio,
    picked: all.picked,
    unpicked: enoughUnpicked(all),
    heldOut,
  };
}

interface All extends Omit<DeviceFits, "conductanceMicrosiemens"> {
  readonly count: number;
  readonly conductance: Float32Array;
  readonly targets: Float32Array;
  /** 1 for devices of a block whose devices were picked. */
  readonly picked: Uint8Array;
  readonly fates: Uint8Array;
  heldOut: Uint8Array;
}

function joined(parts: readonly { readonly data: DriftData; readonly fits: DeviceFits }[]): All {
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
  const fates = new Uint8Array(count);
  const picked = new Uint8Array(count);
  let at = 0;
  for (const { data, fits } of parts) {
    freedom.set(fits.freedom, at);
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
    picked,
    fates,
    heldOut: new Uint8Array(count),
  };
}

/** Leaves most of many devices out. */
function thin({ fates, count }: All, mostDevices: number): void {
  const step = Math.ceil(count / mostDevices);
  for (let i = 0; i < count; i++) if (i % step !== 0) fates[i] = fitFates.notTried;
}

/** Leaves out what is too small, and what scatters unlike its neighbours. */
function screen(all: All, least: Microsiemens): void {
  const { fates, conductance, noise, freedom, targets } = all;
  for (let i = 0; i < all.count; i++) {
    if (fates[i] === fitFates.used && !(conductance[i]! >= least && !(targets[i]! < least))) {
      fates[i] = fitFates.tooSmall;
    }
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
function medianOfChiSquare(n: number): number {
  const root = 1 - 2 / (9 * n);
  return root * root * root;
}

export function normalOfChiSquare(ratio: number, n: number): number {
  return (Math.cbrt(ratio) - (1 - 2 / (9 * n))) / Math.sqrt(2 / (9 * n));
}

/** Used devices, by what they conduct. */
function binsOf(all: All, by: Float32Array, unpicked = false): Uint32Array[] {
  const { fates } = all;
  const counts = (i: number): boolean =>
    fates[i] === fitFates.used &&
    all.heldOut[i] === 0 &&
    !Number.isNaN(by[i]!) &&
    !(unpicked && all.picked[i] === 1);
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

function fitReadNoise(all: All, max: Microsiemens, step: Microsiemens): FittedLaw {
  const points = binsOf(all, all.conductance).map((bin): LawPoint => {
    let squares = 0;
    let freedom = 0;
    let x = 0;
    let white = 0;
    for (const i of bin) {
      squares += all.noise[i]! * all.freedom[i]!;
      freedom += all.freedom[i]!;
      x += all.conductance[i]!;
      const relative = step / all.conductance[i]!;
      white += ((relative * relative) / 12) * all.whiteShare[i]!;
    }
    return { x: x / bin.length, count: freedom, seen: squares / freedom, noise: white / bin.length };
  });
  const law = fitLaw("spread", points, max);
  // The published variance of 1/f noise holds to a percent or so, however many devices are read.
  const error = (x: number): number => Math.hypot(law.error(x), lawOfNoiseHolds * law.value(x));
  return { ...law, error };
}

/** Q is good to this share at best, as a standard error. */
const lawOfNoiseHolds = 0.004;

/** A law's square, looked up. */
function squaredOf(law: FittedLaw, max: number): (x: number) => number {
  const table = tabulated((x) => law.value(x), max);
  return (x) => {
    const value = table(x);
    return value * value;
  };
}

const tableSize = 2048;

/** A function of conductance on an even grid, up to half beyond the range. */
function tabulated(of: (x: number) => number, max: number): (x: number) => number {
  const per = (tableSize - 1) / (1.5 * max);
  const values = Float64Array.from({ length: tableSize }, (_, k) => of(k / per));
  return (x) => values[Math.min(tableSize - 1, Math.max(0, Math.round(x * per)))]!;
}

type Programming = Pick<PopulationLaws, "programming" | "programmingShift">;

/** What programming left, from devices with a target. A device that was aimed elsewhere since is far from it: left out. */
function fitProgramming(all: All, q2: (x: number) => number, max: Microsiemens): Programming {
  const bins = binsOf(all, all.targets);
  const points: { mean: LawPoint; spread: LawPoint; shared: number }[] = [];
  for (const bin of bins) {
    const errors = Float64Array.from(bin, (i) => all.conductance[i]! - all.targets[i]!);
    const sorted = aFew(errors).sort();
    const middle = sorted[sorted.length >> 1]!;
    const scatter =
      (sorted[Math.floor(0.84 * sorted.length)]! - sorted[Math.floor(0.16 * sorted.length)]!) / 2;
    const limit = 7 * Math.max(scatter, 1e-6);
    let count = 0;
    let x = 0;
    let sum = 0;
    let square = 0;
    let noise = 0;
    let shared = 0;
    bin.forEach((i, k) => {
      if (!(Math.abs(errors[k]! - middle) <= limit)) return;
      count++;
      x += all.targets[i]!;
      sum += errors[k]!;
      square += errors[k]! * errors[k]!;
      const along = all.picked[i] === 1 ? sharedWithLook(all, i, q2) : 0;
      noise += varianceOfConductance(all, i, q2) - along / 2;
      shared += along;
    });
    if (count < 8) continue;
    const mean = sum / count;
    const variance = square / count - mean * mean;
    points.push({
      mean: { x: x / count, count, seen: mean, noise: variance },
      spread: {
        x: x / count,
        count: count - 1,
        seen: (variance * count) / (count - 1),
        noise: noise / count,
      },
      shared: shared / count,
    });
  }
  if (points.length < 4) return { programming: undefined, programmingShift: undefined };
  const law = fitLaw(
    "spread",
    points.map(({ spread }) => spread),
    max,
    5,
  );
  const shared = interpolator(points.map(({ spread, shared: y }) => ({ x: spread.x, y })));
  // Half of it was taken away, and all from nothing to the whole is as likely.
  const error = (x: number): number =>
    Math.hypot(law.error(x), shared(x) / (2 * Math.sqrt(12) * law.value(x)));
  const shift = points.map(({ mean }) => mean);
  return { programming: { ...law, error }, programmingShift: fitLaw("mean", shift, max, 4) };
}

/** Enough of many values to tell their middle and their scatter. */
function aFew(values: Float64Array): Float64Array {
  const step = Math.max(1, Math.floor(values.length / 500));
  return Float64Array.from({ length: Math.ceil(values.length / step) }, (_, k) => values[k * step]!);
}

function interpolator(points: readonly { x: number; y: number }[]): (at: number) => number {
  const x = points.map((point) => point.x);
  const y = points.map((point) => point.y);
  return (at) => interpolate(x, y, at);
}

/**
 * A device that was accepted by a look at the reference age lies above its target by what the look's noise hid, and slow
 * noise is still there when it is watched: measured and true error then differ by less than the noise. At most by this, where
 * that look alone decided, and not at all where earlier ones did; µS².
 */
function sharedWithLook(all: All, i: number, q2: (x: number) => number): number {
  const g = all.conductance[i]!;
  return 2 * all.alongLook[i]! * q2(g) * g * g;
}

/** µS². */
function varianceOfConductance(all: All, i: number, q2: (x: number) => number): number {
  const g = all.conductance[i]!;
  return all.varianceLogA[i]! * q2(g) * g * g;
}

interface Weighed {
  readonly conductance: Float32Array;
  readonly exponent: Float32Array;
  readonly exponentVariance: Float32Array;
}

function weighTargets(
  all: All,
  q2: (x: number) => number,
  { programming, programmingShift }: Programming,
  laws: Omit<PopulationLaws, "readNoise"> | undefined,
  max: Microsiemens,
  out: Weighed,
): void {
  const known = programming !== undefined && programmingShift !== undefined;
  const spread = known ? tabulated((x) => programming.value(x), max) : undefined;
  const shift = known ? tabulated((x) => programmingShift.value(x), max) : undefined;
  const h = 0.02 * max;
  const law = laws?.exponentMean;
  const slope = tabulated(
    (x) => (law === undefined ? 0 : (law.value(x + h) - law.value(x - h)) / (2 * h)),
    max,
  );
  for (let i = 0; i < all.count; i++) {
    if (all.fates[i] !== fitFates.used) continue;
    const measured = all.conductance[i]!;
    const noise = q2(measured);
    const vG = all.varianceLogA[i]! * noise * measured * measured;
    const vNu = all.varianceExponent[i]! * noise;
    const along = (all.covariance[i]! * noise * measured) / vG;
    const target = all.targets[i]!;
    let k = 1;
    let off = 0;
    if (spread !== undefined && !Number.isNaN(target)) {
      const meant = target + shift!(target);
      const own = spread(target) * spread(target);
      off = measured - meant;
      // A device that was aimed elsewhere since.
      if (off * off > 25 * (own + vG)) off = 0;
      else k = own / (own + vG);
    }
    out.conductance[i] = measured - (1 - k) * off;
    out.exponent[i] = all.exponent[i]! - along * (1 - k) * off;
    const steep = slope(out.conductance[i]!) - along;
    out.exponentVariance[i] = Math.max(0, vNu - along * along * vG) + steep * steep * k * vG;
  }
}

function fitExponents(
  all: All,
  conductance: Float32Array,
  exponent: Float32Array,
  variance: Float32Array,
  before: Omit<PopulationLaws, "readNoise"> | undefined,
  max: Microsiemens,
): Pick<PopulationLaws, "exponentMean" | "exponentSpread"> {
  const sums = binsOf(all, conductance, enoughUnpicked(all)).map((bin) =>
    sumsOf(bin, conductance, exponent, variance),
  );
  const means = (spread?: FittedLaw): LawPoint[] =>
    sums.map(({ count, x, y, noise }) => {
      const own = spread === undefined ? usualSpread : spread.value(x);
      return { x, count, seen: y, noise: own * own + noise };
    });
  const spreads = (mean: FittedLaw): LawPoint[] =>
    sums.map((bin) => ({ x: bin.x, count: bin.count, seen: squareAbout(mean, bin), noise: bin.noise }));
  let exponentMean = before?.exponentMean ?? fitLaw("mean", means(), max);
  const exponentSpread = fitLaw("spread", spreads(exponentMean), max);
  exponentMean = fitLaw("mean", means(exponentSpread), max);
  return { exponentMean, exponentSpread: fitLaw("spread", spreads(exponentMean), max) };
}

/** Of exponents, for a first look at their mean. */
const usualSpread = 0.02;

/** What a bin's devices add up to: means of conductance, exponent and its variance, and second moments about the means. */
interface BinSums {
  readonly count: number;
  readonly x: number;
  readonly y: number;
  readonly noise: number;
  readonly xx: number;
  readonly xy: number;
  readonly yy: number;
  readonly halfWidth: number;
}

function sumsOf(
  bin: Uint32Array,
  conductance: Float32Array,
  exponent: Float32Array,
  variance: Float32Array,
): BinSums {
  const x0 = conductance[bin[0]!]!;
  const y0 = exponent[bin[0]!]!;
  let [x, y, noise, xx, xy, yy, low, high] = [0, 0, 0, 0, 0, 0, Infinity, -Infinity];
  for (let k = 0; k < bin.length; k++) {
    const i = bin[k]!;
    const dx = conductance[i]! - x0;
    const dy = exponent[i]! - y0;
    x += dx;
    y += dy;
    noise += variance[i]!;
    xx += dx * dx;
    xy += dx * dy;
    yy += dy * dy;
    if (dx < low) low = dx;
    if (dx > high) high = dx;
  }
  const count = bin.length;
  x /= count;
  y /= count;
  return {
    count,
    x: x0 + x,
    y: y0 + y,
    noise: noise / count,
    xx: xx / count - x * x,
    xy: xy / count - x * y,
    yy: yy / count - y * y,
    halfWidth: (high - low) / 2,
  };
}

/** Mean square of exponents about a law, which is nearly straight over a bin. */
function squareAbout(law: FittedLaw, { x, y, xx, xy, yy, halfWidth }: BinSums): number {
  const slope = halfWidth > 0 ? (law.value(x + halfWidth) - law.value(x - halfWidth)) / (2 * halfWidth) : 0;
  const off = y - (law.value(x + halfWidth) + law.value(x - halfWidth)) / 2;
  return yy - 2 * slope * xy + slope * slope * xx + off * off;
}

/** Whether devices that nobody picked are enough to tell how all drift. */
export function enoughUnpicked({ picked, fates }: Pick<All, "picked" | "fates">): boolean {
  let count = 0;
  for (let i = 0; i < fates.length; i++) if (fates[i] === fitFates.used && picked[i] === 0) count++;
  return count >= fewestUnpicked;
}

const fewestUnpicked = 1000;

function leaveOutStrays(
  all: All,
  laws: Omit<PopulationLaws, "readNoise">,
  conductance: Float32Array,
  exponent: Float32Array,
  variance: Float32Array,
  max: Microsiemens,
  standing: Float32Array,
): void {
  const mean = tabulated((x) => laws.exponentMean.value(x), max);
  const spread = tabulated((x) => laws.exponentSpread.value(x), max);
  for (let i = 0; i < all.count; i++) {
    if (all.fates[i] !== fitFates.used && all.fates[i] !== fitFates.stray) continue;
    const g = conductance[i]!;
    const own = spread(g);
    standing[i] = (exponent[i]! - mean(g)) / Math.sqrt(own * own + variance[i]!);
    all.fates[i] = Math.abs(standing[i]!) > strayLimit ? fitFates.stray : fitFates.used;
  }
}
