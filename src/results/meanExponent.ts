import { verdicts } from "../program/method.ts";
import type { Seconds } from "../units.ts";
import type { LineLaw } from "./driftLines.ts";
import { ageOf, type SweepTable } from "./sweepTable.ts";

/**
 * The mean drift exponent ν of a run's devices, from the mean of their logarithms in each sweep, so that it takes no memory of the devices:
 *
 *     mean ln G = const − ν · mean ln(age + onset)
 *
 * by least squares over the sweeps of each tile; tiles count by their devices. For maps and lists: `mho fit` has ν of every device.
 */
export class MeanExponent {
  readonly #law: LineLaw;
  readonly #tiles = new Map<number, Point[]>();

  constructor(law: LineLaw) {
    this.#law = law;
  }

  /** Devices count that were accepted, or never looked at, and that are meant to conduct a tenth of the range or more. */
  add(table: SweepTable): void {
    const { sweep, targetsMicrosiemens: targets, verdicts: given } = table;
    const least = leastShare * this.#law.maxConductanceMicrosiemens;
    let [devices, x, y, first, last] = [0, 0, 0, Infinity, -Infinity];
    for (let i = 0; i < targets.length; i++) {
      if (given[i] !== verdicts.accepted && given[i] !== verdicts.unverified) continue;
      if (!(targets[i]! >= least) || sweep.flags[i] !== 0) continue;
      const age = ageOf(table, i);
      const logAge = Math.log(age + this.#law.onsetSeconds);
      const log = Math.log(sweep.conductanceMicrosiemens[i]!);
      if (!Number.isFinite(logAge) || !Number.isFinite(log)) continue;
      devices++;
      x += logAge;
      y += log;
      if (age < first) first = age;
      if (age > last) last = age;
    }
    if (devices === 0) return;
    const points = this.#tiles.get(sweep.tile) ?? [];
    this.#tiles.set(sweep.tile, points);
    points.push({ devices, x: x / devices, y: y / devices, first, last });
  }

  /** Undefined where no tile was read at three ages over a factor of ten. */
  value(): number | undefined {
    let [sum, weight] = [0, 0];
    for (const points of this.#tiles.values()) {
      const exponent = this.#exponentOf(points);
      if (exponent === undefined) continue;
      const devices = Math.max(...points.map((point) => point.devices));
      sum += devices * exponent;
      weight += devices;
    }
    return weight === 0 ? undefined : sum / weight;
  }

  #exponentOf(points: readonly Point[]): number | undefined {
    const { onsetSeconds: onset } = this.#law;
    const first = Math.min(...points.map((point) => point.first));
    const last = Math.max(...points.map((point) => point.last));
    if (points.length < fewestReads || Math.log((last + onset) / (first + onset)) < shortestStretch)
      return undefined;
    const mean = (of: (point: Point) => number): number =>
      points.reduce((sum, point) => sum + of(point), 0) / points.length;
    const [x, y] = [mean((point) => point.x), mean((point) => point.y)];
    const spread = mean((point) => (point.x - x) * (point.x - x));
    return -mean((point) => (point.x - x) * (point.y - y)) / spread;
  }
}

interface Point {
  readonly devices: number;
  /** Means over them: ln(age + onset), and ln of the conductance in µS. */
  readonly x: number;
  readonly y: number;
  readonly first: Seconds;
  readonly last: Seconds;
}

/** Beneath this share of the range, reads are mostly noise, whose logarithm has another mean. */
const leastShare = 0.1;
const fewestReads = 3;
const shortestStretch = Math.log(10);
