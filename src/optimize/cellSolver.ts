import type { MomentTable } from "./momentTable.ts";

/**
 * The best conductances of one cell for one weight. With the drift compensation α(t) fixed, the loss of a weight
 * that asks for the signed conductance W is
 *
 *     f(g) = Σ_t ω_t [(α_t M_t − W)² + α_t² V_t],   M = Σ_i s_i m(g_i),  V = Σ_i s_i² v(g_i),
 *
 * with s_i = ±F of the device's pair: smooth, and in a box. A coarse scan of the whole box finds the valleys, a
 * projected Newton method with the exact Hessian their bottoms.
 */
export class CellSolver {
  readonly devices: number;
  readonly #table: MomentTable;
  /** ω_t, summing to 1. */
  readonly #timeWeights: Float64Array;
  readonly #factors: Float64Array;
  #compensation: Float64Array;
  #scan: Scan;
  readonly #moments: CellMoments;

  /** @param significance  F of each pair; a pair is two devices, plus and minus, side by side. */
  constructor(table: MomentTable, timeWeights: Float64Array, significance: readonly number[]) {
    this.#table = table;
    this.#timeWeights = timeWeights;
    this.#factors = Float64Array.from(significance.flatMap((factor) => [factor, -factor]));
    this.devices = this.#factors.length;
    this.#compensation = new Float64Array(table.times.length).fill(1);
    this.#moments = new CellMoments(this.devices, table.times.length);
    this.#scan = new Scan(table, this.#factors, timeWeights, this.#compensation);
  }

  /** Sets α, one a time. */
  compensate(compensation: Float64Array): void {
    this.#compensation = compensation;
    this.#scan = new Scan(this.#table, this.#factors, this.#timeWeights, compensation);
  }

  /** The loss at given conductances, µS². */
  loss(wanted: number, conductances: Float64Array): number {
    this.#evaluate(conductances);
    return this.#lossNow(wanted);
  }

  /** Searches the whole box; `start` is one more place to begin from. Returns conductances and their loss. */
  solve(wanted: number, start: Float64Array | undefined): { conductances: Float64Array; loss: number } {
    const starts = this.#scan.valleys(wanted);
    if (start) starts.push(start.slice());
    return this.#best(wanted, starts);
  }

  /** Goes downhill from one place only: what is left to do when α has moved a little. */
  refine(wanted: number, start: Float64Array): { conductances: Float64Array; loss: number } {
    return this.#best(wanted, [start.slice()]);
  }

  #best(wanted: number, starts: Float64Array[]): { conductances: Float64Array; loss: number } {
    let best: Float64Array | undefined;
    let least = Infinity;
    for (const conductances of starts) {
      const loss = this.#descend(wanted, conductances);
      if (loss < least) {
        least = loss;
        best = conductances;
      }
    }
    return { conductances: best!, loss: least };
  }

  /** Newton's method, kept in the box by projection and going downhill by damping; moves `g` and gives its loss. */
  #descend(wanted: number, g: Float64Array): number {
    const n = this.devices;
    const { gradient, hessian } = this.#moments;
    const step = new Float64Array(n);
    const trial = new Float64Array(n);
    const free = new Uint8Array(n);
    this.#evaluate(g);
    let loss = this.#lossNow(wanted);
    let damping = 0;
    for (let iteration = 0; iteration < maxIterations; iteration++) {
      this.#derive(wanted);
      let steepest = 0;
      for (let i = 0; i < n; i++) {
        const outward =
          (g[i]! <= this.#table.min && gradient[i]! > 0) || (g[i]! >= this.#table.max && gradient[i]! < 0);
        free[i] = outward ? 0 : 1;
        if (free[i]) steepest = Math.max(steepest, Math.abs(gradient[i]!));
      }
      if (steepest < flatEnough) break;
      let accepted = false;
      for (let attempt = 0; attempt < 12 && !accepted; attempt++) {
        if (solveDamped(hessian, gradient, free, damping, step)) {
          let moved = 0;
          for (let i = 0; i < n; i++) {
            trial[i] = Math.min(this.#table.max, Math.max(this.#table.min, g[i]! - step[i]!));
            moved = Math.max(moved, Math.abs(trial[i]! - g[i]!));
          }
          this.#evaluate(trial);
          const next = this.#lossNow(wanted);
          if (next < loss) {
            accepted = true;
            g.set(trial);
            loss = next;
            damping = damping > 1e-6 ? damping / 10 : 0;
            continue;
          }
          if (moved < 1e-9) break;
        }
        damping = damping === 0 ? 1e-3 : damping * 10;
      }
      if (!accepted) break;
    }
    return loss;
  }

  #evaluate(g: Float64Array): void {
    const { mean, variance, pull, bend, totalMean, totalVariance } = this.#moments;
    const table = this.#table;
    const times = table.times.length;
    totalMean.fill(0);
    totalVariance.fill(0);
    for (let i = 0; i < this.devices; i++) {
      table.at(g[i]!);
      const s = this.#factors[i]!;
      for (let t = 0; t < times; t++) {
        const k = i * times + t;
        totalMean[t]! += s * table.mean[0][t]!;
        totalVariance[t]! += s * s * table.variance[0][t]!;
        mean[k] = s * table.mean[1][t]!;
        pull[k] = s * table.mean[2][t]!;
        variance[k] = s * s * table.variance[1][t]!;
        bend[k] = s * s * table.variance[2][t]!;
      }
    }
  }

  #lossNow(wanted: number): number {
    const { totalMean, totalVariance } = this.#moments;
    let loss = 0;
    for (let t = 0; t < totalMean.length; t++) {
      const alpha = this.#compensation[t]!;
      const miss = alpha * totalMean[t]! - wanted;
      loss += this.#timeWeights[t]! * (miss * miss + alpha * alpha * totalVariance[t]!);
    }
    return loss;
  }

  #derive(wanted: number): void {
    const { mean, variance, pull, bend, totalMean, gradient, hessian } = this.#moments;
    const n = this.devices;
    const times = totalMean.length;
    gradient.fill(0);
    hessian.fill(0);
    for (let t = 0; t < times; t++) {
      const alpha = this.#compensation[t]!;
      const weight = this.#timeWeights[t]!;
      const miss = 2 * weight * alpha * (alpha * totalMean[t]! - wanted);
      const square = weight * alpha * alpha;
      for (let i = 0; i < n; i++) {
        const k = i * times + t;
        gradient[i]! += miss * mean[k]! + square * variance[k]!;
        hessian[i * n + i]! += miss * pull[k]! + square * bend[k]!;
        for (let j = 0; j <= i; j++) hessian[i * n + j]! += 2 * square * mean[k]! * mean[j * times + t]!;
      }
    }
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) hessian[j * n + i] = hessian[i * n + j]!;
  }
}

const maxIterations = 60;
/** µS: a slope that moves no conductance by what any converter sees. */
const flatEnough = 1e-7;

/** Moments of a cell and their derivatives by device and time: room that every evaluation uses again. */
class CellMoments {
  readonly totalMean: Float64Array;
  readonly totalVariance: Float64Array;
  /** First derivatives of the signed means and variances. */
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  /** Second derivatives, likewise. */
  readonly pull: Float64Array;
  readonly bend: Float64Array;
  readonly gradient: Float64Array;
  readonly hessian: Float64Array;

  constructor(devices: number, times: number) {
    this.totalMean = new Float64Array(times);
    this.totalVariance = new Float64Array(times);
    this.mean = new Float64Array(devices * times);
    this.variance = new Float64Array(devices * times);
    this.pull = new Float64Array(devices * times);
    this.bend = new Float64Array(devices * times);
    this.gradient = new Float64Array(devices);
    this.hessian = new Float64Array(devices * devices);
  }
}

/** Every cell of a coarse grid over the box, pair by pair, ready to be asked for the best ones. */
class Scan {
  readonly #levels: Float64Array;
  readonly #devices: number;
  readonly #timeWeights: Float64Array;
  /** For each pair and each two levels: Σ-able α M at each time, and the weighted α² V. */
  readonly #means: Float64Array[] = [];
  readonly #variances: Float64Array[] = [];

  constructor(
    table: MomentTable,
    factors: Float64Array,
    timeWeights: Float64Array,
    compensation: Float64Array,
  ) {
    const count = levelsFor[factors.length / 2] ?? 3;
    const times = table.times.length;
    this.#devices = factors.length;
    this.#timeWeights = timeWeights;
    // Finer near rest, where the moments bend most.
    this.#levels = Float64Array.from({ length: count }, (_, i) => {
      const share = i / (count - 1);
      return table.min + (table.max - table.min) * share * (0.5 + 0.5 * share);
    });
    const mean: Float64Array[] = [];
    const variance: Float64Array[] = [];
    for (const level of this.#levels) {
      table.at(level);
      mean.push(table.mean[0].map((m, t) => compensation[t]! * m));
      variance.push(
        table.variance[0].map((v, t) => timeWeights[t]! * compensation[t]! * compensation[t]! * v),
      );
    }
    for (let pair = 0; pair < factors.length / 2; pair++) {
      const factor = factors[2 * pair]!;
      const means = new Float64Array(count * count * times);
      const variances = new Float64Array(count * count);
      for (let a = 0; a < count; a++) {
        for (let b = 0; b < count; b++) {
          const at = a * count + b;
          for (let t = 0; t < times; t++) {
            means[at * times + t] = factor * (mean[a]![t]! - mean[b]![t]!);
            variances[at]! += factor * factor * (variance[a]![t]! + variance[b]![t]!);
          }
        }
      }
      this.#means.push(means);
      this.#variances.push(variances);
    }
  }

  /** The grid's best few cells for a weight, no two next to each other. */
  valleys(wanted: number): Float64Array[] {
    const times = this.#timeWeights.length;
    const found: { loss: number; levels: number[] }[] = [];
    const miss = new Float64Array(times).fill(-wanted);
    this.#visit(0, miss, 0, [], found);
    return found.map(({ levels }) => Float64Array.from(levels, (level) => this.#levels[level]!));
  }

  #visit(
    pair: number,
    miss: Float64Array,
    variance: number,
    chosen: number[],
    found: { loss: number; levels: number[] }[],
  ): void {
    const count = this.#levels.length;
    const times = miss.length;
    const means = this.#means[pair]!;
    const variances = this.#variances[pair]!;
    const last = 2 * (pair + 1) === this.#devices;
    for (let at = 0; at < count * count; at++) {
      let loss = variance + variances[at]!;
      if (last) {
        for (let t = 0; t < times; t++) {
          const error = miss[t]! + means[at * times + t]!;
          loss += this.#timeWeights[t]! * error * error;
        }
        if (found.length === valleysKept && loss >= found.at(-1)!.loss) continue;
        keep(found, { loss, levels: [...chosen, Math.floor(at / count), at % count] });
      } else {
        const next = miss.map((error, t) => error + means[at * times + t]!);
        this.#visit(pair + 1, next, loss, [...chosen, Math.floor(at / count), at % count], found);
      }
    }
  }
}

/** Levels a device in the scan, by the number of pairs. */
const levelsFor: Readonly<Record<number, number>> = { 1: 33, 2: 9, 3: 5, 4: 4 };
const valleysKept = 5;

function keep(found: { loss: number; levels: number[] }[], cell: { loss: number; levels: number[] }): void {
  const near = found.findIndex(({ levels }) =>
    levels.every((level, i) => Math.abs(level - cell.levels[i]!) <= 1),
  );
  if (near >= 0) {
    if (found[near]!.loss <= cell.loss) return;
    found.splice(near, 1);
  }
  found.push(cell);
  found.sort((a, b) => a.loss - b.loss);
  if (found.length > valleysKept) found.pop();
}

/**
 * Solves (H + λ diag) step = gradient over the free devices by Cholesky's method.
 *
 * @returns false when the damped Hessian is not positive definite.
 */
function solveDamped(
  hessian: Float64Array,
  gradient: Float64Array,
  free: Uint8Array,
  damping: number,
  step: Float64Array,
): boolean {
  const n = gradient.length;
  const factor = new Float64Array(n * n);
  step.fill(0);
  for (let i = 0; i < n; i++) {
    if (!free[i]) continue;
    for (let j = 0; j <= i; j++) {
      if (!free[j]) continue;
      let sum = hessian[i * n + j]! + (i === j ? damping * (1 + Math.abs(hessian[i * n + i]!)) : 0);
      for (let k = 0; k < j; k++) if (free[k]) sum -= factor[i * n + k]! * factor[j * n + k]!;
      if (i === j) {
        if (sum <= 1e-12) return false;
        factor[i * n + i] = Math.sqrt(sum);
      } else {
        factor[i * n + j] = sum / factor[j * n + j]!;
      }
    }
  }
  for (let i = 0; i < n; i++) {
    if (!free[i]) continue;
    let sum = gradient[i]!;
    for (let k = 0; k < i; k++) if (free[k]) sum -= factor[i * n + k]! * step[k]!;
    step[i] = sum / factor[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    if (!free[i]) continue;
    let sum = step[i]!;
    for (let k = i + 1; k < n; k++) if (free[k]) sum -= factor[k * n + i]! * step[k]!;
    step[i] = sum / factor[i * n + i]!;
  }
  return true;
}
