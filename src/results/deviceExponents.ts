import type { DeviceModel } from "../model/deviceModel.ts";
import { verdicts } from "../program/method.ts";
import { quantile } from "../statistics.ts";
import type { Microsiemens } from "../units.ts";
import { ageOf, type SweepTable } from "./sweepTable.ts";

/** Drift exponents of devices of about the same conductance, as they were measured one by one. */
export interface ExponentBin {
  /** Median at the reference age. */
  readonly conductanceMicrosiemens: Microsiemens;
  readonly devices: number;
  readonly quarter: number;
  readonly median: number;
  readonly threeQuarters: number;
}

const binCount = 12;
/** Beneath this share of the range a device reads mostly noise. */
const leastShare = 0.04;
const fewestDevices = 20;
const fewestReads = 3;
/** A shorter stretch of ln age tells noise from drift no more. */
const shortestStretch = Math.log(10);
/** Of more devices the laws are no clearer. */
const mostDevices = 300_000;

/**
 * The exponent of every device by a straight line through ln G against ln(age + onset), read by read, without weights: it needs no
 * belief but that drift is a power law. Read noise widens it; `mho fit` takes that out.
 */
export class DeviceExponents {
  readonly #model: DeviceModel;
  readonly #tiles = new Map<number, Sums>();
  #devices = 0;

  constructor(model: DeviceModel) {
    this.#model = model;
  }

  add(table: SweepTable): void {
    const { sweep, verdicts: given } = table;
    const { tile, conductanceMicrosiemens, flags } = sweep;
    let sums = this.#tiles.get(tile);
    if (sums === undefined) {
      if (this.#devices > 0 && this.#devices + given.length > mostDevices) return;
      this.#devices += given.length;
      sums = sumsFor(given.length);
      this.#tiles.set(tile, sums);
    }
    for (let i = 0; i < given.length; i++) {
      if (given[i] !== verdicts.accepted && given[i] !== verdicts.unverified) continue;
      const x = Math.log(ageOf(table, i) + this.#model.onsetSeconds);
      const y = Math.log(conductanceMicrosiemens[i]!);
      if (flags[i] !== 0 || !Number.isFinite(x) || !Number.isFinite(y)) continue;
      sums.reads[i]!++;
      sums.x[i]! += x;
      sums.y[i]! += y;
      sums.xx[i]! += x * x;
      sums.xy[i]! += x * y;
      if (x < sums.least[i]!) sums.least[i] = x;
      if (x > sums.most[i]!) sums.most[i] = x;
    }
  }

  /** None of devices that were read less than three times, or over less than a decade; no bin of too few. */
  bins(): ExponentBin[] {
    const { maxConductanceMicrosiemens: max, referenceAgeSeconds, onsetSeconds } = this.#model;
    const reference = Math.log(referenceAgeSeconds + onsetSeconds);
    const width = ((1 - leastShare) * max) / binCount;
    const found = Array.from({ length: binCount }, () => ({ g: [] as number[], exponent: [] as number[] }));
    for (const { reads, x, y, xx, xy, least, most } of this.#tiles.values()) {
      for (let i = 0; i < reads.length; i++) {
        const n = reads[i]!;
        if (n < fewestReads || most[i]! - least[i]! < shortestStretch) continue;
        const slope = (n * xy[i]! - x[i]! * y[i]!) / (n * xx[i]! - x[i]! * x[i]!);
        const g = Math.exp(y[i]! / n + slope * (reference - x[i]! / n));
        const bin = found[Math.floor((g - leastShare * max) / width)];
        bin?.g.push(g);
        bin?.exponent.push(-slope);
      }
    }
    return found
      .filter(({ g }) => g.length >= fewestDevices)
      .map(({ g, exponent }) => {
        const sorted = Float32Array.from(exponent).sort();
        return {
          conductanceMicrosiemens: quantile(Float32Array.from(g).sort(), 0.5),
          devices: g.length,
          quarter: quantile(sorted, 0.25),
          median: quantile(sorted, 0.5),
          threeQuarters: quantile(sorted, 0.75),
        };
      });
  }
}

/** One entry a device: how often it was read, and sums over its reads of x = ln(age + onset) and y = ln G. */
interface Sums {
  readonly reads: Uint16Array;
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly xx: Float64Array;
  readonly xy: Float64Array;
  readonly least: Float64Array;
  readonly most: Float64Array;
}

function sumsFor(devices: number): Sums {
  const zeros = (): Float64Array => new Float64Array(devices);
  return {
    reads: new Uint16Array(devices),
    x: zeros(),
    y: zeros(),
    xx: zeros(),
    xy: zeros(),
    least: zeros().fill(Infinity),
    most: zeros().fill(-Infinity),
  };
}
