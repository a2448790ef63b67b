import type { MomentTable } from "./momentTable.ts";

/**
 * Every cell of a coarse grid over the box, pair by pair, ready to be asked for the best ones.
 *
 * Most cells are never looked at. With e_t the miss α_t M_t − W, a mean square is no less than the square of the mean,
 *
 *     Σ_t ω_t e_t² ≥ (Σ_t ω_t e_t)² / Σ_t ω_t,
 *
 * so that the mean miss and the variance alone rule most of them out, and a range of means whole branches of the grid.
 */
export class CellScan {
  readonly #levels: Float64Array;
  readonly #timeWeights: Float64Array;
  readonly #pairs: readonly ScannedPair[];
  /** Of the pairs from each on: the least that they add to the variance, and how far their mean goes either way. */
  readonly #rest: readonly { readonly variance: number; readonly mean: number }[];
  /** The miss at each time, with what the pairs before have, and the level chosen of each device: room for every branch. */
  readonly #miss: readonly Float64Array[];
  readonly #chosen: Uint8Array;
  #found: Valley[] = [];
  /** A cell whose loss is not below this is not among the best. */
  #worst = Infinity;

  /** @param shared  c: the correlation of the drift of a pair's two devices. */
  constructor(
    table: MomentTable,
    factors: Float64Array,
    timeWeights: Float64Array,
    compensation: Float64Array,
    shared: number,
  ) {
    const pairs = factors.length / 2;
    const count = levelsFor[pairs] ?? 2;
    const times = table.times.length;
    this.#timeWeights = timeWeights;
    // Finer near rest, where the moments bend most.
    this.#levels = Float64Array.from({ length: count }, (_, i) => {
      const share = i / (count - 1);
      return table.min + (table.max - table.min) * share * (0.5 + 0.5 * share);
    });
    const mean: Float64Array[] = [];
    const variance: Float64Array[] = [];
    /** sqrt(ω) α d at each time, so that a product of two is what a pair shares. */
    const drift: Float64Array[] = [];
    for (const level of this.#levels) {
      table.valuesAt(level);
      mean.push(table.mean[0].map((m, t) => compensation[t]! * m));
      variance.push(
        table.variance[0].map((v, t) => timeWeights[t]! * compensation[t]! * compensation[t]! * v),
      );
      if (shared !== 0) table.driftAt(level);
      drift.push(table.driftStd[0].map((d, t) => Math.sqrt(timeWeights[t]!) * compensation[t]! * d));
    }
    this.#pairs = Array.from({ length: pairs }, (_, pair) => {
      const factor = factors[2 * pair]!;
      const means = new Float64Array(count * count * times);
      const variances = new Float64Array(count * count);
      for (let a = 0; a < count; a++) {
        for (let b = 0; b < count; b++) {
          const at = a * count + b;
          for (let t = 0; t < times; t++) {
            means[at * times + t] = factor * (mean[a]![t]! - mean[b]![t]!);
            const common = 2 * shared * drift[a]![t]! * drift[b]![t]!;
            variances[at]! += factor * factor * (variance[a]![t]! + variance[b]![t]! - common);
          }
        }
      }
      return { means, variances, overTime: variances.map((_v, at) => this.#overTime(means, at * times)) };
    });
    const rest = [{ variance: 0, mean: 0 }];
    for (const { variances, overTime } of this.#pairs.toReversed()) {
      rest.unshift({
        variance: rest[0]!.variance + Math.min(...variances),
        mean: rest[0]!.mean + Math.max(...overTime.map(Math.abs)),
      });
    }
    this.#rest = rest;
    this.#miss = this.#pairs.map(() => new Float64Array(times));
    this.#chosen = new Uint8Array(2 * pairs);
  }

  /** The grid's best few cells for a weight, no two next to each other. */
  valleys(wanted: number): Float64Array[] {
    // Weights are asked for in order: what was too much for the last one mostly is for this one. If not, without.
    for (const limit of [2 * this.#worst, Infinity]) {
      this.#found = [];
      this.#worst = limit;
      this.#miss[0]!.fill(-wanted);
      this.#visit(0, 0);
      if (this.#found.length === valleysKept || limit === Infinity) break;
    }
    return this.#found.map(({ levels }) => Float64Array.from(levels, (level) => this.#levels[level]!));
  }

  #visit(pair: number, variance: number): void {
    const { means, variances, overTime } = this.#pairs[pair]!;
    const rest = this.#rest[pair + 1]!;
    const isLast = pair + 1 === this.#pairs.length;
    const count = this.#levels.length;
    const miss = this.#miss[pair]!;
    const times = miss.length;
    const missed = this.#overTime(miss, 0);
    for (let at = 0; at < variances.length; at++) {
      const least = Math.max(0, Math.abs(missed + overTime[at]!) - rest.mean - roundedOff);
      const sum = variance + variances[at]!;
      if (certain * (sum + rest.variance + least * least) >= this.#worst) continue;
      if (isLast) {
        const loss = this.#lossOf(sum, miss, means, at * times);
        if (loss < this.#worst) this.#keep(loss, at);
        continue;
      }
      const next = this.#miss[pair + 1]!;
      for (let t = 0; t < times; t++) next[t] = miss[t]! + means[at * times + t]!;
      this.#chosen[2 * pair] = Math.floor(at / count);
      this.#chosen[2 * pair + 1] = at % count;
      this.#visit(pair + 1, sum);
    }
  }

  /** It only grows from time to time: that of a cell that is worse than all that are kept is left early. */
  #lossOf(variance: number, miss: Float64Array, means: Float64Array, from: number): number {
    const timeWeights = this.#timeWeights;
    const worst = this.#worst;
    let loss = variance;
    for (let t = 0; t < miss.length && loss < worst; t++) {
      const error = miss[t]! + means[from + t]!;
      loss += timeWeights[t]! * error * error;
    }
    return loss;
  }

  /** Σ_t ω_t x_t / sqrt(Σ_t ω_t) of values from a place on. */
  #overTime(values: Float64Array, from: number): number {
    const timeWeights = this.#timeWeights;
    let sum = 0;
    let all = 0;
    for (let t = 0; t < timeWeights.length; t++) {
      sum += timeWeights[t]! * values[from + t]!;
      all += timeWeights[t]!;
    }
    return sum / Math.sqrt(all);
  }

  /** Among the best go the levels chosen, with those of the last pair. */
  #keep(loss: number, last: number): void {
    const found = this.#found;
    const chosen = this.#chosen;
    const count = this.#levels.length;
    chosen[chosen.length - 2] = Math.floor(last / count);
    chosen[chosen.length - 1] = last % count;
    const near = found.findIndex(({ levels }) => areNeighbours(levels, chosen));
    if (near >= 0) {
      if (found[near]!.loss <= loss) return;
      found.splice(near, 1);
    }
    const behind = found.findIndex((one) => one.loss > loss);
    found.splice(behind < 0 ? found.length : behind, 0, { loss, levels: chosen.slice() });
    if (found.length > valleysKept) found.pop();
    if (found.length === valleysKept) this.#worst = Math.min(this.#worst, found[valleysKept - 1]!.loss);
  }
}

function areNeighbours(levels: Uint8Array, others: Uint8Array): boolean {
  for (let i = 0; i < levels.length; i++) if (Math.abs(levels[i]! - others[i]!) > 1) return false;
  return true;
}

/** A pair on each two levels. */
interface ScannedPair {
  /** α M at each time, row-major [levels, time]: what the pair adds to the miss. */
  readonly means: Float64Array;
  /** The weighted α² V. */
  readonly variances: Float64Array;
  /** Of `means`, as `#overTime` has it. */
  readonly overTime: Float64Array;
}

/** µS, and a share: far more than sums lose by rounding. */
const roundedOff = 1e-9;
const certain = 1 - 1e-12;

/** Levels a device in the scan, by the number of pairs. */
const levelsFor: Readonly<Record<number, number>> = { 1: 33, 2: 9, 3: 5, 4: 4, 5: 3 };
const valleysKept = 5;

interface Valley {
  readonly loss: number;
  /** Of each device. */
  readonly levels: Uint8Array;
}
