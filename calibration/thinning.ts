import type { SweepRecord, TileWear, TurnRecord } from "../src/run/journal.ts";

/** What can hold one entry a device. */
type DeviceArray = Uint8Array | Uint16Array | Uint32Array | Float32Array | Float64Array;

/**
 * Keeps every so many-th device of each row, so that what a chip of millions teaches of all fits into memory. Which of a row begins
 * changes from row to row: all columns, and all devices of a cell, are among them. What is kept of a block is a block of shorter rows.
 */
export class Thinning {
  /** One device of so many; 1 keeps all. */
  readonly stride: number;

  /** @param devices  that there are; @param most  that are to be kept. */
  constructor(devices: number, most = Infinity) {
    this.stride = Math.max(1, Math.ceil(devices / most));
  }

  /** Devices that are kept of a row, at least one. */
  perRow(devicesPerRow: number): number {
    return Math.max(1, Math.floor(devicesPerRow / this.stride));
  }

  /**
   * What is kept of one entry a device, row-major; the array itself where that is all.
   *
   * @param rowStart  of its first row, in the tile.
   */
  devices<A extends DeviceArray>(all: A, rowStart: number, devicesPerRow: number): A {
    if (this.stride === 1) return all;
    const kept = this.perRow(devicesPerRow);
    const rows = all.length / devicesPerRow;
    const thinned = new (all.constructor as new (length: number) => A)(rows * kept);
    for (let row = 0; row < rows; row++) {
      const first = row * devicesPerRow + this.#first(rowStart + row, devicesPerRow);
      for (let k = 0; k < kept; k++) thinned[row * kept + k] = all[first + k * this.stride]!;
    }
    return thinned;
  }

  sweep(record: SweepRecord, rowStart: number, devicesPerRow: number): SweepRecord {
    if (this.stride === 1) return record;
    const thinned = <A extends DeviceArray>(all: A): A => this.devices(all, rowStart, devicesPerRow);
    const { conductanceMicrosiemens, flags, codes } = record;
    return {
      ...record,
      conductanceMicrosiemens: thinned(conductanceMicrosiemens),
      flags: thinned(flags),
      codes: codes && thinned(codes),
    };
  }

  wear(all: TileWear): TileWear {
    if (this.stride === 1) return all;
    const { block, devicesPerRow, pulses, uncertainPulses, pulsedAtMicroseconds } = all;
    const thinned = <A extends DeviceArray>(array: A): A =>
      this.devices(array, block.rowStart, devicesPerRow);
    return {
      block,
      devicesPerRow: this.perRow(devicesPerRow),
      pulses: thinned(pulses),
      uncertainPulses: thinned(uncertainPulses),
      pulsedAtMicroseconds: thinned(pulsedAtMicroseconds),
    };
  }

  /** A turn of a block as if it had the kept devices alone: they have the places that they have among these. */
  turn(record: TurnRecord, rowStart: number, devicesPerRow: number): TurnRecord {
    if (this.stride === 1) return record;
    const { devices, conductanceMicrosiemens, verdicts, orders, fired } = record;
    const kept = this.perRow(devicesPerRow);
    const from = new Uint32Array(devices.length);
    const places = new Uint32Array(devices.length);
    let count = 0;
    devices.forEach((device, k) => {
      const row = Math.floor(device / devicesPerRow);
      const steps = ((device % devicesPerRow) - this.#first(rowStart + row, devicesPerRow)) / this.stride;
      if (steps < 0 || steps >= kept || !Number.isInteger(steps)) return;
      from[count] = k;
      places[count++] = row * kept + steps;
    });
    const picked = <A extends DeviceArray>(all: A): A =>
      new (all.constructor as new (length: number) => A)(count).map((_, n) => all[from[n]!]!) as A;
    const given = fired.pulsesGiven;
    return {
      ...record,
      devices: places.slice(0, count),
      conductanceMicrosiemens: picked(conductanceMicrosiemens),
      verdicts: picked(verdicts),
      orders: orders.map((order) => ({ ...order, codes: picked(order.codes) })),
      fired:
        given === undefined ? fired : { ...fired, pulsesGiven: this.devices(given, rowStart, devicesPerRow) },
    };
  }

  /** Line of the first device that is kept of a row. Seven shares no factor with the widths of arrays. */
  #first(row: number, devicesPerRow: number): number {
    return (row * 7) % (devicesPerRow - (this.perRow(devicesPerRow) - 1) * this.stride);
  }
}
