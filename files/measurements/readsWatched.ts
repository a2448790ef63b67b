import { badFile } from "../readFile.ts";
import type { Columns, Quantity } from "./columns.ts";

/** Fewer rows show nothing. */
const leastRows = 8;

/** Shares from which on a column is not what its number says. */
const mostMissing = 0.5;
const mostStepsBack = 0.1;

/** Of the devices' range, where the mapping says it: a wrong unit is wrong by a thousand. */
const mostOfRange = 10;
/** µS; 10 Ω. No device that keeps a weight conducts so much, where no range is said. */
const mostMicrosiemens = 100_000;
const mostBeyond = 0.5;

/**
 * Watches the reads of a table, and refuses what no read and no time can be. A wide table of anything has a first and a second column: of
 * those that a mapping names by their numbers more is asked, as no heading shows that they are the right ones.
 */
export class ReadsWatched {
  readonly #path: string;
  readonly #columns: Columns;
  /** µS. */
  readonly #limit: number;
  readonly #range: number | undefined;
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
  #beyond = 0;
  #firstBeyond = 0;

  /** @param range  of the devices, µS; undefined where the mapping does not say. */
  constructor(path: string, columns: Columns, range: number | undefined) {
    this.#path = path;
    this.#columns = columns;
    this.#range = range;
    this.#limit = range === undefined ? mostMicrosiemens : mostOfRange * range;
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
      if (Math.abs(value) > this.#limit && this.#beyond++ === 0) this.#firstBeyond = line;
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
    if (this.#beyond > mostBeyond * (this.#rows - this.#missing)) this.#refuseBeyond(of);
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

  #refuseBeyond(of: string): never {
    const why =
      this.#range === undefined
        ? "10 Ω and less conducts no device that keeps a weight"
        : `devices of up to ${this.#range} µS conduct no ten times that`;
    throw badFile(
      this.#path,
      `${this.#columns.value.name} gives more than ${this.#limit} µS in ${this.#beyond} ${of}, first in line ${this.#firstBeyond}: ${why}`,
      "Name the column of the reads, or its unit, in the mapping.",
    );
  }

  #refuse({ name }: Quantity, why: string): never {
    throw badFile(
      this.#path,
      `${name} ${why}`,
      "The mapping names it by its number: name another, or, if it is right, name it by its heading.",
    );
  }
}
