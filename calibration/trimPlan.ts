import type { DeviceModel } from "../src/model/deviceModel.ts";
import type { CellTask } from "../src/program/method.ts";
import type { Seconds } from "../src/units.ts";
import type { DeviceBeliefs } from "./deviceBelief.ts";

/** What a visit is planned from. Arrays over the block, one entry a device. */
export interface TrimTask {
  readonly cells: CellTask;
  readonly beliefs: DeviceBeliefs;
  /** What a device that is programmed anew will do. */
  readonly model: DeviceModel;
  /** Ages when the clock of `timesSeconds` begins, for devices that are left alone, s. */
  readonly agesSeconds: Float64Array;
  /** When errors count, after the visit. */
  readonly timesSeconds: readonly Seconds[];
  /** One a time, summing to 1. */
  readonly timeWeights: Float64Array;
  /** 1 for devices that may be pulsed again. */
  readonly movable: Uint8Array;
  readonly onsetSeconds: Seconds;
}

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
 */
export function planTrim(task: TrimTask): TrimPlan {
  const { cells, timesSeconds, timeWeights } = task;
  const { devicesPerCell, factors, wantedMicrosiemens } = cells;
  const now = predictDevices(task);
  const fresh = freshMoments(task.model, timesSeconds);
  const times = timesSeconds.length;
  const targets = new Float32Array(task.movable.length).fill(Number.NaN);
  let compensation = compensationOf(task, now.mean, now.variance);
  const before = expectedErrors(task, now.mean, now.variance, compensation);
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
  const after = expectedErrors(task, mean, variance, compensation);
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

/** Row-major [device, time], µS and µS². */
interface Moments {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

function predictDevices({ beliefs, agesSeconds, timesSeconds, model, onsetSeconds }: TrimTask): Moments {
  const count = agesSeconds.length;
  const times = timesSeconds.length;
  const mean = new Float64Array(count * times);
  const variance = new Float64Array(count * times);
  const logReference = Math.log(model.referenceAgeSeconds + onsetSeconds);
  for (let i = 0; i < count; i++) {
    for (let t = 0; t < times; t++) {
      const age = agesSeconds[i]! + timesSeconds[t]!;
      const l = Math.log(age + onsetSeconds) - logReference;
      const log = beliefs.logA[i]! - beliefs.exponent[i]! * l;
      const doubt =
        beliefs.varianceLogA[i]! - 2 * l * beliefs.covariance[i]! + l * l * beliefs.varianceExponent[i]!;
      const m = beliefs.lawless[i] === 1 ? Math.exp(beliefs.logA[i]!) : Math.exp(log + doubt / 2);
      mean[i * times + t] = m;
      variance[i * times + t] = beliefs.lawless[i] === 1 ? 0 : m * m * Math.expm1(Math.min(1, doubt));
    }
  }
  return { mean, variance };
}

interface FreshMoments extends Moments {
  readonly targets: Float64Array;
  /** The least mean variance that any target has. */
  readonly harm: number;
}

const targetSteps = 100;

/** What a device is expected to be that is programmed anew, by target: [target, time]. Read noise is there either way. */
function freshMoments(model: DeviceModel, timesSeconds: readonly Seconds[]): FreshMoments {
  const { minConductanceMicrosiemens: min, maxConductanceMicrosiemens: max } = model;
  const times = timesSeconds.length;
  const targets = Float64Array.from(
    { length: targetSteps + 1 },
    (_, k) => min + ((max - min) * k) / targetSteps,
  );
  const mean = new Float64Array(targets.length * times);
  const variance = new Float64Array(targets.length * times);
  let harm = Infinity;
  targets.forEach((target, k) => {
    let sum = 0;
    timesSeconds.forEach((time, t) => {
      const { programming, drift } = model.varianceParts(target, time);
      mean[k * times + t] = model.mean(target, time);
      variance[k * times + t] = programming + drift;
      sum += (programming + drift) / times;
    });
    harm = Math.min(harm, sum);
  });
  return { targets, mean, variance, harm };
}

/** α(t) by least squares over the cells, as a calibration on the bench would find it. */
function compensationOf(
  { cells, timesSeconds }: TrimTask,
  mean: Float64Array,
  variance: Float64Array,
): Float64Array {
  const times = timesSeconds.length;
  return Float64Array.from(timesSeconds, (_, t) => {
    let product = 0;
    let square = 0;
    eachCell(cells, mean, variance, t, times, (m, v, wanted) => {
      product += m * wanted;
      square += m * m + v;
    });
    return product > 0 ? product / square : 1;
  });
}

/** At each time. */
function expectedErrors(
  { cells, timesSeconds }: TrimTask,
  mean: Float64Array,
  variance: Float64Array,
  compensation: Float64Array,
): Float64Array {
  const times = timesSeconds.length;
  return Float64Array.from(timesSeconds, (_, t) => {
    const alpha = compensation[t]!;
    let sum = 0;
    let count = 0;
    let largest = 0;
    eachCell(cells, mean, variance, t, times, (m, v, wanted) => {
      const miss = alpha * m - wanted;
      sum += miss * miss + alpha * alpha * v;
      count++;
      if (Math.abs(wanted) > largest) largest = Math.abs(wanted);
    });
    return count === 0 || largest === 0 ? 0 : (100 * sum) / count / (largest * largest);
  });
}

/** Mean over the times, as they count. */
export function averaged(errors: Float64Array, weights: Float64Array): number {
  return errors.reduce((sum, error, t) => sum + weights[t]! * error, 0);
}

/** What is to be expected once devices were programmed anew and read. @param reached  µS; NaN where nothing was done. */
export function expectedOnceReached(task: TrimTask, reached: Float32Array): number {
  const { mean, variance } = predictDevices(task);
  const { model, timesSeconds, timeWeights } = task;
  reached.forEach((g, i) => {
    if (Number.isNaN(g)) return;
    timesSeconds.forEach((time, t) => {
      mean[i * timesSeconds.length + t] = model.mean(g, time);
      variance[i * timesSeconds.length + t] = model.varianceParts(g, time).drift;
    });
  });
  return averaged(expectedErrors(task, mean, variance, compensationOf(task, mean, variance)), timeWeights);
}

function eachCell(
  { devicesPerCell, factors, wantedMicrosiemens }: CellTask,
  mean: Float64Array,
  variance: Float64Array,
  t: number,
  times: number,
  use: (mean: number, variance: number, wanted: number) => void,
): void {
  for (let cell = 0; cell < wantedMicrosiemens.length; cell++) {
    const wanted = wantedMicrosiemens[cell]!;
    if (Number.isNaN(wanted)) continue;
    let m = 0;
    let v = 0;
    for (let d = 0; d < devicesPerCell; d++) {
      const i = (cell * devicesPerCell + d) * times + t;
      if (factors[d] === 0) continue;
      m += factors[d]! * mean[i]!;
      v += factors[d]! * factors[d]! * variance[i]!;
    }
    if (!Number.isNaN(m)) use(m, v, wanted);
  }
}
