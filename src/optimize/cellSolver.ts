import { normalDensity, normalDistribution } from "../model/normal.ts";
import { CellScan } from "./cellScan.ts";
import { DampedNewton } from "./dampedNewton.ts";
import type { MomentTable, SignedMoments } from "./momentTable.ts";
import { type CompensationRule, meanAbsolute } from "./prediction.ts";

/**
 * The best conductances of one cell for one weight. With the drift compensation α(t) fixed, the loss of a weight
 * that asks for the signed conductance W is
 *
 *     f(g) = Σ_t ω_t [(α_t M_t − W)² + α_t² V_t],   M = Σ_i s_i m(g_i),  V = Σ_i s_i² v(g_i),
 *
 * with s_i = ±F of the device's pair: smooth, and in a box. Where the two devices of a pair share a part c of their
 * drift, V is less by 2 c F² d(g+) d(g−), d being the standard deviation that drift makes. A coarse scan of the whole box finds the valleys, a
 * projected Newton method with the exact Hessian their bottoms.
 */
export class CellSolver {
  readonly devices: number;
  readonly #table: MomentTable;
  /** ω_t, summing to 1. */
  readonly #timeWeights: Float64Array;
  readonly #factors: Float64Array;
  /** c: the correlation of the drift of a pair's two devices. */
  readonly #shared: number;
  #compensation: Float64Array;
  #pull: Pull | undefined;
  /** For these α; made when it is asked for. */
  #scan: CellScan | undefined;
  readonly #moments: CellMoments;
  readonly #newton: DampedNewton;

  /** @param significance  F of each pair; a pair is two devices, plus and minus, side by side. */
  constructor(
    table: MomentTable,
    timeWeights: Float64Array,
    significance: readonly number[],
    pairDriftCorrelation = 0,
  ) {
    this.#table = table;
    this.#shared = pairDriftCorrelation;
    this.#timeWeights = timeWeights;
    this.#factors = Float64Array.from(significance.flatMap((factor) => [factor, -factor]));
    this.devices = this.#factors.length;
    this.#compensation = new Float64Array(table.times.length).fill(1);
    this.#moments = new CellMoments(this.devices, table.times.length);
    this.#newton = new DampedNewton(this.devices);
  }

  /** Sets α, one a time. */
  compensate(compensation: Float64Array): void {
    this.#compensation = compensation;
    this.#pull = undefined;
    this.#scan = undefined;
  }

  /** Sets α and how it follows the cells, for `refine` only: the loss is then right to first order where α moves with them. */
  follow(compensation: Float64Array, pull: Pull): void {
    this.#compensation = compensation;
    this.#pull = pull;
  }

  /** The loss at given conductances, µS². */
  loss(wanted: number, conductances: Float64Array): number {
    this.#evaluate(conductances);
    return this.#lossNow(wanted);
  }

  /** Searches the whole box; `start` is one more place to begin from. Returns conductances and their loss. */
  solve(wanted: number, start: Float64Array | undefined): { conductances: Float64Array; loss: number } {
    this.#scan ??= new CellScan(
      this.#table,
      this.#factors,
      this.#timeWeights,
      this.#compensation,
      this.#shared,
    );
    const starts = this.#scan.valleys(wanted);
    // First, so that it wins a tie: curves of neighbouring weights then follow one valley.
    if (start) starts.unshift(start.slice());
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
      if (loss < least - worthAJump * (best === undefined ? 0 : least)) {
        least = loss;
        best = conductances;
      }
    }
    return { conductances: best!, loss: least };
  }

  /** Newton's method, kept in the box by projection and going downhill by damping; moves `g` and gives its loss. */
  #descend(wanted: number, g: Float64Array): number {
    const n = this.devices;
    const { gradient, hessian, step, trial, free } = this.#moments;
    const { min, max } = this.#table;
    this.#evaluate(g);
    let loss = this.#lossNow(wanted);
    let damping = 0;
    for (let iteration = 0; iteration < maxIterations; iteration++) {
      this.#derive(wanted);
      let steepest = 0;
      for (let i = 0; i < n; i++) {
        const outward = (g[i]! <= min && gradient[i]! > 0) || (g[i]! >= max && gradient[i]! < 0);
        free[i] = outward ? 0 : 1;
        if (free[i]) steepest = Math.max(steepest, Math.abs(gradient[i]!));
      }
      if (steepest < flatEnough) break;
      let accepted = false;
      for (let attempt = 0; attempt < 12 && !accepted; attempt++) {
        if (this.#newton.solve(hessian, gradient, free, damping, step)) {
          let moved = 0;
          for (let i = 0; i < n; i++) {
            trial[i] = Math.min(max, Math.max(min, g[i]! - step[i]!));
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
    const moments = this.#moments;
    moments.totalMean.fill(0);
    moments.totalVariance.fill(0);
    moments.nominal = 0;
    for (let i = 0; i < this.devices; i++) {
      moments.nominal += this.#factors[i]! * g[i]!;
      this.#table.addTo(moments, i, this.#factors[i]!, g[i]!);
    }
    if (this.#shared !== 0) for (let i = 0; i < this.devices; i += 2) this.#shareDrift(i, g[i]!, g[i + 1]!);
  }

  /** Takes from the variance of the pair of devices i and i + 1 what they have in common. */
  #shareDrift(i: number, plus: number, minus: number): void {
    const { variance, bend, shared, totalVariance } = this.#moments;
    const table = this.#table;
    const times = table.times.length;
    const factor = -2 * this.#shared * this.#factors[i]! * this.#factors[i]!;
    const [std, slope, curvature] = table.driftStd;
    const store = this.#moments.plusDrift;
    table.driftAt(plus);
    for (let t = 0; t < times; t++) {
      store[3 * t] = std[t]!;
      store[3 * t + 1] = slope[t]!;
      store[3 * t + 2] = curvature[t]!;
    }
    table.driftAt(minus);
    for (let t = 0; t < times; t++) {
      const [p, p1, p2] = [store[3 * t]!, store[3 * t + 1]!, store[3 * t + 2]!];
      totalVariance[t]! += factor * p * std[t]!;
      variance[i * times + t]! += factor * p1 * std[t]!;
      variance[(i + 1) * times + t]! += factor * p * slope[t]!;
      bend[i * times + t]! += factor * p2 * std[t]!;
      bend[(i + 1) * times + t]! += factor * p * curvature[t]!;
      shared[(i / 2) * times + t] = factor * p1 * slope[t]!;
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
    return this.#pull === undefined ? loss : loss + this.#pulled(this.#pull);
  }

  /** Σ_t μ_t (A − α_t B). */
  #pulled({ strength, rule }: Pull): number {
    const { totalMean, totalVariance, nominal } = this.#moments;
    let sum = 0;
    for (let t = 0; t < totalMean.length; t++) {
      const [m, v, alpha] = [totalMean[t]!, totalVariance[t]!, this.#compensation[t]!];
      sum +=
        strength[t]! *
        (rule === "least-squares"
          ? nominal * m - alpha * (m * m + v)
          : Math.abs(nominal) - alpha * meanAbsolute(m, v));
    }
    return sum;
  }

  #derivePull({ strength, rule }: Pull): void {
    const { mean, variance, pull, bend, totalMean, totalVariance, nominal, gradient, hessian } =
      this.#moments;
    const n = this.devices;
    const times = totalMean.length;
    for (let t = 0; t < times; t++) {
      const [m, v, alpha, mu] = [totalMean[t]!, totalVariance[t]!, this.#compensation[t]!, strength[t]!];
      const std = Math.sqrt(Math.max(0, v));
      const z = std === 0 ? 0 : m / std;
      // Of B by m, by v, and twice by m.
      const [byMean, byVariance, twice] =
        rule === "least-squares"
          ? [2 * m, 1, 2]
          : [
              1 - 2 * normalDistribution(-z),
              normalDensity(z) / Math.max(std, 1e-9),
              (2 * normalDensity(z)) / Math.max(std, 1e-9),
            ];
      const [onNominal, onMean] = rule === "least-squares" ? [m, nominal] : [Math.sign(nominal), 0];
      for (let i = 0; i < n; i++) {
        const k = i * times + t;
        const s = this.#factors[i]!;
        gradient[i]! +=
          mu * (onNominal * s + onMean * mean[k]! - alpha * (byMean * mean[k]! + byVariance * variance[k]!));
        hessian[i * n + i]! += mu * (onMean * pull[k]! - alpha * (byMean * pull[k]! + byVariance * bend[k]!));
        for (let j = 0; j <= i; j++) {
          const l = j * times + t;
          const shared = rule === "least-squares" ? s * mean[l]! + this.#factors[j]! * mean[k]! : 0;
          hessian[i * n + j]! += mu * (shared - alpha * twice * mean[k]! * mean[l]!);
        }
      }
    }
  }

  #derive(wanted: number): void {
    const { mean, variance, pull, bend, shared, totalMean, gradient, hessian, misses, squares } =
      this.#moments;
    const n = this.devices;
    const times = totalMean.length;
    for (let t = 0; t < times; t++) {
      const alpha = this.#compensation[t]!;
      const weight = this.#timeWeights[t]!;
      misses[t] = 2 * weight * alpha * (alpha * totalMean[t]! - wanted);
      squares[t] = weight * alpha * alpha;
    }
    for (let i = 0; i < n; i++) {
      const from = i * times;
      let slope = 0;
      let own = 0;
      for (let t = 0; t < times; t++) {
        const m = mean[from + t]!;
        const square = squares[t]!;
        slope += misses[t]! * m + square * variance[from + t]!;
        own += misses[t]! * pull[from + t]! + square * bend[from + t]!;
        own += 2 * square * m * m;
      }
      gradient[i] = slope;
      hessian[i * n + i] = own;
      for (let j = 0; j < i; j++) {
        const other = j * times;
        const ofPair = this.#shared !== 0 && i % 2 === 1 && j === i - 1;
        let both = 0;
        for (let t = 0; t < times; t++) {
          both += 2 * squares[t]! * mean[from + t]! * mean[other + t]!;
          if (ofPair) both += squares[t]! * shared[(j / 2) * times + t]!;
        }
        hessian[i * n + j] = both;
      }
    }
    if (this.#pull !== undefined) this.#derivePull(this.#pull);
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) hessian[j * n + i] = hessian[i * n + j]!;
  }
}

/** How α follows what cells are given: μ at each time, and the rule that it is found by. */
export interface Pull {
  readonly strength: Float64Array;
  readonly rule: CompensationRule;
}

const maxIterations = 60;
/** Relative gain for which a curve may leave the valley that it follows. */
const worthAJump = 0;
/** µS: a slope that moves no conductance by what any converter sees. */
const flatEnough = 1e-7;

/** Moments of a cell and their derivatives by device and time: room that every evaluation uses again. */
class CellMoments implements SignedMoments {
  /** W, µS. */
  nominal = 0;
  readonly totalMean: Float64Array;
  readonly totalVariance: Float64Array;
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  readonly pull: Float64Array;
  readonly bend: Float64Array;
  /** Mixed second derivative of a pair's shared variance, by pair and time. */
  readonly shared: Float64Array;
  /** Drift of the plus device: value, slope and curvature, by time. */
  readonly plusDrift: Float64Array;
  /** Of the loss: what each µS of M counts at each time, and each µS² of V. */
  readonly misses: Float64Array;
  readonly squares: Float64Array;
  readonly gradient: Float64Array;
  readonly hessian: Float64Array;
  /** Of a descent: its step, the place that it leads to, and the devices that may move. */
  readonly step: Float64Array;
  readonly trial: Float64Array;
  readonly free: Uint8Array;

  constructor(devices: number, times: number) {
    this.totalMean = new Float64Array(times);
    this.totalVariance = new Float64Array(times);
    this.mean = new Float64Array(devices * times);
    this.variance = new Float64Array(devices * times);
    this.pull = new Float64Array(devices * times);
    this.bend = new Float64Array(devices * times);
    this.shared = new Float64Array((devices / 2) * times);
    this.plusDrift = new Float64Array(3 * times);
    this.misses = new Float64Array(times);
    this.squares = new Float64Array(times);
    this.gradient = new Float64Array(devices);
    this.hessian = new Float64Array(devices * devices);
    this.step = new Float64Array(devices);
    this.trial = new Float64Array(devices);
    this.free = new Uint8Array(devices);
  }
}
