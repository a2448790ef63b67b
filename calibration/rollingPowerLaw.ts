import { readingFlags } from "../src/chip/driver.ts";
import type { FitForecast, PowerLawDefinition } from "../src/model/definition.ts";
import { microsecondsPerSecond, type Seconds } from "../src/units.ts";
import { beliefsOf } from "./deviceBelief.ts";
import type { DriftData, DriftSweep, ReadOut } from "./driftData.ts";
import { inside95Holds, mostMeanOffStds } from "../src/model/forecastLimits.ts";
import { noiseCovariance } from "./noiseKernel.ts";
import { PowerLawForesight } from "./powerLawForesight.ts";
import type { Refit } from "./refit.ts";

/** As many devices tell whether a law foresees. */
const mostDevices = 8000;
const fewestDevices = 100;
const fewestSweeps = 5;
const mostSplits = 2;
/** What a fit knows must span as much, as a factor of age. */
const shortestSpan = 30;

/**
 * Fits to the first reads, and how they foretold those of the next decade: from the last but one decade, from the one before, and so on;
 * the shortest first. Of a part of the devices, row by row.
 *
 * @param fit  of reads by a power law, without forecasts of its own.
 */
export function rollingPowerLaw(
  parts: readonly DriftData[],
  readOut: ReadOut,
  before: PowerLawDefinition,
  fit: (parts: readonly DriftData[], readOut: ReadOut, before: PowerLawDefinition) => Refit,
): FitForecast[] {
  const forecasts: FitForecast[] = [];
  for (const split of splitsOf(parts)) {
    const one = compare(split, fit(split.known, readOut, before), readOut);
    if (one.devices >= fewestDevices) forecasts.unshift(one);
  }
  return forecasts;
}

/** What was read up to an age, and the sweep that is to be foretold from it. */
export interface Split {
  /** All reads of a part of the devices, one entry a block, and those up to `fromSeconds`. */
  readonly parts: readonly DriftData[];
  readonly known: readonly DriftData[];
  /** The later sweep of each block. */
  readonly later: readonly (DriftSweep | undefined)[];
  readonly fromSeconds: Seconds;
  readonly toSeconds: Seconds;
}

/** From each of the last decades to the next, the last one first. */
export function splitsOf(all: readonly DriftData[]): Split[] {
  const parts = thinned(all);
  const ages = parts.map((data) => data.sweeps.map((_, s) => medianAge(data, s)));
  const positive = ages.flat().filter((age) => age > 0);
  const [youngest, oldest] = [Math.min(...positive), Math.max(...positive)];
  const splits: Split[] = [];
  let toSeconds = oldest;
  for (let back = 1; back <= mostSplits; back++) {
    const until = oldest / Math.exp(0.98 * back * Math.LN10);
    if (!(until > shortestSpan * youngest)) break;
    const known = parts.map((data, k) => ({
      ...data,
      sweeps: data.sweeps.filter((_, s) => ages[k]![s]! <= until),
    }));
    if (known.every(({ sweeps }) => sweeps.length < fewestSweeps)) break;
    const fromSeconds = Math.max(...ages.flat().filter((age) => age <= until));
    const later = parts.map((data, k) => data.sweeps.find((_, s) => ages[k]![s] === toSeconds));
    splits.push({ parts, known, later, fromSeconds, toSeconds });
    toSeconds = fromSeconds;
  }
  return splits;
}

/** What a fit to the known reads foretells of one block's later sweep. */
export interface ForetoldReads {
  /** µS, one entry a device; NaN of devices of which nothing is foretold. */
  readonly mean: Float64Array;
  readonly std: Float64Array;
}

/** One entry a block; undefined where there is no later sweep. @param found  the fit to the known reads. */
export function foretoldByPowerLaw(
  { known, later, toSeconds }: Split,
  found: Refit,
  readOut: ReadOut,
): (ForetoldReads | undefined)[] {
  const { readNoise } = found.population.laws;
  const unit = noiseCovariance(
    Float64Array.of(toSeconds),
    [later.find((sweep) => sweep !== undefined)?.averages ?? 1],
    readOut.readSeconds,
    readOut.spacingMicroseconds / microsecondsPerSecond,
  )[0]!;
  let offset = 0;
  return known.map((data, k) => {
    const sweep = later[k];
    if (sweep === undefined || data.sweeps.length === 0) return undefined;
    const ages = agesAt(data, sweep);
    const beliefs = beliefsOf(found, k, data, offset);
    offset += data.usable.length;
    const { mean, variance } = new PowerLawForesight(beliefs, found).moments(ages, [0]);
    const std = mean.map((g, i) => {
      const q = readNoise.value(g);
      const step = readOut.microsiemensPerCode;
      return Math.sqrt(variance[i]! + q * q * unit * g * g + (step * step) / 12);
    });
    const isForetold = (g: number, i: number): boolean =>
      data.usable[i] === 1 && beliefs.lawless[i] === 0 && g > leastShare * readNoise.to;
    return { mean: mean.map((g, i) => (isForetold(g, i) ? g : Number.NaN)), std };
  });
}

/** s; 1 of devices that were never pulsed. */
export function agesAt(
  { usable, pulsedAtMicroseconds, devicesPerRow }: DriftData,
  { rowTimesMicroseconds }: DriftSweep,
): Float64Array {
  return Float64Array.from(usable, (_, i) => {
    const at = rowTimesMicroseconds[Math.floor(i / devicesPerRow)]! - pulsedAtMicroseconds[i]!;
    return Number.isNaN(at) ? 1 : at / microsecondsPerSecond;
  });
}

function compare(split: Split, found: Refit, readOut: ReadOut): FitForecast {
  const { known, later, fromSeconds, toSeconds } = split;
  const { readNoise, exponentMean } = found.population.laws;
  const bins = Array.from({ length: conductanceBins }, () => ({ n: 0, off: 0 }));
  let [devices, inside, squares, told, change] = [0, 0, 0, 0, 0];
  foretoldByPowerLaw(split, found, readOut).forEach((foretold, k) => {
    if (foretold === undefined) return;
    const sweep = later[k]!;
    const last = known[k]!.sweeps.at(-1)!;
    foretold.mean.forEach((g, i) => {
      const read = sweep.conductanceMicrosiemens[i]!;
      if (Number.isNaN(g) || Number.isNaN(read) || sweep.flags[i] !== readingFlags.ok) return;
      const z = (read - g) / foretold.std[i]!;
      devices++;
      squares += z * z;
      if (Math.abs(z) <= 1.96) inside++;
      const bin = bins[Math.min(conductanceBins - 1, Math.floor((conductanceBins * g) / readNoise.to))]!;
      bin.n++;
      bin.off += z;
      // Against a fall by the mean exponent from the last known read.
      const before = last.conductanceMicrosiemens[i]!;
      const plain = read - before * Math.exp(-exponentMean.value(g) * Math.log(toSeconds / fromSeconds));
      if (Number.isNaN(plain)) return;
      change += plain * plain;
      told += (read - g) * (read - g);
    });
  });
  const offs = bins.filter(({ n }) => n >= fewestInBin).map(({ n, off }) => ({ n, mean: off / n }));
  const square =
    offs.reduce((sum, { n, mean }) => sum + Math.max(0, mean * mean - 1 / n), 0) / Math.max(1, offs.length);
  const inside95 = inside / Math.max(1, devices);
  const meanOffStds = Math.sqrt(square);
  return {
    fromSeconds,
    toSeconds,
    devices,
    inside95,
    meanOffStds,
    spreadRatio: Math.sqrt(squares / Math.max(1, devices)),
    toldByOwnReads: change > 0 ? Math.max(0, 1 - told / change) : 0,
    holds: inside95Holds(inside95) && meanOffStds <= mostMeanOffStds,
  };
}

const conductanceBins = 8;
const fewestInBin = 50;
const leastShare = 0.03;

/** Every so many-th row. */
function thinned(parts: readonly DriftData[]): DriftData[] {
  const devices = parts.reduce((sum, { usable }) => sum + usable.length, 0);
  const every = Math.max(1, Math.ceil(devices / mostDevices));
  if (every === 1) return [...parts];
  return parts.map((data) => {
    const { devicesPerRow: perRow, usable, targetsMicrosiemens, pulsedAtMicroseconds, sweeps } = data;
    const rows = Array.from({ length: Math.ceil(usable.length / perRow / every) }, (_, k) => k * every);
    const pick = <T extends Float32Array | Float64Array | Uint8Array>(from: T): T => {
      const to = from.slice(0, rows.length * perRow) as T;
      rows.forEach((row, k) => to.set(from.subarray(row * perRow, (row + 1) * perRow), k * perRow));
      return to;
    };
    return {
      ...data,
      usable: pick(usable),
      targetsMicrosiemens: pick(targetsMicrosiemens),
      pulsedAtMicroseconds: pick(pulsedAtMicroseconds),
      sweeps: sweeps.map((sweep) => ({
        ...sweep,
        conductanceMicrosiemens: pick(sweep.conductanceMicrosiemens),
        flags: pick(sweep.flags),
        rowTimesMicroseconds: Float64Array.from(rows, (row) => sweep.rowTimesMicroseconds[row]!),
      })),
    };
  });
}

function medianAge({ sweeps, usable, pulsedAtMicroseconds, devicesPerRow }: DriftData, s: number): Seconds {
  const { rowTimesMicroseconds } = sweeps[s]!;
  const ages: number[] = [];
  for (let i = 0; i < usable.length; i += 7) {
    const age = rowTimesMicroseconds[Math.floor(i / devicesPerRow)]! - pulsedAtMicroseconds[i]!;
    if (usable[i] === 1 && age > 0) ages.push(age / microsecondsPerSecond);
  }
  ages.sort((a, b) => a - b);
  return ages[ages.length >> 1] ?? Number.NaN;
}
