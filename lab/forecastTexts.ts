import { snakeKeys } from "../files/keys.ts";
import { beyondTestedAge } from "../src/model/tested.ts";
import { measureNamed, scoreText } from "../src/results/networkMeasure.ts";
import { forecastLimit, type ForecastPoint, type ForecastResult } from "../src/results/forecasts.ts";
import type { Forecast } from "../src/run/forecast.ts";
import { formatDuration, type Seconds } from "../src/units.ts";

/** How a forecast came out, for a person. */
export function forecastSentence({ forecast, points }: ForecastResult): string {
  const { by, model } = forecast;
  const last = points.at(-1);
  if (last === undefined) {
    return `The ${by} (${model}) foretells a weight error of ${foretold(forecast, 0)} to ${foretold(forecast, -1)}. It was not measured yet.`;
  }
  const worst = worstOf(points);
  const failed =
    worst &&
    ` The forecast failed${worst === last ? "" : `: ${outcomeOf(worst, forecast)}`} (${timesOf(worst)}).`;
  return `The ${by} (${model}) foretold a weight error of ${outcomeOf(last, forecast)}.${failed ?? ""}`;
}

/** What is foretold of the last time, where the model was not tested so far; else undefined. */
export function extrapolationSentence(forecast: Forecast): string | undefined {
  const { by, model, timesSeconds, testedToSeconds } = forecast;
  return beyondTestedAge(testedToSeconds, timesSeconds.at(-1)!) === undefined
    ? undefined
    : `The ${by} (${model}) foretells a weight error of ${foretold(forecast, -1)}.`;
}

/** The same of a forecast of which younger ages alone were measured. */
export function laterSentence({ forecast, points }: ForecastResult): string | undefined {
  const last = points.at(-1);
  return last === undefined || last.ageSeconds >= forecast.timesSeconds.at(-1)!
    ? undefined
    : extrapolationSentence(forecast);
}

/** What a strategy predicted of its network; undefined where it was not asked for it. */
export function accuracySentence({ by, model, accuracy, testedToSeconds }: Forecast): string | undefined {
  if (accuracy === undefined) return undefined;
  const { network, draws, timesSeconds, mean, low, high } = accuracy;
  const measure = measureNamed(accuracy.measure);
  const bare = (score: number): string => measure.inUnit(score).toFixed(measure.digits);
  const at = timesSeconds.map(
    (time, t) =>
      `${scoreText(measure, mean[t]!)} (${bare(low[t]!)} to ${bare(high[t]!)}) at ${ageText(time, testedToSeconds)}`,
  );
  const what =
    measure.name === "accuracy" ? `an accuracy of ${network}` : `a similarity of ${network} to software`;
  return `The ${by} (${model}) predicts ${what}, with its band of 90 % over ${draws} drawn chips, of ${at.join(", ")}.`;
}

/** `1.90 % at 30 days (extrapolated from 1 day)`. */
function foretold({ timesSeconds, rmsPercent, testedToSeconds }: Forecast, k: number): string {
  return `${rmsPercent.at(k)!.toFixed(2)} % at ${ageText(timesSeconds.at(k)!, testedToSeconds)}`;
}

/** `1.90 % at 1 day, and 3.40 % was measured where devices obey`: no model speaks of those that do not. */
export function outcomeOf(
  { ageSeconds, foretoldPercent, measuredPercent }: ForecastPoint,
  { testedToSeconds }: Pick<Forecast, "testedToSeconds">,
): string {
  return `${foretoldPercent.toFixed(2)} % at ${ageText(ageSeconds, testedToSeconds)}, and ${measuredPercent.toFixed(2)} % was measured where devices obey`;
}

function ageText(age: Seconds, testedToSeconds: Seconds | undefined): string {
  const beyond = beyondTestedAge(testedToSeconds, age);
  return `${formatDuration(age)}${beyond === undefined ? "" : ` (${beyond})`}`;
}

export function timesOf({ measuredPercent, foretoldPercent }: ForecastPoint): string {
  const ratio = measuredPercent / foretoldPercent;
  return `${(ratio * ratio).toFixed(1)} times the mean square error, ${forecastLimit.meanSquare} at most`;
}

/** The same as fields of a `result`. */
export function forecastFields({ forecast, points }: ForecastResult) {
  const { by, model, modelDigest: digest, timesSeconds, rmsPercent, accuracy } = forecast;
  return {
    by,
    model,
    model_digest: digest,
    tested_to_seconds: forecast.testedToSeconds ?? null,
    times_seconds: timesSeconds,
    rms_percent: rmsPercent,
    accuracy: accuracy === undefined ? null : snakeKeys(accuracy),
    failed: points.some(({ failed }) => failed),
    measured: points.map((point) => ({
      age_seconds: point.ageSeconds,
      foretold_percent: point.foretoldPercent,
      measured_percent: point.measuredPercent,
      weights: point.weights,
      failed: point.failed,
    })),
  };
}

/** The failure that is farthest from what was foretold. */
export function worstOf(points: readonly ForecastPoint[]): ForecastPoint | undefined {
  const ratio = ({ measuredPercent, foretoldPercent }: ForecastPoint): number =>
    measuredPercent / foretoldPercent;
  return points.filter(({ failed }) => failed).sort((a, b) => ratio(b) - ratio(a))[0];
}
