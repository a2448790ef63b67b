import { forecastLimit, type ForecastPoint, type ForecastResult } from "../src/results/forecasts.ts";
import { formatDuration } from "../src/units.ts";

/** How a forecast came out, for a person. */
export function forecastSentence({ forecast, points }: ForecastResult): string {
  const { by, model, timesSeconds, rmsPercent } = forecast;
  const last = points.at(-1);
  if (last === undefined) {
    const at = (k: number): string =>
      `${rmsPercent.at(k)!.toFixed(2)} % at ${formatDuration(timesSeconds.at(k)!)}`;
    return `The ${by} (${model}) foretells a weight error of ${at(0)} to ${at(-1)}. It was not measured yet.`;
  }
  const worst = worstOf(points);
  const failed =
    worst && ` The forecast failed${worst === last ? "" : `: ${outcomeOf(worst)}`} (${timesOf(worst)}).`;
  return `The ${by} (${model}) foretold a weight error of ${outcomeOf(last)}.${failed ?? ""}`;
}

/** `1.90 % at 1 day, and 3.40 % was measured`. */
export function outcomeOf({ ageSeconds, foretoldPercent, measuredPercent }: ForecastPoint): string {
  return `${foretoldPercent.toFixed(2)} % at ${formatDuration(ageSeconds)}, and ${measuredPercent.toFixed(2)} % was measured`;
}

export function timesOf({ measuredPercent, foretoldPercent }: ForecastPoint): string {
  const ratio = measuredPercent / foretoldPercent;
  return `${(ratio * ratio).toFixed(1)} times the mean square error, ${forecastLimit.meanSquare} at most`;
}

/** The same as fields of a `result`. */
export function forecastFields({ forecast, points }: ForecastResult) {
  const { by, model, modelDigest: digest, timesSeconds, rmsPercent } = forecast;
  return {
    by,
    model,
    model_digest: digest,
    times_seconds: timesSeconds,
    rms_percent: rmsPercent,
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
