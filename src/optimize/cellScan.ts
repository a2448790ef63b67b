import type { MomentTable } from "./momentTable.ts";

/** Every cell of a coarse grid over the box, pair by pair, ready to be asked for the best ones. */
export class CellScan {
  readonly #levels: Float64Array;
  readonly #devices: number;
  readonly #timeWeights: Float64Array;
  /** For each pair and each two levels: Σ-able α M at each time, and the weighted α² V. */
  readonly #means: Float64Array[] = [];
  readonly #variances: Float64Array[] = [];

  /** @param shared  c: the correlation of the drift of a pair's two devices. */
  constructor(
    table: MomentTable,
    factors: Float64Array,
    timeWeights: Float64Array,
    compensation: Float64Array,
    shared: number,
  ) {
    const count = levelsFor[factors.length / 2] ?? 2;
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
    /** sqrt(ω) α d at each time, so that a product of two is what a pair shares. */
    const drift: Float64Array[] = [];
    for (const level of this.#levels) {
      table.at(level);
      mean.push(table.mean[0].map((m, t) => compensation[t]! * m));
      variance.push(
        table.variance[0].map((v, t) => timeWeights[t]! * compensation[t]! * compensation[t]! * v),
      );
      if (shared !== 0) table.driftAt(level);
      drift.push(table.driftStd[0].map((d, t) => Math.sqrt(timeWeights[t]!) * compensation[t]! * d));
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
            const common = 2 * shared * drift[a]![t]! * drift[b]![t]!;
            variances[at]! += factor * factor * (variance[a]![t]! + variance[b]![t]! - common);
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
    const found: Valley[] = [];
    const miss = new Float64Array(times).fill(-wanted);
    this.#visit(0, miss, 0, [], found);
    return found.map(({ levels }) => Float64Array.from(levels, (level) => this.#levels[level]!));
  }

  #visit(pair: number, miss: Float64Array, variance: number, chosen: number[], found: Valley[]): void {
    const count = this.#levels.length;
    const times = miss.length;
    const means = this.#means[pair]!;
    const variances = this.#variances[pair]!;
    if (2 * (pair + 1) === this.#devices) {
      this.#visitLast(means, variances, miss, variance, chosen, found);
      return;
    }
    const next = new Float64Array(times);
    for (let at = 0; at < count * count; at++) {
      for (let t = 0; t < times; t++) next[t] = miss[t]! + means[at * times + t]!;
      const levels = [...chosen, Math.floor(at / count), at % count];
      this.#visit(pair + 1, next, variance + variances[at]!, levels, found);
    }
  }

  /** The loss of a cell only grows from time to time: one that is worse than all that are kept is left early. */
  #visitLast(
    means: Float64Array,
    variances: Float64Array,
    miss: Float64Array,
    variance: number,
    chosen: readonly number[],
    found: Valley[],
  ): void {
    const count = this.#levels.length;
    const times = miss.length;
    const timeWeights = this.#timeWeights;
    let worst = found.length === valleysKept ? found[valleysKept - 1]!.loss : Infinity;
    for (let at = 0; at < variances.length; at++) {
      let loss = variance + variances[at]!;
      for (let t = 0; t < times && loss < worst; t++) {
        const error = miss[t]! + means[at * times + t]!;
        loss += timeWeights[t]! * error * error;
      }
      if (loss >= worst) continue;
      keep(found, { loss, levels: [...chosen, Math.floor(at / count), at % count] });
      if (found.length === valleysKept) worst = found[valleysKept - 1]!.loss;
    }
  }
}

/** Levels a device in the scan, by the number of pairs. */
const levelsFor: Readonly<Record<number, number>> = { 1: 33, 2: 9, 3: 5, 4: 4, 5: 3 };
const valleysKept = 5;

interface Valley {
  readonly loss: number;
  readonly levels: readonly number[];
}

function keep(found: Valley[], cell: Valley): void {
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
