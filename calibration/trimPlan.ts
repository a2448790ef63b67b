import { averaged, compensationOf, expectedErrors } from "./trimErrors.ts";
import { type FreshMoments, freshMoments, knownTime, type Moments } from "./trimMoments.ts";
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
}

/**
 * Predicts the error of every weight over the times that count, from each device's measured drift, and finds where one
 * device of a cell, programmed anew to a conductance of its own, leaves less of it: any of them, the idle ones included. What
 * a new pulse does harm counts: its programming error, and a drift exponent that nobody knows yet.
 *
 *     E[Σ_t ω_t (α Ŵ(t) − w)²] = Σ_t ω_t ((α m_W(t) − w)² + α² v_W(t))
 *
 * Devices are chosen by what lasts. The noise of reads is nearly the same whatever is done, and choosing by it as well was found to
 * win nothing now and to lose at the next visit; the errors that are stated have it.
 */
export function planTrim(task: TrimTask): TrimPlan {
  const { cells, timesSeconds, timeWeights } = task;
  const { devicesPerCell, factors, wantedMicrosiemens } = cells;
  const now = task.foresight.moments(task.agesSeconds, timesSeconds);
  const fresh = freshMoments(task.model, timesSeconds);
  const times = timesSeconds.length;
  const targets = new Float32Array(task.movable.length).fill(Number.NaN);
  let compensation = compensationOf(task, now.mean, now.variance);
  let { mean, variance } = now;
  let devices = 0;
  // The few that are moved hardly change α; once more settles it.
  for (let round = 0; round < 2; round++) {
    targets.fill(Number.NaN);
    mean = now.mean.slice();
    variance = now.variance.slice();
    devices = 0;
    for (let cell = 0; cell < wantedMicrosiemens.length; cell++) {
      const best = bestMove(task, now, fresh, compensation, cell);
      if (best === undefined) continue;
      const i = cell * devicesPerCell + best.device;
      targets[i] = fresh.targets[best.place]!;
      devices++;
      for (let t = 0; t < times; t++) {
        mean[i * times + t] = fresh.mean[best.place * times + t]!;
        variance[i * times + t] = fresh.variance[best.place * times + t]!;
      }
    }
    compensation = compensationOf(task, mean, variance);
  }
  const seenBefore = seenVariance(task, now, (i) => task.agesSeconds[i]!);
  const seenAfter = seenVariance(task, { mean, variance }, (i) =>
    Number.isNaN(targets[i]!) ? task.agesSeconds[i]! : 0,
  );
  const before = expectedErrors(task, now.mean, seenBefore, compensationOf(task, now.mean, seenBefore));
  const after = expectedErrors(task, mean, seenAfter, compensationOf(task, mean, seenAfter));
  return {
    targetsMicrosiemens: targets,
    devices,
    expectedBefore: averaged(before, timeWeights),
    expectedAfter: averaged(after, timeWeights),
    before,
    after,
  };

  function bestMove(
    { movable }: TrimTask,
    held: Moments,
    anew: FreshMoments,
    alpha: Float64Array,
    cell: number,
  ): { device: number; place: number } | undefined {
    const wanted = wantedMicrosiemens[cell]!;
    if (Number.isNaN(wanted)) return undefined;
    const first = cell * devicesPerCell;
    let loss = 0;
    for (let t = 0; t < times; t++) {
      let m = -wanted / alpha[t]!;
      let v = 0;
      for (let d = 0; d < devicesPerCell; d++) {
        m += factors[d]! * held.mean[(first + d) * times + t]!;
        v += factors[d]! * factors[d]! * held.variance[(first + d) * times + t]!;
      }
      rest[t] = m;
      spread[t] = v;
      loss += timeWeights[t]! * alpha[t]! * alpha[t]! * (m * m + v);
    }
    let best: { device: number; place: number } | undefined;
    let least = loss - Math.max(leastGain * anew.harm, leastGainShare * loss);
    for (let d = 0; d < devicesPerCell; d++) {
      const factor = factors[d]!;
      if (factor === 0 || movable[first + d] === 0) continue;
      for (let place = 0; place < anew.targets.length; place++) {
        let after = 0;
        for (let t = 0; t < times; t++) {
          const was = (first + d) * times + t;
          const will = place * times + t;
          const m = rest[t]! + factor * (anew.mean[will]! - held.mean[was]!);
          const v = spread[t]! + factor * factor * (anew.variance[will]! - held.variance[was]!);
          after += timeWeights[t]! * alpha[t]! * alpha[t]! * (m * m + v);
          if (after >= least) break;
        }
        if (after < least) {
          least = after;
          best = { device: d, place };
        }
      }
    }
    return best;
  }
}

const rest = new Float64Array(64);
const spread = new Float64Array(64);
/** A visit to a device must win this share of the smallest harm a pulse can do, and of the cell's error. */
const leastGain = 0.3;
const leastGainShare = 0.05;

/** What is to be expected once devices were programmed anew and read. @param reached  µS; NaN where nothing was done. */
export function expectedOnceReached(task: TrimTask, reached: Float32Array): number {
  const { model, timesSeconds, timeWeights } = task;
  const { mean, variance } = task.foresight.moments(task.agesSeconds, timesSeconds);
  reached.forEach((g, i) => {
    if (Number.isNaN(g)) return;
    timesSeconds.forEach((time, t) => {
      const at = knownTime(model, time);
      mean[i * timesSeconds.length + t] = model.mean(g, at);
      variance[i * timesSeconds.length + t] = model.varianceParts(g, at).drift;
    });
  });
  const seen = seenVariance(task, { mean, variance }, (i) =>
    Number.isNaN(reached[i]!) ? task.agesSeconds[i]! : 0,
  );
  return averaged(expectedErrors(task, mean, seen, compensationOf(task, mean, seen)), timeWeights);
}
