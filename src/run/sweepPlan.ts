import { type Microseconds, microsecondsPerSecond, type Seconds } from "../units.ts";
import type { SweepRecord } from "./journal.ts";
import type { TileTargets } from "./plan.ts";
import type { DueSweep } from "./schedule.ts";

/** A sweep that was read while its tile was still worked on. */
export interface EarlySweep {
  readonly due: DueSweep;
  readonly sweep: SweepRecord;
}

/**
 * The sweeps of a run that are still to be taken. A method that waits for its devices to settle may end without another pulse, and by
 * then the first sweeps are overdue: so they are taken while it waits, and kept apart until it ends. When it fires again they are void.
 */
export class SweepPlan {
  readonly due: DueSweep[] = [];
  readonly #timesSeconds: readonly Seconds[];
  /** Tile and time of those that the run has. */
  readonly #taken: ReadonlySet<string>;
  /** By tile, of those that are worked on. */
  readonly #early = new Map<number, EarlySweep[]>();

  constructor(timesSeconds: readonly Seconds[], taken: ReadonlySet<string>) {
    this.#timesSeconds = timesSeconds;
    this.#taken = taken;
  }

  /** A tile is worked on, and waits. @param pulsedAt chip time of its last pulse; NaN when it never had one. */
  foresee(tile: TileTargets, pulsedAt: Microseconds): void {
    if (this.#early.has(tile.block.tile) || Number.isNaN(pulsedAt)) return;
    this.#early.set(tile.block.tile, []);
    this.#plan(tile, pulsedAt);
  }

  /** It was fired at. */
  withdraw({ block }: TileTargets): void {
    if (!this.#early.delete(block.tile)) return;
    const others = this.due.filter(({ tile }) => tile.block.tile !== block.tile);
    this.due.splice(0, this.due.length, ...others);
  }

  /** It is done. @returns what was read of it since its last pulse. */
  settle(tile: TileTargets, pulsedAt: Microseconds): readonly EarlySweep[] {
    const early = this.#early.get(tile.block.tile);
    if (early === undefined) this.#plan(tile, pulsedAt);
    else this.#early.delete(tile.block.tile);
    return early ?? [];
  }

  /** Takes a sweep off the list. */
  begin(due: DueSweep): void {
    this.due.splice(this.due.indexOf(due), 1);
  }

  /** @returns whether the sweep has to wait until its tile is done. */
  keep(early: EarlySweep): boolean {
    const kept = this.#early.get(early.due.tile.block.tile);
    kept?.push(early);
    return kept !== undefined;
  }

  #plan(tile: TileTargets, pulsedAt: Microseconds): void {
    if (Number.isNaN(pulsedAt)) return;
    for (const timeSeconds of this.#timesSeconds) {
      if (this.#taken.has(`${tile.block.tile} ${timeSeconds}`)) continue;
      const dueAt = pulsedAt + Math.round(timeSeconds * microsecondsPerSecond);
      this.due.push({ tile, timeSeconds, dueAt });
    }
  }
}
