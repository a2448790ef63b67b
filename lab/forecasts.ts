import type { Visit } from "../calibration/visit.ts";
import { modelDigest } from "../files/model.ts";
import { MhoError } from "../src/errors.ts";
import type { ModelDefinition } from "../src/model/definition.ts";
import { testedToSecondsOf } from "../src/model/tested.ts";
import type { Strategy } from "../src/optimize/strategy.ts";
import { spanOf } from "../src/optimize/strategy.ts";
import { largestWanted } from "../src/program/cells.ts";
import { type ForecastPoint, forecastResults } from "../src/results/forecasts.ts";
import type { Forecast } from "../src/run/forecast.ts";
import type { LaidStrategy } from "../src/run/laying.ts";
import type { RunId, RunStore } from "../src/run/store.ts";
import type { Seconds } from "../src/units.ts";
import type { WarningEvent } from "./events.ts";
import { outcomeOf, timesOf, worstOf } from "./forecastTexts.ts";
import { toBelieve } from "./warnings.ts";

/** What a strategy foretells of the weights as they are laid on tiles. */
export function strategyForecast(strategy: Strategy, { placements, tiles }: LaidStrategy): Forecast {
  const { model, timesSeconds, layers, predictedAccuracy: accuracy } = strategy;
  const squares = placements.map(({ layer }, k) => {
    const { predicted, weightMax, scaleMicrosiemensPerUnit } = layers[layer]!;
    const ratio = (weightMax * spanOf(scaleMicrosiemensPerUnit)[0]) / largestWanted(tiles[k]!.cells!);
    return predicted.rmsPercentByTime.map((rms) => rms * ratio * rms * ratio);
  });
  const rmsPercent = overTiles(squares, tiles.map(weightsOf));
  return { by: "strategy", ...named(model), timesSeconds, rmsPercent, ...(accuracy && { accuracy }) };
}

/** What a trim foretells of the weights that it leaves. */
export function trimForecast(
  visit: Visit,
  model: ModelDefinition,
  timesSeconds: readonly Seconds[],
): Forecast {
  const weights = visit.tiles.map(({ targets }) => weightsOf(targets));
  // 100 × the mean square over that of the largest weight.
  const squares = (of: "before" | "after"): number[][] =>
    visit.tiles.map(({ plan }) => Array.from(plan[of], (error) => 100 * error));
  const [after, before] = [overTiles(squares("after"), weights), overTiles(squares("before"), weights)];
  // Times may be given in any order, and more than once.
  const times = [...new Set(timesSeconds)].filter((time) => time > 0).sort((a, b) => a - b);
  const inOrder = (errors: readonly number[]): number[] =>
    times.map((time) => errors[timesSeconds.indexOf(time)]!);
  return {
    by: "trim",
    ...named(model),
    timesSeconds: times,
    rmsPercent: inOrder(after),
    withoutRmsPercent: inOrder(before),
    later: visit.later.map(({ ageSeconds, expected }) => ({
      ageSeconds,
      rmsPercent: 10 * Math.sqrt(expected),
    })),
  };
}

function named(model: ModelDefinition): Pick<Forecast, "model" | "modelDigest" | "testedToSeconds"> {
  const testedToSeconds = testedToSecondsOf(model);
  return {
    model: model.name,
    modelDigest: modelDigest(model),
    ...(testedToSeconds !== undefined && { testedToSeconds }),
  };
}

function weightsOf({ cells }: LaidStrategy["tiles"][number]): number {
  return cells!.wantedMicrosiemens.reduce((count, w) => count + (Number.isNaN(w) ? 0 : 1), 0);
}

/** @param squares  % squared, one row a tile, one entry a time. */
function overTiles(squares: readonly (readonly number[])[], weights: readonly number[]): number[] {
  const all = weights.reduce((sum, count) => sum + count, 0);
  return (squares[0] ?? []).map((_, t) =>
    Math.sqrt(squares.reduce((sum, row, k) => sum + weights[k]! * row[t]!, 0) / Math.max(1, all)),
  );
}

/**
 * A model whose forecast failed on a chip of this kind is used for a trim only where that is asked for.
 *
 * @throws MhoError `bad-argument` with the run, what was foretold of it and what was measured.
 */
export async function refuseFailedForecasts(
  store: RunStore,
  chipName: string,
  definition: ModelDefinition,
  believe: boolean | undefined,
  emit: (event: WarningEvent) => void,
): Promise<void> {
  const digest = modelDigest(definition);
  for (const { id, chipName: name } of (await store.runs()).toReversed()) {
    if (name !== chipName) continue;
    if (!(await store.forecasts(id)).some(({ modelDigest: of }) => of === digest)) continue;
    for (const { forecast, points } of await forecastResults(store, id)) {
      const worst = forecast.modelDigest === digest ? worstOf(points) : undefined;
      if (worst !== undefined) return doubt(definition.name, id, forecast, worst, believe, emit);
    }
  }
}

function doubt(
  model: string,
  run: RunId,
  forecast: Forecast,
  point: ForecastPoint,
  believe: boolean | undefined,
  emit: (event: WarningEvent) => void,
): void {
  const why = `of run ${run} the ${forecast.by} foretold ${outcomeOf(point, forecast)} (${timesOf(point)})`;
  if (believe === true) {
    emit({
      type: "warning",
      code: "model_not_believed",
      message: `The model ${model} has failed before: ${why}.`,
      name: model,
      why: "a forecast failed",
    });
    return;
  }
  throw new MhoError(
    "bad-argument",
    `The model ${model} has failed before: ${why}. Fit a model to this run (mho fit ${run}) and give it with --model; to use this one ` +
      `all the same, ${toBelieve}.`,
    { model, run, why: "a forecast failed" },
  );
}
