import type { ModelDefinition } from "../model/definition.ts";
import type { DeviceModel } from "../model/deviceModel.ts";
import { FreeFormLaw } from "../model/freeFormLaw.ts";
import { modelOf } from "../model/modelOf.ts";
import { verdicts } from "../program/method.ts";
import type { Microsiemens, Seconds } from "../units.ts";
import { ageOf, type SweepTable } from "./sweepTable.ts";

/** How devices were found at one age, beside what their run's model foresaw of them. */
export interface Audit {
  readonly model: string;
  /** That was asked for. */
  readonly ageSeconds: Seconds;
  readonly devices: number;
  /** Share of them inside the model's band of 95 %. */
  readonly inside95: number;
  /** How far their mean is off, root mean square over bins of conductance, in standard deviations of a read. */
  readonly meanOffStds: number;
  /** Means over these devices, µS. */
  readonly foreseenMicrosiemens: Microsiemens;
  readonly readMicrosiemens: Microsiemens;
  readonly holds: boolean;
}

/** A model no longer holds beyond these limits; of fewer devices, a few odd ones would decide. */
export const auditLimit = { inside95: 0.85, meanOffStds: 0.5, devices: 500 };

/**
 * Compares sweeps of a run with what its model foresees of a read of devices that were left at their targets, each at its own age:
 *
 *     z = (y − m(G, t))/√v(G, t)
 *
 * Devices count that were accepted and read well, at ages that the model knows. The tiles that were read at one age count together.
 * Of a run whose method moves targets nothing may be added.
 */
export class ModelAudit {
  readonly #definition: ModelDefinition;
  readonly #foreseen: Foreseen;
  readonly #sums = new Map<Seconds, Sums>();

  constructor(definition: ModelDefinition) {
    this.#definition = definition;
    this.#foreseen = new Foreseen(definition);
  }

  /** @returns how all tiles that were read at this age came out; undefined where no device of them counts. */
  add(table: SweepTable): Audit | undefined {
    const { sweep, targetsMicrosiemens, verdicts: given } = table;
    const { timeSeconds, conductanceMicrosiemens, flags } = sweep;
    const sums = this.#sums.get(timeSeconds) ?? new Sums();
    this.#sums.set(timeSeconds, sums);
    for (let i = 0; i < targetsMicrosiemens.length; i++) {
      const target = targetsMicrosiemens[i]!;
      const read = conductanceMicrosiemens[i]!;
      if (Number.isNaN(target) || Number.isNaN(read) || flags[i] !== 0 || given[i] !== verdicts.accepted)
        continue;
      if (this.#foreseen.at(target, ageOf(table, i))) sums.add(this.#foreseen, read);
    }
    return this.at(timeSeconds);
  }

  /** The audit at one age; undefined likewise. */
  at(ageSeconds: Seconds): Audit | undefined {
    const sums = this.#sums.get(ageSeconds);
    if (sums === undefined || sums.devices === 0) return undefined;
    const { devices } = sums;
    const inside95 = sums.inside / devices;
    const meanOffStds = sums.meanOff();
    return {
      model: this.#definition.name,
      ageSeconds,
      devices,
      inside95,
      meanOffStds,
      foreseenMicrosiemens: sums.foreseen / devices,
      readMicrosiemens: sums.read / devices,
      holds:
        devices < auditLimit.devices ||
        (inside95 >= auditLimit.inside95 && meanOffStds <= auditLimit.meanOffStds),
    };
  }

  /** At the oldest age of which a device counts. */
  last(): Audit | undefined {
    const ages = [...this.#sums].filter(([, { devices }]) => devices > 0).map(([age]) => age);
    return ages.length === 0 ? undefined : this.at(Math.max(...ages));
  }
}

const bins = 8;
/** Bins of fewer devices tell of chance alone. */
const fewestInBin = 20;
/** A device that lies farther off counts as much: a few that are stuck must not speak for all. */
const mostStds = 4;

class Sums {
  devices = 0;
  inside = 0;
  foreseen = 0;
  read = 0;
  readonly #count = new Float64Array(bins);
  readonly #stds = new Float64Array(bins);

  add({ mean, std, low, high, share }: Foreseen, read: Microsiemens): void {
    this.devices++;
    this.foreseen += mean;
    this.read += read;
    if (read >= low && read <= high) this.inside++;
    const bin = Math.min(bins - 1, Math.floor(share * bins));
    this.#count[bin]!++;
    this.#stds[bin]! += Math.max(-mostStds, Math.min(mostStds, (read - mean) / std));
  }

  /** Weighted by devices; what chance makes of the mean of a bin is taken off. */
  meanOff(): number {
    let [square, devices] = [0, 0];
    for (let bin = 0; bin < bins; bin++) {
      const count = this.#count[bin]!;
      if (count < fewestInBin) continue;
      const mean = this.#stds[bin]! / count;
      square += count * Math.max(0, mean * mean - 1 / count);
      devices += count;
    }
    return devices === 0 ? 0 : Math.sqrt(square / devices);
  }
}

/**
 * What a model foresees of one read. However costly it is, it is asked for a few conductances at a few ages; in between, both are
 * taken linear.
 */
class Foreseen {
  mean = Number.NaN;
  std = Number.NaN;
  /** The band of 95 %. */
  low = Number.NaN;
  high = Number.NaN;
  /** Where the target lies in the range, 0 … 1. */
  share = Number.NaN;
  readonly #model: DeviceModel;
  readonly #bandOf: (target: Microsiemens, time: Seconds) => readonly [Microsiemens, Microsiemens];
  /** By age: mean, standard deviation and band, one after the other, at each conductance; undefined where the model knows nothing. */
  readonly #rows = new Map<number, Float64Array | undefined>();

  constructor(definition: ModelDefinition) {
    const model = modelOf(definition);
    this.#model = model;
    if (definition.family === "free-form") {
      const law = new FreeFormLaw(definition);
      this.#bandOf = (target, time) => {
        const age = time + model.timeZeroSeconds;
        return [law.quantile(target, age, 0.025), law.quantile(target, age, 0.975)];
      };
    } else {
      this.#bandOf = (target, time) => {
        const half = 1.96 * Math.sqrt(model.variance(target, time));
        return [model.mean(target, time) - half, model.mean(target, time) + half];
      };
    }
  }

  /** @returns whether the model knows of this target and this age, and foresees a spread. */
  at(target: Microsiemens, age: Seconds): boolean {
    const { minConductanceMicrosiemens: min, maxConductanceMicrosiemens: max } = this.#model;
    if (!(age > 0) || !(target >= min && target <= max)) return false;
    const row = this.#rowOf(Math.round(Math.log(age) / logAgeStep));
    if (row === undefined) return false;
    this.share = (target - min) / (max - min);
    const place = this.share * steps;
    const k = Math.min(steps - 1, Math.floor(place));
    const between = (column: number): number => {
      const low = row[4 * k + column]!;
      return low + (place - k) * (row[4 * (k + 1) + column]! - low);
    };
    this.mean = between(0);
    this.std = between(1);
    this.low = between(2);
    this.high = between(3);
    return this.std > 0;
  }

  #rowOf(place: number): Float64Array | undefined {
    if (!this.#rows.has(place)) this.#rows.set(place, this.#newRow(Math.exp(place * logAgeStep)));
    return this.#rows.get(place);
  }

  #newRow(age: Seconds): Float64Array | undefined {
    const model = this.#model;
    const { minConductanceMicrosiemens: min, maxConductanceMicrosiemens: max, knownTimesSeconds } = model;
    const time = age - model.timeZeroSeconds;
    if (!(time >= knownTimesSeconds.from && time <= knownTimesSeconds.to)) return undefined;
    const row = new Float64Array(4 * (steps + 1));
    for (let k = 0; k <= steps; k++) {
      const target = min + ((max - min) * k) / steps;
      const std = Math.sqrt(model.variance(target, time));
      row.set([model.mean(target, time), std, ...this.#bandOf(target, time)], 4 * k);
    }
    return row;
  }
}

/** Of the conductances at which a model is asked, and of ln age. */
const steps = 64;
const logAgeStep = 0.05;
