import { devicesOfTile, devicesPerRow, type ChipGeometry } from "../chip/geometry.ts";
import type { ChipKey } from "../chip/driver.ts";
import type { TileWear } from "./journal.ts";
import type { RunStore } from "./store.ts";
import { wearOfAll } from "./wear.ts";

/** Pulses that each device of a chip has been given over its life, by tile: the fold of every run's turns. */
export class PulseLedger {
  readonly #geometry: ChipGeometry;
  readonly #tiles = new Map<number, Uint32Array>();
  readonly #uncertain = new Map<number, Uint32Array>();

  constructor(geometry: ChipGeometry) {
    this.#geometry = geometry;
  }

  /** One count a device of the tile, row-major. */
  pulsesOfTile(tile: number): Uint32Array {
    return this.#counts(this.#tiles, tile);
  }

  /** How many of these may not have fired: a reply was lost, and the chip could not say. */
  uncertainOfTile(tile: number): Uint32Array {
    return this.#counts(this.#uncertain, tile);
  }

  #counts(tiles: Map<number, Uint32Array>, tile: number): Uint32Array {
    let counts = tiles.get(tile);
    if (counts === undefined) {
      counts = new Uint32Array(devicesOfTile(this.#geometry));
      tiles.set(tile, counts);
    }
    return counts;
  }

  /** Books what a turn is about to fire, so often. `rowStart` is the first row of the turn's block. */
  book(tile: number, rowStart: number, devices: Uint32Array, codes: Uint16Array, times = 1): void {
    const pulses = this.pulsesOfTile(tile);
    const first = rowStart * devicesPerRow(this.#geometry);
    for (let k = 0; k < devices.length; k++) if (codes[k] !== 0) pulses[first + devices[k]!]! += times;
  }

  /** Pulses left to the device of a tile that has had most, within a life's budget. */
  remaining(tile: number, budget: number): number {
    return this.pulsesOfTile(tile).reduce((least, pulses) => Math.min(least, budget - pulses), budget);
  }

  /** Adds up every run that the store knows of a chip. */
  static async ofChip(store: RunStore, chip: ChipKey, geometry: ChipGeometry): Promise<PulseLedger> {
    const ledger = new PulseLedger(geometry);
    const runs = await store.runsOfChip(chip);
    for await (const { tiles } of wearOfAll(store, runs)) for (const tile of tiles) ledger.#addTile(tile);
    return ledger;
  }

  #addTile({ block, pulses, uncertainPulses }: TileWear): void {
    const first = block.rowStart * devicesPerRow(this.#geometry);
    add(this.pulsesOfTile(block.tile), first, pulses);
    add(this.uncertainOfTile(block.tile), first, uncertainPulses);
  }
}

function add(sums: Uint32Array, first: number, counts: Uint32Array): void {
  for (let i = 0; i < counts.length; i++) sums[first + i]! += counts[i]!;
}
