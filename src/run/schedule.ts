import type { Microseconds, Seconds } from "../units.ts";
import type { TileTargets } from "./plan.ts";

export interface DueSweep {
  readonly tile: TileTargets;
  readonly timeSeconds: Seconds;
  /** Chip time. */
  readonly dueAt: Microseconds;
}

/**
 * What to do next: the earliest sweep, if it would fall due before another tile could be programmed; else
 * program the next tile, if one waits.
 *
 * @param programmingTook how long the last tile took: the best guess for the next.
 */
export function nextJob(
  tilesWaiting: number,
  due: readonly DueSweep[],
  now: Microseconds,
  programmingTook: Microseconds,
): DueSweep | "program" | "none" {
  let earliest: DueSweep | undefined;
  for (const sweep of due) if (earliest === undefined || sweep.dueAt < earliest.dueAt) earliest = sweep;
  if (tilesWaiting === 0) return earliest ?? "none";
  return earliest !== undefined && earliest.dueAt <= now + programmingTook ? earliest : "program";
}
