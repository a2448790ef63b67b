import { normalOf, type Random } from "../../src/random.ts";
import type { Seconds } from "../../src/units.ts";
import type { DriftData } from "../driftData.ts";
import type { Foresight } from "../foresight.ts";
import type { Moments } from "../trimMoments.ts";
import { Conditional } from "./conditional.ts";
import { type Readings, readingsOf } from "./readings.ts";
import type { LawTable } from "./table.ts";

/** A look that was not taken: what it would have read of each device; NaN for those that are not known. */
interface Look {
  readonly logAges: Float64Array;
  readonly read: Float64Array;
}

/** Of devices of any kind, by the conditional law m + K (K + N)⁻¹ (y − m) of a table. */
export class TableForesight implements Foresight {
  readonly #table: LawTable;
  readonly #data: DriftData;
  readonly #readings: Readings;
  readonly #devices: number;
  readonly #look: Look | undefined;
  readonly #lastRead: Float64Array;

  constructor(table: LawTable, data: DriftData, look?: Look) {
    this.#table = table;
    this.#readings = readingsOf([data], table.onsetSeconds);
    this.#devices = data.usable.length;
    this.#look = look;
    this.#lastRead = lastReadOf(data);
    this.#data = data;
  }

  moments(agesSeconds: Float64Array, timesSeconds: readonly Seconds[]): Moments {
    const { device, count } = this.#readings;
    const times = timesSeconds.length;
    const mean = new Float64Array(this.#devices * times);
    const variance = new Float64Array(this.#devices * times);
    // Devices that were never read are held to stay as they are.
    for (let i = 0; i < this.#devices; i++) mean.fill(this.#lastRead[i]!, i * times, (i + 1) * times);
    const conditional = new Conditional(this.#table);
    for (let k = 0; k < count; k++) {
      const i = device[k]!;
      conditional.take(this.#readings, k);
      const read = this.#look?.read[i] ?? Number.NaN;
      if (!Number.isNaN(read)) conditional.takeOneMore(this.#look!.logAges[i]!, read);
      for (let t = 0; t < times; t++) {
        const found = conditional.at(Math.log(agesSeconds[i]! + timesSeconds[t]! + this.#table.onsetSeconds));
        mean[i * times + t] = Math.max(0, found.mean);
        variance[i * times + t] = found.variance;
      }
    }
    return { mean, variance };
  }

  afterLook(agesSeconds: Float64Array, ageSeconds: Seconds, factor: number, random: Random): TableForesight {
    const { device, count } = this.#readings;
    const wait = (factor - 1) * ageSeconds;
    const logAges = new Float64Array(this.#devices);
    const read = new Float64Array(this.#devices).fill(Number.NaN);
    const conditional = new Conditional(this.#table);
    for (let k = 0; k < count; k++) {
      const i = device[k]!;
      logAges[i] = Math.log(agesSeconds[i]! + wait + this.#table.onsetSeconds);
      conditional.take(this.#readings, k);
      const { mean, variance } = conditional.at(logAges[i]!);
      const noise = conditional.noiseAt(logAges[i]!);
      read[i] = mean + Math.sqrt(variance + noise) * normalOf(random.at(i, 0).word0);
    }
    return new TableForesight(this.#table, this.#data, { logAges, read });
  }
}

/** µS; 0 of devices that were never read. */
function lastReadOf({ sweeps, usable }: DriftData): Float64Array {
  const last = new Float64Array(usable.length);
  for (const { conductanceMicrosiemens } of sweeps) {
    conductanceMicrosiemens.forEach((read, i) => {
      if (!Number.isNaN(read)) last[i] = read;
    });
  }
  return last;
}
