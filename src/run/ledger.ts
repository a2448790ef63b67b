import { devicesOfTile, devicesPerRow, type ChipGeometry } from "../chip/geometry.ts";
import type { RunId, RunStore } from "./store.ts";

/** Pulses that each device of a chip has been given over its life, by tile: the fold of every run's turns. */
export class PulseLedger {
  readonly #geometry: ChipGeometry;
  readonly #tiles = new Map<number, Uint32Array>();

  constructor(geometry: ChipGeometry) {
    this.#geometry = geometry;
  }

  /** One count a device of the tile, row-major. */
  pulsesOfTile(tile: number): Uint32Array {
    let pulses = this.#tiles.get(tile);
    if (pulses === undefined) {
      pulses = new Uint32Array(devicesOfTile(this.#geometry));
      this.#tiles.set(tile, pulses);
    }
    return pulses;
  }

  /** Books what a turn is about to fire. `rowStart` is the first row of the turn's block. */
  book(tile: number, rowStart: number, devices: Uint32Array, codes: Uint16Array): void {
    const pulses = this.pulsesOfTile(tile);
    const first = rowStart * devicesPerRow(this.#geometry);
    for (let k = 0; k < devices.length; k++) if (codes[k] !== 0) pulses[first + devices[k]!]!++;
  }

  /** Pulses left to the device of a tile that has had most, within a life's budget. */
  remaining(tile: number, budget: number): number {
    return this.pulsesOfTile(tile).reduce((least, pulses) => Math.min(least, budget - pulses), budget);
  }

  /** Adds up every run that the store knows of a chip. */
  static async ofChip(
    store: RunStore,
    chipSerialNumber: string,
    geometry: ChipGeometry,
  ): Promise<PulseLedger> {
    const ledger = new PulseLedger(geometry);
    for (const run of await store.runs()) {
      if (run.chipSerialNumber === chipSerialNumber) await ledger.#addRun(store, run.id);
    }
    return ledger;
  }

  async #addRun(store: RunStore, run: RunId): Promise<void> {
    const plan = await store.plan(run);
    const rowStarts = new Map(plan.tiles.map(({ block }) => [block.tile, block.rowStart]));
    for await (const { tile, devices, codes } of store.turns(run)) {
      this.book(tile, rowStarts.get(tile) ?? 0, devices, codes);
    }
  }
}
