import { normalDistribution } from "../model/normal.ts";
import { studentQuantile } from "../results/difference.ts";

/**
 * The threshold of a device, of pulses to which it did or did not respond:
 *
 *     P(responds) = (1 − λ) Φ((x − d)/σ)
 *
 * with λ the share of pulses that move a device by too little to be seen, x how far a pulse lies above the nominal threshold, d the device's own, and σ how much its threshold scatters from pulse to pulse.
 * d is normal and σ free over the devices; both laws are found from all devices together, and what is known of one device is its
 * posterior under them (empirical Bayes). Intervals are those that hold 95 % of it.
 *
 * @source Robbins 1956, Proc. 3rd Berkeley Symp. 1, 157; the probit of Finney 1947, Probit Analysis; λ as of Wichmann & Hill 2001, Percept. Psychophys. 63, 1293.
 */
export interface Trials {
  /** V above the nominal threshold. */
  readonly excess: readonly number[];
  readonly responded: readonly boolean[];
}

export interface Threshold {
  /** V from the nominal threshold: the median, and the ends of the interval of 95 %. NaN where nothing is known. */
  readonly median: number;
  readonly low: number;
  readonly high: number;
  /** σ, posterior mean, V. */
  readonly scatter: number;
}

export interface ThresholdFit {
  readonly devices: readonly Threshold[];
  /** Of the devices that responded to some pulses and not to others. */
  readonly known: number;
  /** V: over them, and half its interval of 95 %. NaN where fewer than two are known. */
  readonly mean: number;
  readonly meanHalfWidth: number;
  readonly std: number;
  readonly scatter: number;
}

const offsetStep = 0.02;
const offsets = Float64Array.from({ length: 81 }, (_, k) => -0.8 + offsetStep * k);
const scatters = Float64Array.from({ length: 12 }, (_, k) => 0.008 * Math.exp(0.36 * k));
const cells = offsets.length * scatters.length;
/** The laws of the population are found from so many devices at most. */
const mostForLaws = 400;
const rounds = 30;
/** Shares λ that are tried, on so many devices. */
const lapses = [0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3];
const mostForLapses = 100;
const roundsForLapses = 8;

/** @param all  one entry a device; one that never responded is not known: its law is not that of the others. */
export function fitThresholds(all: readonly Trials[]): ThresholdFit {
  const known = all.filter(({ responded }) => responded.includes(true) && responded.includes(false));
  const some = spread(known, mostForLapses);
  const lapse = lapses.reduce(
    (best, one) => {
      const { evidence } = lawsOf(some, tableOf(one), roundsForLapses);
      return evidence > best.evidence ? { evidence, one } : best;
    },
    { evidence: Number.NEGATIVE_INFINITY, one: 0 },
  ).one;
  const table = tableOf(lapse);
  const { mean, std, weights } = lawsOf(spread(known, mostForLaws), table, rounds);
  const prior = priorOf(mean, std, weights);
  const unknown = { median: Number.NaN, low: Number.NaN, high: Number.NaN, scatter: Number.NaN };
  const posterior = new Float64Array(cells);
  const devices = all.map((trials) => {
    const own = known.length < 2 ? known.includes(trials) : trials.responded.includes(true);
    if (!own) return unknown;
    weigh(likelihoods(trials, table), prior, posterior);
    return summary(posterior);
  });
  const scatter = weights.reduce((total, weight, k) => total + weight * scatters[k]!, 0);
  // Of one device, the laws are still those that the search begins with: nothing was measured of them.
  if (known.length < 2)
    return {
      devices,
      known: known.length,
      mean: Number.NaN,
      meanHalfWidth: Number.NaN,
      std: Number.NaN,
      scatter: Number.NaN,
    };
  const freedom = known.length - 1;
  const meanHalfWidth = (studentQuantile(freedom) * std) / Math.sqrt(freedom);
  return { devices, known: known.length, mean, meanHalfWidth, std, scatter };
}

/** So many of them, from all over. */
function spread(known: readonly Trials[], most: number): readonly Trials[] {
  const every = Math.max(1, Math.ceil(known.length / most));
  return known.filter((_, k) => k % every === 0);
}

/** The laws that make the trials of these devices most likely, by expectation and maximisation. */
function lawsOf(known: readonly Trials[], table: Float64Array, most: number) {
  const laws = known.map((trials) => likelihoods(trials, table));
  let [mean, std, evidence] = [0, 0.2, 0];
  const weights = new Float64Array(scatters.length).fill(1 / scatters.length);
  const posterior = new Float64Array(cells);
  for (let round = 0; round < most && laws.length > 1; round++) {
    const prior = priorOf(mean, std, weights);
    const all = new Float64Array(cells);
    evidence = 0;
    for (const likelihood of laws) {
      evidence += weigh(likelihood, prior, posterior);
      for (let cell = 0; cell < cells; cell++) all[cell]! += posterior[cell]!;
    }
    let [sum, squares] = [0, 0];
    const seen = new Float64Array(scatters.length);
    for (let cell = 0; cell < cells; cell++) {
      const d = offsets[cell % offsets.length]!;
      sum += all[cell]! * d;
      squares += all[cell]! * d * d;
      seen[Math.floor(cell / offsets.length)]! += all[cell]!;
    }
    mean = sum / laws.length;
    std = Math.sqrt(Math.max(1e-4, squares / laws.length - mean * mean));
    seen.forEach((n, k) => (weights[k] = (n + 0.1) / (laws.length + 0.1 * scatters.length)));
  }
  return { mean, std, weights, evidence };
}

/** P of a device's trials for each σ and d, over the most likely of them. */
interface Likelihood {
  readonly relative: Float64Array;
  /** ln of the most likely. */
  readonly most: number;
}

function likelihoods({ excess, responded }: Trials, table: Float64Array): Likelihood {
  const log = new Float64Array(cells);
  let most = Number.NEGATIVE_INFINITY;
  for (let s = 0; s < scatters.length; s++) {
    for (let o = 0; o < offsets.length; o++) {
      let sum = 0;
      for (let k = 0; k < excess.length; k++) {
        const z = (excess[k]! - offsets[o]!) / scatters[s]!;
        const place = Math.max(0, Math.min(800, Math.round((z + 8) / tableStep)));
        sum += responded[k] === true ? table[place]! : table[801 + place]!;
      }
      log[s * offsets.length + o] = sum;
      if (sum > most) most = sum;
    }
  }
  return { relative: log.map((one) => Math.exp(one - most)), most };
}

const tableStep = 0.02;
const floor = 1e-3;

/** log P of a response at each z, and then of none; with a floor, as one odd reading must not decide. */
function tableOf(lapse: number): Float64Array {
  return Float64Array.from({ length: 2 * 801 }, (_, k) => {
    const responds = floor + (1 - floor - lapse) * normalDistribution(-8 + tableStep * (k % 801));
    return Math.log(k < 801 ? responds : Math.max(floor, 1 - responds));
  });
}

function priorOf(mean: number, std: number, weights: Float64Array): Float64Array {
  return Float64Array.from({ length: cells }, (_, cell) => {
    const z = (offsets[cell % offsets.length]! - mean) / std;
    return (weights[Math.floor(cell / offsets.length)]! * Math.exp(-0.5 * z * z)) / std;
  });
}

/** Makes the posterior of a device. @returns ln of the probability of its trials, but for a constant. */
function weigh({ relative, most }: Likelihood, prior: Float64Array, posterior: Float64Array): number {
  let total = 0;
  for (let cell = 0; cell < cells; cell++) total += posterior[cell] = relative[cell]! * prior[cell]!;
  for (let cell = 0; cell < cells; cell++) posterior[cell]! /= total;
  return most + Math.log(total);
}

function summary(posterior: Float64Array): Threshold {
  const marginal = new Float64Array(offsets.length);
  let scatter = 0;
  posterior.forEach((p, cell) => {
    marginal[cell % offsets.length]! += p;
    scatter += p * scatters[Math.floor(cell / offsets.length)]!;
  });
  const at = (share: number): number => {
    let sum = 0;
    for (let o = 0; o < offsets.length; o++) {
      const before = sum;
      sum += marginal[o]!;
      // A cell of the grid stands for the values around it.
      if (sum >= share) return offsets[o]! + offsetStep * ((share - before) / marginal[o]! - 0.5);
    }
    return offsets.at(-1)!;
  };
  return { median: at(0.5), low: at(0.025), high: at(0.975), scatter };
}
