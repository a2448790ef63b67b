import { largestWanted } from "../program/cells.ts";
import { cellErrors } from "./cellErrors.ts";
import type { TileMemory } from "../run/journal.ts";
import type { RunPlan, TileTargets } from "../run/plan.ts";

/** Where the tiles of a run stood after so many turns each; those that ended earlier stay as they ended. */
export interface ConvergencePoint {
  /** 1 after a tile's first. */
  readonly turns: number;
  /** RMS over what has been read, in the unit of its kind; NaN before anything was. */
  readonly rms: number;
  /** Devices that were fired at in this turn, of those with a target on tiles that were begun, 0 … 100. */
  readonly pulsedPercent: number;
}

/**
 * What a run brings to where it should be: weights, in percent of the largest of their tile and with the factor that fits it
 * best; or, where it does not know of any or holds only part of them, devices, in µS from their targets.
 */
export type ConvergenceKind = "weights" | "devices";

/** How a run comes to what it is meant to hold, turn by turn. */
export class Convergence {
  readonly kind: ConvergenceKind;
  readonly #tiles = new Map<number, TileCourse>();

  constructor({ tiles, corrects }: Pick<RunPlan, "tiles" | "corrects">) {
    const knowsAll = corrects === undefined && tiles.every(({ cells }) => cells !== undefined);
    this.kind = knowsAll ? "weights" : "devices";
  }

  /** Takes in a tile after one turn of it was folded. */
  add(memory: TileMemory, tile: TileTargets): void {
    const { targetsMicrosiemens } = tile;
    const course = this.#tiles.get(tile.block.tile) ?? { squares: [], read: [], pulsed: [], devices: 0 };
    this.#tiles.set(tile.block.tile, course);
    let [devices, pulsed] = [0, 0];
    for (let i = 0; i < targetsMicrosiemens.length; i++) {
      if (Number.isNaN(targetsMicrosiemens[i]!)) continue;
      devices++;
      if (memory.lastOrders.some((codes) => codes[i] !== 0)) pulsed++;
    }
    const { squares, count } =
      this.kind === "weights" ? weightSquares(memory, tile) : deviceSquares(memory, targetsMicrosiemens);
    course.devices = devices;
    const at = memory.turns - 1;
    course.squares[at] = squares;
    course.read[at] = count;
    course.pulsed[at] = pulsed;
  }

  points(): ConvergencePoint[] {
    const courses = [...this.#tiles.values()];
    const most = courses.reduce((n, { squares }) => Math.max(n, squares.length), 0);
    const devices = courses.reduce((sum, course) => sum + course.devices, 0);
    const standing = (values: (course: TileCourse) => readonly number[], turn: number): number =>
      courses.reduce((sum, course) => {
        const ofTile = values(course);
        return sum + ofTile[Math.min(turn, ofTile.length - 1)]!;
      }, 0);
    return Array.from({ length: most }, (_, turn) => {
      const read = standing((course) => course.read, turn);
      const pulsed = courses.reduce((sum, course) => sum + (course.pulsed[turn] ?? 0), 0);
      return {
        turns: turn + 1,
        rms: read === 0 ? Number.NaN : Math.sqrt(standing((course) => course.squares, turn) / read),
        pulsedPercent: (100 * pulsed) / Math.max(1, devices),
      };
    });
  }
}

/** Sums over a tile's weights or devices after each of its turns. */
interface TileCourse {
  readonly squares: number[];
  readonly read: number[];
  readonly pulsed: number[];
  devices: number;
}

function deviceSquares(
  { lastReadMicrosiemens }: TileMemory,
  targetsMicrosiemens: Float32Array,
): { squares: number; count: number } {
  let [squares, count] = [0, 0];
  for (let i = 0; i < targetsMicrosiemens.length; i++) {
    const error = lastReadMicrosiemens[i]! - targetsMicrosiemens[i]!;
    if (Number.isNaN(error)) continue;
    count++;
    squares += error * error;
  }
  return { squares, count };
}

function weightSquares(memory: TileMemory, { cells }: TileTargets): { squares: number; count: number } {
  const { rmsMicrosiemens, cells: count } = cellErrors(cells!, memory.lastReadMicrosiemens);
  const percent = (100 * rmsMicrosiemens) / largestWanted(cells!);
  return { squares: percent * percent * count, count };
}
