import type { DyingDevices } from "../src/model/definition.ts";
import { amongTheDead, diedBy } from "../src/model/dying.ts";
import type { Seconds } from "../src/units.ts";
import { MovedDevices } from "./movedDevices.ts";
import { averaged, compensationOf, expectedErrors } from "./trimErrors.ts";
import type { Moments } from "./trimMoments.ts";
import { CellMoves } from "./trimMoves.ts";
import { seenVariance } from "./trimReads.ts";
import type { TrimTask } from "./trimTask.ts";

/** What to do in a visit, and what is expected of it. Errors: 100 × mean square error over the square of the largest weight. */
export interface TrimPlan {
  /** µS; NaN for devices that are left alone. */
  readonly targetsMicrosiemens: Float32Array;
  readonly devices: number;
  readonly expectedBefore: number;
  readonly expectedAfter: number;
  /** The same at each time. */
  readonly before: Float64Array;
  readonly after: Float64Array;
  /** Means over the times where devices die as the model says; undefined where it knows of no deaths. */
  readonly withDeaths?: { readonly before: number; readonly after: number } | undefined;
}

/**
 * Predicts the error of every weight over the times that count, from each device's measured drift, and finds where one device
 * of a cell, moved to a conductance of its own, leaves less of it: any of them, the idle ones included. What a pulse does harm counts: its
 * programming error and, where it begins the drift of its device anew, an exponent that is not known yet.
 *
 *     E[Σ_t ω_t (α Ŵ(t) − w)²] = Σ_t ω_t ((α m_W(t) − w)² + α² v_W(t))
 *
 * Devices are chosen by what lasts. The noise of reads is nearly the same whatever is done, and choosing by it as well was found to
 * win nothing now and to lose at the next visit; the errors that are stated have it.
 */
export function planTrim(task: TrimTask): TrimPlan {
  const { cells, timesSeconds, timeWeights, agesSeconds } = task;
  const { devicesPerCell, wantedMicrosiemens } = cells;
  const now = task.foresight.moments(agesSeconds, timesSeconds);
  const moved = new MovedDevices(task, now);
  const moves = new CellMoves(task, now, moved);
  const targets = new Float32Array(task.movable.length).fill(Number.NaN);
  let compensation = compensationOf(task, now.mean, now.variance);
  let then = now;
  let devices = 0;
  // The few that are moved hardly change α; once more settles it.
  for (let round = 0; round < 2; round++) {
    targets.fill(Number.NaN);
    then = { mean: now.mean.slice(), variance: now.variance.slice() };
    devices = 0;
    for (let cell = 0; cell < wantedMicrosiemens.length; cell++) {
      const best = moves.best(cell, compensation);
      if (best === undefined) continue;
      const i = cell * devicesPerCell + best.device;
      targets[i] = moved.targets[best.place]!;
      moved.put(i, targets[i]!, then, false);
      devices++;
    }
    compensation = compensationOf(task, then.mean, then.variance);
  }
  const ageThen = (i: number): number => (Number.isNaN(targets[i]!) ? agesSeconds[i]! : 0);
  const seenBefore = seenVariance(task, now, (i) => agesSeconds[i]!);
  const seenAfter = seenVariance(task, then, ageThen);
  const before = expectedErrors(task, now.mean, seenBefore, compensationOf(task, now.mean, seenBefore));
  const after = expectedErrors(task, then.mean, seenAfter, compensationOf(task, then.mean, seenAfter));
  return {
    targetsMicrosiemens: targets,
    devices,
    expectedBefore: averaged(before, timeWeights),
    expectedAfter: averaged(after, timeWeights),
    before,
    after,
    withDeaths: task.dying && {
      before: errorWithDeaths(
        task,
        task.dying,
        { mean: now.mean, variance: seenBefore },
        (i) => agesSeconds[i]!,
      ),
      after: errorWithDeaths(task, task.dying, { mean: then.mean, variance: seenAfter }, ageThen),
    },
  };
}

/** @param agesSeconds  of each device when the clock of the times begins. */
function errorWithDeaths(
  task: TrimTask,
  dying: DyingDevices,
  { mean, variance }: Moments,
  agesSeconds: (device: number) => Seconds,
): number {
  const { timesSeconds, timeWeights, movable, model } = task;
  const all = { mean: mean.slice(), variance: variance.slice() };
  const times = timesSeconds.length;
  for (let i = 0; i < movable.length; i++) {
    if (movable[i] === 0) continue;
    const age = agesSeconds(i);
    for (let t = 0; t < times; t++) {
      const at = i * times + t;
      const share = diedBy(dying, Math.max(age, model.timeZeroSeconds) + timesSeconds[t]!, age);
      const found = amongTheDead(dying, share, mean[at]!, variance[at]!);
      all.mean[at] = found.mean;
      all.variance[at] = found.variance;
    }
  }
  const compensation = compensationOf(task, all.mean, all.variance);
  return averaged(expectedErrors(task, all.mean, all.variance, compensation), timeWeights);
}

/** What is to be expected once devices were moved and read. @param reached  µS; NaN where nothing was done. */
export function expectedOnceReached(task: TrimTask, reached: Float32Array): number {
  const { agesSeconds, timesSeconds, timeWeights } = task;
  const now = task.foresight.moments(agesSeconds, timesSeconds);
  const moved = new MovedDevices(task, now);
  const then = { mean: now.mean.slice(), variance: now.variance.slice() };
  reached.forEach((g, i) => {
    if (!Number.isNaN(g)) moved.put(i, g, then, true);
  });
  const seen = seenVariance(task, then, (i) => (Number.isNaN(reached[i]!) ? agesSeconds[i]! : 0));
  return averaged(expectedErrors(task, then.mean, seen, compensationOf(task, then.mean, seen)), timeWeights);
}
