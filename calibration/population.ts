import type { Microsiemens } from "../src/units.ts";
import type { DriftData } from "./driftData.ts";
import type { DeviceFits } from "./deviceFit.ts";
import { fitLaw, type FittedLaw } from "./lawFit.ts";
import type { LawPoint } from "./lawLikelihood.ts";
import { squaredOf, tabulated } from "./lawTable.ts";
import { binsOf, fitFates, joined, type Pool, screen, thin } from "./pool.ts";
import type { PopulationLaws } from "./populationLaws.ts";
import { fitProgramming, type Programming, weighTargets } from "./programmingLaw.ts";

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
  /** Used devices whose own fit did not converge. */
  readonly unconverged: number;
  /** 1 for sound devices that were kept from the laws. */
  readonly heldOut: Uint8Array;
}

/** Devices beneath this share of the range say little of drift: their noise is as large as they are. */
const leastShare = 0.03;
const rounds = 3;
/** A device this many standard errors from the law is none of its population. */
const strayLimit = 5;

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
  const least = leastShare * maxMicrosiemens;
  screen(all, least, microsiemensPerCode);
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
    if (round < 2) programming = fitProgramming(all, { readNoise, q2 }, maxMicrosiemens, least);
    weighTargets(all, q2, programming, laws, maxMicrosiemens, { conductance, exponent, exponentVariance });
    laws = {
      ...programming,
      ...fitExponents(all, conductance, exponent, exponentVariance, laws, maxMicrosiemens),
    };
    leaveOutStrays(all, laws, conductance, exponent, exponentVariance, maxMicrosiemens, standing);
  }
  const bend = new Float32Array(count).fill(Number.NaN);
  const noiseRatio = new Float32Array(count).fill(Number.NaN);
  let unconverged = 0;
  for (let i = 0; i < count; i++) {
    if (fates[i] !== fitFates.used && fates[i] !== fitFates.restless) continue;
    const noise = q2(conductance[i]!);
    noiseRatio[i] = all.noise[i]! / noise;
    if (fates[i] !== fitFates.used) continue;
    bend[i] = all.bend[i]! / Math.sqrt(noise);
    if (all.converged[i] === 0) unconverged++;
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
    unconverged,
    heldOut,
  };
}

function fitReadNoise(all: Pool, max: Microsiemens, step: Microsiemens): FittedLaw {
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

function fitExponents(
  all: Pool,
  conductance: Float32Array,
  exponent: Float32Array,
  variance: Float32Array,
  before: Omit<PopulationLaws, "readNoise"> | undefined,
  max: Microsiemens,
): Pick<PopulationLaws, "exponentMean" | "exponentSpread"> {
  const unpicked = enoughUnpicked(all);
  const counts = (i: number): boolean => all.fates[i] === fitFates.used && !(unpicked && all.picked[i] === 1);
  const sums = binsOf(all, conductance, counts).map((bin) => sumsOf(bin, conductance, exponent, variance));
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
export function enoughUnpicked({ picked, fates }: Pick<Pool, "picked" | "fates">): boolean {
  let count = 0;
  for (let i = 0; i < fates.length; i++) if (fates[i] === fitFates.used && picked[i] === 0) count++;
  return count >= fewestUnpicked;
}

const fewestUnpicked = 1000;

function leaveOutStrays(
  all: Pool,
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
