import type { DeviceModel } from "../model/deviceModel.ts";
import { verdicts } from "../program/method.ts";
import { quantile } from "../statistics.ts";
import type { Microsiemens, Seconds } from "../units.ts";
import { ageOf, type SweepTable } from "./sweepTable.ts";

/** Devices of about the same conductance, as they went on; shares of what each of them read first. */
export interface DriftBand {
  readonly fromMicrosiemens: Microsiemens;
  readonly toMicrosiemens: Microsiemens;
  readonly devices: number;
  /** Median of what they read first. */
  readonly startMicrosiemens: Microsiemens;
  readonly points: readonly DriftPoint[];
}

export interface DriftPoint {
  readonly ageSeconds: Seconds;
  readonly quarter: number;
  readonly median: number;
  readonly threeQuarters: number;
  /** What a model expects of the middle of the band; NaN beyond the times that it knows. */
  readonly expected: number;
}

const bandCount = 4;
/** Beneath this share of the range, shares are mostly noise. */
const leastShare = 0.08;
const fewestDevices = 20;

/**
 * How one tile's devices drift, in bands of what they read first.
 *
 * @param tables  of the tile, in the order in which they were taken.
 * @returns none of fewer than three sweeps, and no band of too few devices.
 */
export function driftBands(tables: Iterable<SweepTable>, model: DeviceModel): DriftBand[] {
  const course = new DriftCourse(model);
  for (const table of tables) course.add(table);
  return course.bands();
}

/** The same, sweep by sweep: of the readings it keeps the first sweep's alone, however many follow. */
export class DriftCourse {
  readonly #model: DeviceModel;
  readonly #mostPoints: number;
  #bands: readonly BandCourse[] = [];
  #sweeps = 0;

  /** @param mostPoints  kept of a band, 3 or more: the first, the newest, and others as evenly over log time as they were taken. */
  constructor(model: DeviceModel, mostPoints = Number.POSITIVE_INFINITY) {
    this.#model = model;
    this.#mostPoints = mostPoints;
  }

  /** Takes in the tile's next sweep, with the verdicts that its devices have by then. */
  add(table: SweepTable): void {
    if (this.#sweeps === 0) this.#bands = bandsOf(table, this.#model);
    this.#sweeps++;
    for (const band of this.#bands) {
      const point = pointOf(band, table, this.#model);
      // Devices whose last pulse is not known have no place on the axis of ages.
      if (Number.isNaN(point.ageSeconds)) continue;
      band.points.push(point);
      if (band.points.length > this.#mostPoints) band.points.splice(mostCrowded(band.points), 1);
    }
  }

  /** None before the third sweep, and no band of too few devices. */
  bands(): DriftBand[] {
    if (this.#sweeps < 3) return [];
    const enough = this.#bands.filter(({ points }) => points.length >= 3);
    return enough.map(({ fromMicrosiemens, toMicrosiemens, devices, startedMicrosiemens, points }) => ({
      fromMicrosiemens,
      toMicrosiemens,
      devices: devices.length,
      startMicrosiemens: quantile(startedMicrosiemens.slice().sort(), 0.5),
      points: points.slice(),
    }));
  }
}

interface BandCourse {
  readonly fromMicrosiemens: Microsiemens;
  readonly toMicrosiemens: Microsiemens;
  /** Places in the tile's arrays. */
  readonly devices: Uint32Array;
  readonly startedMicrosiemens: Float32Array;
  readonly firstAgeSeconds: Seconds;
  readonly points: DriftPoint[];
  /** Room to sort in, one entry a device. */
  readonly scratch: Float32Array;
}

function bandsOf(first: SweepTable, { maxConductanceMicrosiemens: max }: DeviceModel): BandCourse[] {
  const least = leastShare * max;
  const width = (max - least) / bandCount;
  const { conductanceMicrosiemens: started, flags } = first.sweep;
  return Array.from({ length: bandCount }, (_, band): BandCourse | undefined => {
    const [from, to] = [least + band * width, least + (band + 1) * width];
    const places: number[] = [];
    started.forEach((g, i) => {
      const settled = first.verdicts[i] === verdicts.accepted || first.verdicts[i] === verdicts.unverified;
      if (settled && g >= from && g < to && flags[i] === 0) places.push(i);
    });
    if (places.length < fewestDevices) return undefined;
    const devices = Uint32Array.from(places);
    return {
      fromMicrosiemens: from,
      toMicrosiemens: to,
      devices,
      startedMicrosiemens: Float32Array.from(devices, (i) => started[i]!),
      firstAgeSeconds: medianAge(first, devices),
      points: [],
      scratch: new Float32Array(devices.length),
    };
  }).filter((band) => band !== undefined);
}

function pointOf(band: BandCourse, table: SweepTable, model: DeviceModel): DriftPoint {
  const { devices, startedMicrosiemens, firstAgeSeconds, scratch } = band;
  const { conductanceMicrosiemens: now } = table.sweep;
  for (let k = 0; k < devices.length; k++) scratch[k] = now[devices[k]!]! / startedMicrosiemens[k]!;
  scratch.sort();
  const [quarter, median, threeQuarters] = [0.25, 0.5, 0.75].map((share) => quantile(scratch, share));
  const ageSeconds = medianAge(table, devices);
  const middle = (band.fromMicrosiemens + band.toMicrosiemens) / 2;
  return {
    ageSeconds,
    quarter: quarter!,
    median: median!,
    threeQuarters: threeQuarters!,
    expected: expectedShare(model, middle, firstAgeSeconds, ageSeconds),
  };
}

/** The point that is missed least: whose neighbours lie closest in log time. */
function mostCrowded(points: readonly DriftPoint[]): number {
  let [found, least] = [1, Number.POSITIVE_INFINITY];
  for (let i = 1; i < points.length - 1; i++) {
    const gap = points[i + 1]!.ageSeconds / points[i - 1]!.ageSeconds;
    if (gap < least) [found, least] = [i, gap];
  }
  return found;
}

/**
 * By the mean exponent, from the onset on; of devices without one by the model's own moments. NaN beyond the times that the model
 * knows, and where an age is unknown.
 */
function expectedShare(model: DeviceModel, target: Microsiemens, firstAge: Seconds, age: Seconds): number {
  const { onsetSeconds, timeZeroSeconds } = model;
  const exponent = model.driftExponentMean(target);
  if (exponent > 0) return Math.exp(-exponent * Math.log((age + onsetSeconds) / (firstAge + onsetSeconds)));
  const { from, to } = model.knownTimesSeconds;
  const [first, now] = [firstAge - timeZeroSeconds, age - timeZeroSeconds];
  const known = first >= from && now <= to;
  return known ? model.mean(target, now) / model.mean(target, first) : Number.NaN;
}

/** Of evenly chosen devices: they were pulsed and read row by row, and their ages hardly differ. */
function medianAge(table: SweepTable, devices: Uint32Array): Seconds {
  const every = Math.ceil(devices.length / mostAges);
  const ages = new Float32Array(Math.ceil(devices.length / every));
  for (let k = 0; k < ages.length; k++) ages[k] = ageOf(table, devices[k * every]!);
  return quantile(ages.sort(), 0.5);
}

const mostAges = 256;
