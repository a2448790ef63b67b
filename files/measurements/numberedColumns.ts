import { badFile } from "../readFile.ts";
import type { Columns, Quantity } from "./columns.ts";

/** Fewer rows show nothing. */
const leastRows = 8;

/** Shares from which on a column is not what its number says. */
const mostMissing = 0.5;
const mostStepsBack = 0.1;

/**
 * Watches the columns of a table that a mapping names by their numbers. A wide table of anything has a first and a second column: what
 * no read and no time can be is refused, where a heading would have shown it.
 */
export class NumberedColumns {
  readonly #path: string;
  readonly #columns: Columns;
  #rows = 0;
  #firstLine = 0;
  #lastLine = 0;
  #value = Number.NaN;
  #isConstant = true;
  #missing = 0;
  #firstMissing = 0;
  readonly #lastTimes = new Map<string, number>();
  #steps = 0;
  #back = 0;
  #firstBack = 0;
  #still = 0;

  constructor(path: string, columns: Columns) {
    this.#path = path;
    this.#columns = columns;
  }

  /** @param value  µS, NaN where it is missing. */
  note(line: number, device: string, timeMicroseconds: number, value: number): void {
    if (this.#rows++ === 0) this.#firstLine = line;
    this.#lastLine = line;
    if (Number.isNaN(value)) {
      if (this.#missing++ === 0) this.#firstMissing = line;
    } else {
      if (Number.isNaN(this.#value)) this.#value = value;
      if (value !== this.#value) this.#isConstant = false;
    }
    const before = this.#lastTimes.get(device);
    this.#lastTimes.set(device, timeMicroseconds);
    if (before === undefined) return;
    this.#steps++;
    if (timeMicroseconds === before) this.#still++;
    if (timeMicroseconds < before && this.#back++ === 0) this.#firstBack = line;
  }

  /** Throws `bad-file` with line and column. */
  end(): void {
    const { value, time } = this.#columns;
    const of = `of its ${this.#rows} rows (lines ${this.#firstLine} to ${this.#lastLine})`;
    if (this.#rows < leastRows) return;
    if (value.isNumbered && this.#missing > mostMissing * this.#rows)
      this.#refuse(value, `has no number in ${this.#missing} ${of}, first in line ${this.#firstMissing}`);
    if (value.isNumbered && this.#isConstant)
      this.#refuse(value, `has the same value in all ${of}, and reads differ`);
    if (!time.isNumbered || this.#steps < leastRows) return;
    if (this.#still === this.#steps)
      this.#refuse(
        time,
        `has the same value in all rows of a device, from line ${this.#firstLine} on, and time passes`,
      );
    if (this.#back > mostStepsBack * this.#steps) {
      const steps = `${this.#back} of ${this.#steps} rows`;
      this.#refuse(time, `goes back in ${steps}, first in line ${this.#firstBack}, and time does not`);
    }
  }

  #refuse({ name }: Quantity, why: string): never {
    throw badFile(
      this.#path,
      `${name} ${why}`,
      "The mapping names it by its number: name another, or, if it is right, name it by its heading.",
    );
  }
}
