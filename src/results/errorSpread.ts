import { sizesOfShares } from "../ranks.ts";
import type { Microsiemens, Seconds } from "../units.ts";
import { largestWanted, outputScaleOf } from "../program/cells.ts";
import { cellErrors, heldWeights } from "./cellErrors.ts";
import type { RunPlan, TileTargets } from "../run/plan.ts";
import { ageShown } from "./sweepTable.ts";

/** How far devices and weights were from what was meant, at one time. */
export interface ErrorsAtTime {
  /** Since each tile's last pulse; NaN for what was read last while it was programmed. */
  readonly timeSeconds: Seconds;
  readonly tiles: number;
  readonly devices: ErrorQuantiles;
  /** In percent of the largest weight of the tile, with the factor that fits the tile best; undefined where no weight is known. */
  readonly weights: ErrorQuantiles | undefined;
}

/** Sizes of errors: one entry a share of `errorShares`. */
export interface ErrorQuantiles {
  readonly count: number;
  readonly rms: number;
  readonly sizes: Float32Array;
}

/** Every percent, and the tail in finer steps. */
export const errorShares: readonly number[] = [
  ...Array.from({ length: 99 }, (_, k) => (k + 1) / 100),
  0.995,
  0.999,
  1,
];

/** The size that a share of the errors does not exceed. @param share  one of `errorShares`. */
export function sizeAt({ sizes }: ErrorQuantiles, share: number): number {
  return sizes[errorShares.indexOf(share)]!;
}

/**
 * The errors of a run, read by read. What a time's tiles read is kept only until all of them have been read, so that a run of
 * any length is folded in the room of a few sweeps.
 */
export class ErrorSpread {
  readonly #tiles: ReadonlyMap<number, TileTargets>;
  readonly #knowsCells: boolean;
  readonly #corrects: boolean;
  readonly #open = new Map<Seconds, Gathering>();
  readonly #done = new Map<Seconds, ErrorsAtTime>();

  constructor({ tiles, corrects }: Pick<RunPlan, "tiles" | "corrects">) {
    this.#tiles = new Map(tiles.map((tile) => [tile.block.tile, tile]));
    this.#knowsCells = tiles.every(({ cells }) => cells !== undefined);
    this.#corrects = corrects !== undefined;
  }

  /**
   * @param timeSeconds  the age that was asked for: what tiles are taken together by.
   * @param conductance  µS, one a device of the tile's block; NaN where it was not read.
   * @param ageSeconds   the age at which it was truly read, where that is known.
   */
  add(tile: number, timeSeconds: Seconds, conductance: Float32Array, ageSeconds: Seconds = Number.NaN): void {
    const targets = this.#tiles.get(tile);
    if (targets === undefined || this.#done.has(timeSeconds)) return;
    const gathering = this.#open.get(timeSeconds) ?? {
      devices: new Map(),
      weights: new Map(),
      ages: new Map(),
    };
    this.#open.set(timeSeconds, gathering);
    gathering.ages.set(tile, ageSeconds);
    gathering.devices.set(tile, deviceErrors(targets.targetsMicrosiemens, conductance));
    if (this.#knowsWeights(timeSeconds)) gathering.weights.set(tile, weightErrors(targets, conductance));
    if (gathering.devices.size === this.#tiles.size) this.#close(timeSeconds, gathering);
  }

  /** Ascending in time. */
  points(): ErrorsAtTime[] {
    for (const [time, gathering] of this.#open) this.#close(time, gathering);
    return [...this.#done.values()]
      .filter(({ devices }) => devices.count > 0)
      .sort((a, b) => a.timeSeconds - b.timeSeconds);
  }

  #close(timeSeconds: Seconds, { devices, weights, ages }: Gathering): void {
    this.#open.delete(timeSeconds);
    this.#done.set(timeSeconds, {
      timeSeconds: ageShown(timeSeconds, [...ages.values()]),
      tiles: devices.size,
      devices: quantilesOf([...devices.values()]),
      weights: this.#knowsWeights(timeSeconds) ? quantilesOf([...weights.values()]) : undefined,
    });
  }

  /** While it is under way, a correction looks at some devices of a cell only; a sweep reads them all. */
  #knowsWeights(timeSeconds: Seconds): boolean {
    return this.#knowsCells && !(this.#corrects && Number.isNaN(timeSeconds));
  }
}

/** Errors of the tiles that were read at a time; the last read of a tile counts. */
interface Gathering {
  readonly devices: Map<number, Float32Array>;
  readonly weights: Map<number, Float32Array>;
  readonly ages: Map<number, Seconds>;
}

export function deviceErrors(targets: Float32Array, conductance: Float32Array): Float32Array {
  return targets.map((target, i): Microsiemens => conductance[i]! - target);
}

export function weightErrors({ cells }: TileTargets, conductance: Float32Array): Float32Array {
  const { wantedMicrosiemens } = cells!;
  const largest = largestWanted(cells!);
  const { compensation } = cellErrors(cells!, conductance);
  const held = heldWeights(cells!, conductance);
  return wantedMicrosiemens.map(
    (wanted, cell) => (100 * outputScaleOf(cells!, cell) * (compensation * held[cell]! - wanted)) / largest,
  );
}

function quantilesOf(parts: readonly Float32Array[]): ErrorQuantiles {
  const { count, sizes } = sizesOfShares(parts, errorShares);
  let squares = 0;
  for (const part of parts) for (const error of part) if (!Number.isNaN(error)) squares += error * error;
  return { count, rms: Math.sqrt(squares / count), sizes };
}
