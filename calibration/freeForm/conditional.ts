import { cholesky, solveByCholesky } from "../matrix.ts";
import { Place } from "./knots.ts";
import { mostReads, valueAt } from "./moments.ts";
import type { Readings } from "./readings.ts";
import { betweenAt, type LawTable, varianceAt } from "./table.ts";

/**
 * What is believed of one device from its own reads: m + K (K + N)⁻¹ (y − m), and the variance that is left. One object serves all
 * devices, one after the other.
 */
export class Conditional {
  readonly #table: LawTable;
  readonly #matrix = new Float64Array(mostReads * mostReads);
  readonly #l = new Float64Array(mostReads * mostReads);
  readonly #rest = new Float64Array(mostReads);
  readonly #solved = new Float64Array(mostReads);
  readonly #cross = new Float64Array(mostReads);
  readonly #places = Array.from({ length: mostReads }, () => new Place());
  readonly #g = new Place();
  readonly #t = new Place();
  #reads = 0;
  #written = 0;

  constructor(table: LawTable) {
    this.#table = table;
  }

  /** Takes in the reads of a device up to an age, by its place among the readings. */
  take(readings: Readings, i: number, untilLogAge = Number.POSITIVE_INFINITY): void {
    const { start, logAge, deviation, written } = readings;
    const { knots, shift, noise, passing } = this.#table;
    const nG = knots.conductance.length;
    this.#written = written[i]!;
    this.#g.of(knots.conductance, this.#written);
    let n = 0;
    for (let k = start[i]!; k < start[i + 1]! && n < mostReads; k++) {
      if (logAge[k]! > untilLogAge) break;
      const place = this.#places[n]!;
      place.of(knots.logAge, logAge[k]!);
      this.#rest[n] = deviation[k]! - valueAt(shift, nG, this.#g, place);
      n++;
    }
    for (let a = 0; a < n; a++) {
      for (let b = 0; b <= a; b++) {
        this.#matrix[a * n + b] = betweenAt(this.#table, this.#g, this.#places[b]!, this.#places[a]!);
      }
      const own =
        valueAt(noise, nG, this.#g, this.#places[a]!) + valueAt(passing, nG, this.#g, this.#places[a]!);
      const all = this.#matrix[a * n + a]! + own;
      // Reads at one age without noise would be one read twice.
      this.#matrix[a * n + a] = all + 1e-6 * all + 1e-9;
    }
    this.#reads = n;
    const l = cholesky(this.#matrix, n, this.#l);
    if (l === undefined) this.#reads = 0;
    else solveByCholesky(this.#l, n, this.#rest, this.#solved);
  }

  /** One read more, with the noise of one. */
  takeOneMore(logAge: number, read: number): void {
    const n = this.#reads;
    if (n >= mostReads) return;
    const { knots, shift } = this.#table;
    const place = this.#places[n]!;
    place.of(knots.logAge, logAge);
    this.#rest[n] = read - this.#written - valueAt(shift, knots.conductance.length, this.#g, place);
    // The factor grows by one row.
    let left = varianceAt(this.#table, this.#g, place) + this.noiseAt(logAge) + 1e-9;
    const l = new Float64Array((n + 1) * (n + 1));
    for (let a = 0; a < n; a++) l.set(this.#l.subarray(a * n, a * n + a + 1), a * (n + 1));
    for (let b = 0; b < n; b++) {
      let sum = betweenAt(this.#table, this.#g, this.#places[b]!, place);
      for (let k = 0; k < b; k++) sum -= l[b * (n + 1) + k]! * l[n * (n + 1) + k]!;
      l[n * (n + 1) + b] = sum / l[b * (n + 1) + b]!;
      left -= l[n * (n + 1) + b]! * l[n * (n + 1) + b]!;
    }
    l[(n + 1) * (n + 1) - 1] = Math.sqrt(Math.max(1e-9, left));
    this.#l.set(l);
    this.#reads = n + 1;
    solveByCholesky(this.#l, n + 1, this.#rest, this.#solved);
  }

  /** Mean, µS, and variance, µS², of what the device conducts at an age after its reads, left alone; without the noise of a read. */
  at(logAge: number): { mean: number; variance: number } {
    const { knots, shift } = this.#table;
    this.#t.of(knots.logAge, logAge);
    let mean = this.#written + valueAt(shift, knots.conductance.length, this.#g, this.#t);
    let variance = varianceAt(this.#table, this.#g, this.#t);
    const n = this.#reads;
    for (let a = 0; a < n; a++) {
      this.#cross[a] = betweenAt(this.#table, this.#g, this.#places[a]!, this.#t);
      mean += this.#cross[a]! * this.#solved[a]!;
    }
    // v − cᵀ A⁻¹ c, by L x = c.
    for (let a = 0; a < n; a++) {
      let sum = this.#cross[a]!;
      for (let k = 0; k < a; k++) sum -= this.#l[a * n + k]! * this.#cross[k]!;
      sum /= this.#l[a * n + a]!;
      this.#cross[a] = sum;
      variance -= sum * sum;
    }
    return { mean, variance: Math.max(0, variance) };
  }

  /** µS², of one read at an age. */
  noiseAt(logAge: number): number {
    const { knots, noise } = this.#table;
    this.#t.of(knots.logAge, logAge);
    return valueAt(noise, knots.conductance.length, this.#g, this.#t);
  }
}
