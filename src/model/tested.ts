import { formatDuration, type Seconds } from "../units.ts";
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
 * @returns s, of the model; at most the last time that it knows.
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
  return Math.min(knownTimesSeconds.to, Math.max(knownTimesSeconds.from, paced - timeZeroSeconds));
}

/** Whether a forecast failed beyond the age that a fit was tested to: it is then to be believed no further. */
export function failsBeyondTested({ testedToSeconds, forecasts = [] }: FitRecord): boolean {
  return (
    testedToSeconds !== undefined &&
    forecasts.some(({ toSeconds, holds }) => !holds && toSeconds > testedToSeconds)
  );
}
