import type { DeviceModel } from "../model/deviceModel.ts";
import { verdicts } from "../program/method.ts";
import { quantile } from "../statistics.ts";
import type { Microsiemens } from "../units.ts";
import { DriftLines, leastShare } from "./driftLines.ts";
import type { SweepTable } from "./sweepTable.ts";

/** Drift exponents of devices of about the same conductance, as they were measured one by one. */
export interface ExponentBin {
  /** Median at the reference age. */
  readonly conductanceMicrosiemens: Microsiemens;
  readonly devices: number;
  readonly quarter: number;
  readonly median: number;
  readonly threeQuarters: number;
}

const binCount = 12;
const fewestDevices = 20;
/** Of more devices the laws are no clearer. */
const mostDevices = 300_000;

/** The exponents of devices that were accepted, or programmed without a look, by the lines through their reads. Read noise widens them. */
export class DeviceExponents {
  readonly #model: DeviceModel;
  readonly #tiles = new Map<number, DriftLines>();
  #devices = 0;

  constructor(model: DeviceModel) {
    this.#model = model;
  }

  add(table: SweepTable): void {
    const { sweep, verdicts: given } = table;
    let lines = this.#tiles.get(sweep.tile);
    if (lines === undefined) {
      if (this.#devices > 0 && this.#devices + given.length > mostDevices) return;
      this.#devices += given.length;
      lines = new DriftLines(this.#model, given.length);
      this.#tiles.set(sweep.tile, lines);
    }
    lines.add(table, (i) => given[i] === verdicts.accepted || given[i] === verdicts.unverified);
  }

  /** No bin of too few devices. */
  bins(): ExponentBin[] {
    const { maxConductanceMicrosiemens: max } = this.#model;
    const width = ((1 - leastShare) * max) / binCount;
    const found = Array.from({ length: binCount }, () => ({ g: [] as number[], exponent: [] as number[] }));
    for (const lines of this.#tiles.values()) {
      for (let i = 0; i < lines.devices; i++) {
        const line = lines.line(i);
        if (line === undefined) continue;
        const bin = found[Math.floor((line.conductanceMicrosiemens - leastShare * max) / width)];
        bin?.g.push(line.conductanceMicrosiemens);
        bin?.exponent.push(line.exponent);
      }
    }
    return found
      .filter(({ g }) => g.length >= fewestDevices)
      .map(({ g, exponent }) => {
        const sorted = Float32Array.from(exponent).sort();
        return {
          conductanceMicrosiemens: quantile(Float32Array.from(g).sort(), 0.5),
          devices: g.length,
          quarter: quantile(sorted, 0.25),
          median: quantile(sorted, 0.5),
          threeQuarters: quantile(sorted, 0.75),
        };
      });
  }
}
