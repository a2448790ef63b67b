import { type CellTask, isBroken } from "../program/method.ts";
import type { Forecast } from "../run/forecast.ts";
import type { TileMemory } from "../run/journal.ts";
import { recall } from "../run/recall.ts";
import type { RunId, RunReader } from "../run/store.ts";
import type { Seconds } from "../units.ts";
import { largestWanted } from "../program/cells.ts";
import { cellErrors } from "./cellErrors.ts";
import { ageShown, sweepTables, tileAge } from "./sweepTable.ts";

/** How a forecast came out. */
export interface ForecastResult {
  readonly forecast: Forecast;
  /** One a sweep whose age it was made for, ascending. */
  readonly points: readonly ForecastPoint[];
}

export interface ForecastPoint {
  readonly ageSeconds: Seconds;
  /** Root mean square weight errors in percent of each tile's largest weight. */
  readonly foretoldPercent: number;
  /** Of the weights whose devices obey: a model speaks of no others. */
  readonly measuredPercent: number;
  readonly weights: number;
  readonly failed: boolean;
}

/**
 * A forecast failed where the measured mean square error is more than twice the foretold. Of 500 weights chance moves a mean square
 * by 6 %; of fewer, a few odd devices would decide.
 */
export const forecastLimit = { meanSquare: 2, weights: 500 };

/** Compares what was foretold of a run with its sweeps. A run that is not done holds no weights that were foretold. */
export async function forecastResults(
  store: RunReader,
  run: RunId,
  recalled?: readonly TileMemory[],
): Promise<ForecastResult[]> {
  const forecasts = await store.forecasts(run);
  if (forecasts.length === 0) return [];
  if ((await store.summary(run)).outcome !== "done")
    return forecasts.map((forecast) => ({ forecast, points: [] }));
  const measured = await measuredErrors(store, run, recalled ?? (await recall(store, run)));
  return forecasts.map((forecast) => ({
    forecast,
    points: measured.flatMap(({ ageSeconds, rmsPercent, weights }) => {
      const foretoldPercent = foretoldAt(forecast, ageSeconds);
      if (foretoldPercent === undefined) return [];
      const square = (rmsPercent / foretoldPercent) * (rmsPercent / foretoldPercent);
      const failed = weights >= forecastLimit.weights && square > forecastLimit.meanSquare;
      return [{ ageSeconds, foretoldPercent, measuredPercent: rmsPercent, weights, failed }];
    }),
  }));
}

/** The mean square error grows evenly in log age between two times; beyond the first and the last nothing was foretold. */
function foretoldAt({ timesSeconds, rmsPercent }: Forecast, age: Seconds): number | undefined {
  const first = timesSeconds[0]!;
  const last = timesSeconds.at(-1)!;
  // Sweeps come a little late or early.
  if (!(age >= first * (1 - near) && age <= last * (1 + near))) return undefined;
  const at = Math.min(last, Math.max(first, age));
  const k = Math.max(
    1,
    timesSeconds.findIndex((time) => time >= at),
  );
  const [from, to] = [timesSeconds[k - 1]!, timesSeconds[k] ?? first];
  const [a, b] = [rmsPercent[k - 1]!, rmsPercent[k] ?? rmsPercent[0]!];
  const share = to > from ? Math.log(at / from) / Math.log(to / from) : 0;
  return Math.sqrt(a * a + share * (b * b - a * a));
}

const near = 0.1;

interface Measured {
  readonly ageSeconds: Seconds;
  readonly rmsPercent: number;
  readonly weights: number;
}

async function measuredErrors(
  store: RunReader,
  run: RunId,
  memories: readonly TileMemory[],
): Promise<Measured[]> {
  const plan = await store.plan(run);
  const broken = await brokenOf(store, run, memories);
  const cellsOf = new Map(
    plan.tiles.flatMap(({ block, cells }) =>
      cells === undefined ? [] : [[block.tile, obeying(cells, broken.get(block.tile))] as const],
    ),
  );
  const sums = new Map<Seconds, { square: number; weights: number; ages: Seconds[] }>();
  for await (const table of sweepTables(store, run, plan, memories)) {
    const { tile, timeSeconds, conductanceMicrosiemens } = table.sweep;
    const cells = cellsOf.get(tile);
    if (cells === undefined) continue;
    const found = cellErrors(cells.task, conductanceMicrosiemens);
    const relative = found.rmsMicrosiemens / cells.largest;
    const sum = sums.get(timeSeconds) ?? { square: 0, weights: 0, ages: [] };
    sum.square += relative * relative * found.cells;
    sum.weights += found.cells;
    sum.ages.push(tileAge(table));
    sums.set(timeSeconds, sum);
  }
  return [...sums]
    .map(([asked, { square, weights, ages }]) => ({
      ageSeconds: ageShown(asked, ages),
      rmsPercent: 100 * Math.sqrt(square / Math.max(1, weights)),
      weights,
    }))
    .sort((a, b) => a.ageSeconds - b.ageSeconds);
}

/** Devices, by tile, that did not obey in this run or in those that it corrects; 1 where so. */
async function brokenOf(
  store: RunReader,
  run: RunId,
  memories: readonly TileMemory[],
): Promise<Map<number, Uint8Array>> {
  const { corrects } = await store.plan(run);
  const broken =
    corrects === undefined
      ? new Map<number, Uint8Array>()
      : await brokenOf(store, corrects, await recall(store, corrects));
  for (const { block, verdicts } of memories) {
    const before = broken.get(block.tile);
    broken.set(
      block.tile,
      Uint8Array.from(verdicts, (verdict, i) => (isBroken(verdict) || before?.[i] === 1 ? 1 : 0)),
    );
  }
  return broken;
}

/** The cells without those that hold a device which does not obey; and the largest weight of all, µS. */
function obeying(
  cells: CellTask,
  broken: Uint8Array | undefined,
): { readonly task: CellTask; readonly largest: number } {
  const { devicesPerCell, factors, wantedMicrosiemens } = cells;
  const largest = largestWanted(cells);
  const wanted = wantedMicrosiemens.map((weight, cell) => {
    const fails = factors.some((factor, d) => factor !== 0 && broken?.[cell * devicesPerCell + d] === 1);
    return fails ? Number.NaN : weight;
  });
  return { task: { ...cells, wantedMicrosiemens: wanted }, largest };
}
