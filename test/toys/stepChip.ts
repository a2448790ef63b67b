import {
  blankReading,
  blankReport,
  type Block,
  type ChipDescription,
  type ChipDriver,
  type ChipIdentity,
  devicesOfTile,
  devicesPerRow,
  enterRow,
  type PulseOrder,
  type PulseReport,
  type Reading,
  refuseOutsideLimits,
  rowFates,
} from "../../lab/index.ts";
import { isStepwise, type StepPulses } from "./stepTechnology.ts";

/** A chip of stepwise devices, with no line and no bytes: each goes by a step of its own, from 0.8 to 1.2 of the usual one. */
export class StepChip implements ChipDriver {
  readonly address = "toy:0";
  readonly description: ChipDescription;
  readonly pulsesFelt: readonly Uint32Array[];
  readonly #conductances: readonly Float64Array[];
  readonly #pulses: StepPulses;
  readonly #fired = new Set<number>();
  #now = 0;

  constructor(description: ChipDescription) {
    const { geometry, pulses } = description;
    if (!isStepwise(pulses)) throw new Error("the chip is not of stepwise devices");
    this.description = description;
    this.#pulses = pulses;
    const tiles = Array.from({ length: geometry.tiles });
    this.#conductances = tiles.map(() => new Float64Array(devicesOfTile(geometry)));
    this.pulsesFelt = tiles.map(() => new Uint32Array(devicesOfTile(geometry)));
  }

  identify(): Promise<ChipIdentity> {
    const { name, geometry } = this.description;
    return Promise.resolve({
      name,
      firmware: "toy",
      serialNumber: "TOY-1",
      boot: 1,
      geometry,
      capabilities: {
        virtualTime: true,
        multiply: false,
        onBoardVerify: false,
        environment: false,
        references: false,
      },
      newestTicket: Math.max(0, ...this.#fired),
    });
  }

  read(block: Block, _averages: number, wanted?: Uint8Array): Promise<Reading> {
    const { converter, geometry, timing } = this.description;
    const perRow = devicesPerRow(geometry);
    const reading = blankReading(this.description, block);
    for (let row = 0; row < block.rowCount; row++) {
      if (wanted?.[row] === 0) continue;
      const first = (block.rowStart + row) * perRow;
      const held = this.#conductances[block.tile]!.subarray(first, first + perRow);
      const codes = Array.from(held, (g) => Math.round(g / converter.microsiemensPerCode));
      enterRow(reading, row, codes, converter, this.#now);
      this.#now += timing.readRowMicroseconds;
    }
    return Promise.resolve(reading);
  }

  pulse(block: Block, order: PulseOrder): Promise<PulseReport> {
    refuseOutsideLimits(this.description, block, order);
    const perRow = devicesPerRow(this.description.geometry);
    const report = blankReport(block.rowCount);
    for (let row = 0; row < block.rowCount; row++) {
      const codes = order.codes.subarray(row * perRow, (row + 1) * perRow);
      if (codes.every((code) => code === 0)) continue;
      this.#fired.add(order.firstTicket + row);
      report.fates[row] = rowFates.fired;
      report.rowTimesMicroseconds[row] = this.#now;
      const first = (block.rowStart + row) * perRow;
      codes.forEach((code, k) => this.#step(block.tile, first + k, order.kind === "set" ? code : -code));
      this.#now += this.description.timing.pulseRowMicroseconds;
    }
    return Promise.resolve(report);
  }

  #step(tile: number, device: number, codes: number): void {
    if (codes === 0) return;
    const step = (0.8 + (0.4 * (device % 7)) / 6) * this.#pulses.microsiemensPerCode;
    const held = this.#conductances[tile]!;
    held[device] = Math.max(0, held[device]! + codes * step);
    this.pulsesFelt[tile]![device]!++;
  }

  fates(firstTicket: number, rowCount: number): Promise<PulseReport> {
    const report = blankReport(rowCount);
    for (let row = 0; row < rowCount; row++) {
      report.fates[row] = this.#fired.has(firstTicket + row) ? rowFates.fired : rowFates.notFired;
      report.rowTimesMicroseconds[row] = this.#now;
    }
    return Promise.resolve(report);
  }

  chipTime(): Promise<number> {
    return Promise.resolve(this.#now);
  }

  heartbeat(): Promise<number> {
    return this.chipTime();
  }

  advance(duration: number): Promise<number> {
    this.#now += duration;
    return this.chipTime();
  }

  standby(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  readonly verify = unable;
  readonly multiply = unable;
  readonly environment = unable;
  readonly references = unable;
}

function unable(): Promise<never> {
  return Promise.reject(new Error("the chip does not declare that it can"));
}
