import { formatDuration, type Microsiemens, type Seconds } from "../units.ts";
import { type FitRecord, fitRecordOf, type ModelDefinition } from "./definition.ts";
import type { DeviceModel } from "./deviceModel.ts";
import { modelOf } from "./modelOf.ts";

/**
 * `extrapolated from 1 day` where a time lies beyond the ages up to which forecasts of the model's fit were tested; else undefined, as
 * of models that were not fitted or whose file does not say.
 *
 * @param time  of the model, s: age is `timeZeroSeconds` more.
 */
export function beyondTested(definition: ModelDefinition, time: Seconds): string | undefined {
  const tested = testedToSecondsOf(definition);
  return tested === undefined
    ? undefined
    : beyondTestedAge(tested, time + modelOf(definition).timeZeroSeconds);
}

/** The same of an age after the last pulse. @param testedToSeconds  undefined where it is not known; 0 where no forecast held. */
export function beyondTestedAge(testedToSeconds: Seconds | undefined, age: Seconds): string | undefined {
  if (testedToSeconds === undefined || !(age > testedToSeconds * (1 + tolerance))) return undefined;
  return testedToSeconds > 0
    ? `extrapolated from ${formatDuration(testedToSeconds)}`
    : "extrapolated, no forecast held";
}

/** Age up to which forecasts of a model's fit held, s; 0 where none did; undefined where it is not known. */
export function testedToSecondsOf(definition: ModelDefinition): Seconds | undefined {
  return fitRecordOf(definition)?.testedToSeconds;
}

/** Sweeps come a little late, and ages are rounded. */
const tolerance = 0.05;

/**
 * The time whose moments devices would have at `time` if, beyond the tested age, ln t went at another pace: age = a (age/a)^pace from
 * the tested age a on. At pace 0 they stop there, at pace 1 they follow the law, at pace 2 they go twice as fast.
 *
 * @returns s, of the model; it may be later than the last time that the model knows.
 */
export function timeAtPace(
  model: DeviceModel,
  testedToSeconds: Seconds,
  time: Seconds,
  pace: number,
): Seconds {
  const { timeZeroSeconds, knownTimesSeconds } = model;
  const age = time + timeZeroSeconds;
  if (!(age > testedToSeconds) || testedToSeconds <= 0) return time;
  const paced = testedToSeconds * Math.exp(pace * Math.log(age / testedToSeconds));
  return Math.max(knownTimesSeconds.from, paced - timeZeroSeconds);
}

/** The mean at another pace, µS. Later than the model knows it goes on as in its last decade, since a range that ended there would be too narrow. */
export function meanAtPace(
  model: DeviceModel,
  testedToSeconds: Seconds,
  target: Microsiemens,
  time: Seconds,
  pace: number,
): Microsiemens {
  const { timeZeroSeconds } = model;
  const { from, to } = model.knownTimesSeconds;
  const paced = timeAtPace(model, testedToSeconds, time, pace);
  if (paced <= to) return model.mean(target, paced);
  const [last, age] = [to + timeZeroSeconds, paced + timeZeroSeconds];
  const before = Math.max(from, last / 10 - timeZeroSeconds);
  const slope =
    (model.mean(target, to) - model.mean(target, before)) / Math.log(last / (before + timeZeroSeconds));
  return Math.max(0, model.mean(target, to) + slope * Math.log(age / last));
}

/** Whether a forecast failed beyond the age that a fit was tested to: it is then to be believed no further. */
export function failsBeyondTested({ testedToSeconds, forecasts = [] }: FitRecord): boolean {
  return (
    testedToSeconds !== undefined &&
    forecasts.some(({ toSeconds, holds }) => !holds && toSeconds > testedToSeconds)
  );
}
