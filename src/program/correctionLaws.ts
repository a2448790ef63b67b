import type { DeviceModel } from "../model/deviceModel.ts";
import type { Microsiemens, Seconds } from "../units.ts";

/** What a device is worth as the one that takes a weight's error. */
export interface CorrectionLaws {
  readonly top: Microsiemens;
  /**
   * Variance that a device adds to what its cell will be off by when it is pulsed to a target, less what it would add if it were left
   * alone, µS².
   *
   * @param now   what it conducts, µS.
   * @param age   since its last pulse, s; NaN where it never had one.
   * @param next  how old it will be when it can be corrected again, s; undefined where this is the last time.
   */
  added(target: Microsiemens, now: Microsiemens, age: Seconds, next: Seconds | undefined): number;
}

/** Of devices that go on drifting as they would have done: a pulse adds what verify leaves, and drift and read noise of the new target. */
export const driftLaws = onceForEach(driftLawsOf);

function driftLawsOf(model: DeviceModel): CorrectionLaws {
  const top = model.maxConductanceMicrosiemens;
  const times = horizonOf(model);
  const programming = new Float64Array(gridPoints);
  const later = new Float64Array(gridPoints);
  for (let k = 0; k < gridPoints; k++) {
    const target = (top * k) / (gridPoints - 1);
    const std = verifiedShare * model.programmingStd(target);
    programming[k] = std * std;
    for (const time of times) {
      const { drift, read } = model.varianceParts(target, time);
      later[k]! += (drift + read) / times.length;
    }
  }
  const place = (target: Microsiemens): number => placeIn(target, top);
  return {
    top,
    added: (target, now) =>
      programming[place(target)]! + Math.max(0, later[place(target)]! - later[place(now)]!),
  };
}

/**
 * Of devices that relax, by steps that are independent of each other, the faster the younger they are: what one has relaxed so far is
 * seen, and only what is still to come adds to the error. A pulse makes it young again.
 *
 *     left alone, of age a    V(G, a + t) − V(G, a)       V: the model's variance of equal devices, without read noise
 *     pulsed anew             V(T, t)
 */
export const relaxationLaws = onceForEach(relaxationLawsOf);

function relaxationLawsOf(model: DeviceModel): CorrectionLaws {
  const top = model.maxConductanceMicrosiemens;
  const { from, to } = model.knownTimesSeconds;
  const times = horizonOf(model);
  const known = (age: Seconds): Seconds => Math.min(to, Math.max(from, age - model.timeZeroSeconds));
  const spread = (target: Microsiemens, age: Seconds): number => {
    const { programming, drift } = model.varianceParts(target, known(age));
    return programming + drift;
  };
  const meanOf = (of: (time: Seconds) => number): number =>
    times.reduce((sum, time) => sum + of(time) / times.length, 0);
  const grid = (of: (target: Microsiemens) => number): Float64Array =>
    Float64Array.from({ length: gridPoints }, (_, k) => of((top * k) / (gridPoints - 1)));
  const young = grid((target) => meanOf((time) => spread(target, time + model.timeZeroSeconds)));
  const seenAt = ages(ageCount).map((age) => grid((target) => seenAgain * spread(target, age)));
  const old = ages(ageCount).map((age) =>
    grid((target) => {
      const now = spread(target, age);
      return meanOf((time) => Math.max(0, spread(target, age + time) - now));
    }),
  );
  return {
    top,
    added(target, now, age, next) {
      const place = placeIn(target, top);
      const seen = next === undefined ? 0 : seenAt[ageIndex(next)]![place]!;
      const left = Number.isNaN(age) ? 0 : old[ageIndex(age)]![placeIn(now, top)]!;
      return Math.max(0, young[place]! - seen - left);
    },
  };
}

/** The laws of a model, which every tile that is programmed by it asks for: they are some 40,000 moments. */
function onceForEach(lawsOf: (model: DeviceModel) => CorrectionLaws): (model: DeviceModel) => CorrectionLaws {
  const known = new WeakMap<DeviceModel, CorrectionLaws>();
  return (model) => {
    const laws = known.get(model) ?? lawsOf(model);
    known.set(model, laws);
    return laws;
  };
}

const gridPoints = 256;
/** σ of what verify leaves at the reference age, as a share of the model's programming error. */
const verifiedShare = 0.85;
/** When errors count, as far as the model knows. */
const horizonSeconds = [1, 3600, 86_400];

function horizonOf({ knownTimesSeconds: { from, to } }: DeviceModel): readonly Seconds[] {
  return horizonSeconds.filter((time) => time >= from && time <= to);
}

function placeIn(conductance: Microsiemens, top: Microsiemens): number {
  return Math.min(gridPoints - 1, Math.max(0, Math.round((conductance / top) * (gridPoints - 1))));
}

/** What relaxes until the next look is seen then, and most of it corrected. */
const seenAgain = 0.9;

/** Ages at which laws of relaxation are kept: from a second on, each twice the last. */
const ageCount = 24;
function ages(count: number): Seconds[] {
  return Array.from({ length: count }, (_, k) => Math.exp(k * Math.LN2));
}
function ageIndex(age: Seconds): number {
  return Math.min(ageCount - 1, Math.max(0, Math.round(Math.log(age) / Math.LN2)));
}
