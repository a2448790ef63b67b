import type { MovedDevices } from "./movedDevices.ts";
import type { Moments } from "./trimMoments.ts";
import type { TrimTask } from "./trimTask.ts";

/** A device of a cell that is to be moved, and to which of the targets. */
export interface Move {
  readonly device: number;
  readonly place: number;
}

/** A visit to a device must win this share of the smallest harm a pulse can do, and of the cell's error. */
const leastGain = 0.3;
const leastGainShare = 0.05;

/**
 * Finds which device of a cell to move, and to what, so that its error over the times is least. To move a second one as well, both aimed
 * together, was found to win 1 % of the error.
 */
export class CellMoves {
  readonly #task: TrimTask;
  readonly #now: Moments;
  readonly #moved: MovedDevices;
  /** Of the cell as it is considered, at each time: by how much its mean misses the weight, and its variance. */
  readonly #miss: Float64Array;
  readonly #variance: Float64Array;
  /** Weights of the times, α² included. */
  readonly #weights: Float64Array;

  constructor(task: TrimTask, now: Moments, moved: MovedDevices) {
    const times = task.timesSeconds.length;
    this.#task = task;
    this.#now = now;
    this.#moved = moved;
    this.#miss = new Float64Array(times);
    this.#variance = new Float64Array(times);
    this.#weights = new Float64Array(times);
  }

  /**
   * The move of a cell that pays most; none where none pays.
   *
   * @param alpha  the factor of the tile at each time.
   */
  best(cell: number, alpha: Float64Array): Move | undefined {
    const { cells, movable, timeWeights } = this.#task;
    const { devicesPerCell, factors, wantedMicrosiemens } = cells;
    const wanted = wantedMicrosiemens[cell]!;
    if (Number.isNaN(wanted)) return undefined;
    const first = cell * devicesPerCell;
    alpha.forEach((a, t) => {
      this.#weights[t] = timeWeights[t]! * a * a;
      this.#miss[t] = -wanted / a;
      this.#variance[t] = 0;
    });
    for (let d = 0; d < devicesPerCell; d++) this.#add(factors[d]!, this.#now, first + d, 1);
    const loss = this.#loss();
    let best: Move | undefined;
    let least = loss - Math.max(leastGain * this.#moved.harm, leastGainShare * loss);
    for (let device = 0; device < devicesPerCell; device++) {
      const factor = factors[device]!;
      if (factor === 0 || movable[first + device] === 0) continue;
      this.#instead(factor, this.#now, this.#moved.carried, first + device);
      const found = this.#bestPlace(factor, least);
      this.#instead(factor, this.#moved.carried, this.#now, first + device);
      if (found === undefined) continue;
      least = found.loss;
      best = { device, place: found.place };
    }
    return best;
  }

  #instead(factor: number, out: Moments, into: Moments, device: number): void {
    this.#add(factor, out, device, -1);
    this.#add(factor, into, device, 1);
  }

  #add(factor: number, { mean, variance }: Moments, row: number, sign: 1 | -1): void {
    if (factor === 0) return;
    const times = this.#miss.length;
    for (let t = 0; t < times; t++) {
      this.#miss[t]! += sign * factor * mean[row * times + t]!;
      this.#variance[t]! += sign * factor * factor * variance[row * times + t]!;
    }
  }

  #loss(): number {
    let loss = 0;
    for (let t = 0; t < this.#miss.length; t++)
      loss += this.#weights[t]! * (this.#miss[t]! * this.#miss[t]! + this.#variance[t]!);
    return loss;
  }

  /** The target that leaves the least, if that is less than `most`, for a device that was taken out. */
  #bestPlace(factor: number, most: number): { place: number; loss: number } | undefined {
    const { targets, byTarget } = this.#moved;
    const { mean, variance } = byTarget;
    const times = this.#miss.length;
    const square = factor * factor;
    let [best, least] = [-1, most];
    for (let place = 0; place < targets.length; place++) {
      let loss = 0;
      for (let t = 0; t < times; t++) {
        const m = this.#miss[t]! + factor * mean[place * times + t]!;
        loss += this.#weights[t]! * (m * m + this.#variance[t]! + square * variance[place * times + t]!);
        if (loss >= least) break;
      }
      if (loss < least) [best, least] = [place, loss];
    }
    return best < 0 ? undefined : { place: best, loss: least };
  }
}
