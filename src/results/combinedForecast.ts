import type { Forecast } from "../run/forecast.ts";
import type { RunId, RunStore } from "../run/store.ts";

/** What was foretold of several runs together: none where not all of them were foretold alike. */
export async function combinedForecast(
  store: RunStore,
  runs: readonly RunId[],
): Promise<readonly Forecast[]> {
  const parts = await Promise.all(
    runs.map(async (run) => ({
      forecast: (await store.forecasts(run))[0],
      weights: await weightsOf(store, run),
    })),
  );
  const first = parts[0]?.forecast;
  if (first === undefined) return [];
  const { withoutRmsPercent: _without, later: _later, ...told } = first;
  const kind = kindOf(first);
  const all = parts.reduce((sum, { weights }) => sum + weights, 0);
  if (all === 0 || parts.some(({ forecast }) => forecast === undefined || kindOf(forecast) !== kind))
    return [];
  const rmsPercent = first.timesSeconds.map((_, t) =>
    Math.sqrt(
      parts.reduce((sum, { forecast, weights }) => {
        const rms = forecast!.rmsPercent[t]!;
        return sum + (weights / all) * rms * rms;
      }, 0),
    ),
  );
  return [{ ...told, rmsPercent }];
}

function kindOf({ by, modelDigest, timesSeconds }: Forecast): string {
  return JSON.stringify([by, modelDigest, timesSeconds]);
}

async function weightsOf(store: RunStore, run: RunId): Promise<number> {
  let weights = 0;
  for (const { cells } of (await store.plan(run)).tiles)
    for (const wanted of cells?.wantedMicrosiemens ?? []) if (!Number.isNaN(wanted)) weights++;
  return weights;
}
