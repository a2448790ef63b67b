import type { Microseconds, Seconds } from "../units.ts";
import type { TileTargets } from "./plan.ts";

export interface DueSweep {
  readonly tile: TileTargets;
  readonly timeSeconds: Seconds;
  /** Chip time. */
  readonly dueAt: Microseconds;
}

/** Anything that has its time. */
interface Due {
  /** Chip time. */
  readonly dueAt: Microseconds;
}

export type Job<Work extends Due> =
  | { readonly kind: "turn"; readonly work: Work }
  | { readonly kind: "sweep"; readonly sweep: DueSweep }
  | { readonly kind: "next tile" }
  | { readonly kind: "none" };

/**
 * What to do next: the earliest sweep, if it would fall due before a turn could be over; else the turn that has waited
 * longest; else the next tile, while those at work wait for something; else whatever falls due first.
 *
 * @param turnTook how long the last turn took: the best guess for the next.
 */
export function nextJob<Work extends Due>(
  tilesWaiting: number,
  atWork: readonly Work[],
  sweeps: readonly DueSweep[],
  now: Microseconds,
  turnTook: Microseconds,
): Job<Work> {
  const sweep = earliest(sweeps);
  const work = earliest(atWork);
  if (sweep !== undefined && sweep.dueAt <= now + turnTook) return { kind: "sweep", sweep };
  if (work !== undefined && work.dueAt <= now) return { kind: "turn", work };
  if (tilesWaiting > 0 && atWork.length < mostAtWork) return { kind: "next tile" };
  if (work !== undefined && (sweep === undefined || work.dueAt <= sweep.dueAt)) return { kind: "turn", work };
  return sweep === undefined ? { kind: "none" } : { kind: "sweep", sweep };
}

/** Each tile at work takes memory. */
export const mostAtWork = 16;

function earliest<T extends Due>(jobs: readonly T[]): T | undefined {
  let first: T | undefined;
  for (const job of jobs) if (first === undefined || job.dueAt < first.dueAt) first = job;
  return first;
}
