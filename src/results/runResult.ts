import { largestWanted } from "../program/cells.ts";
import { cellErrors } from "./cellErrors.ts";
import type { TileMemory } from "../run/journal.ts";
import type { RunPlan } from "../run/plan.ts";
import type { RunId, RunReader, RunSummary } from "../run/store.ts";
import { standingOf } from "./outcome.ts";
import { yieldOf } from "./yield.ts";
import { ageShown, sweepTables, tileAge } from "./sweepTable.ts";
import { overviewOf, type RunOverview } from "./summary.ts";
import { recall } from "../run/recall.ts";
import type { Seconds } from "../units.ts";

/** How a run went. */
export interface RunResult {
  readonly overview: RunOverview;
  readonly outcome: RunSummary["outcome"];
  /** Wall time, ISO 8601. */
  readonly startedAt: string;
  /** Devices accepted, of those that were read back at the end; undefined where none was, and while a device is not settled. */
  readonly yieldPercent: number | undefined;
  /** Weight errors at each sweep's true age, where the weights are known. */
  readonly errors: readonly {
    readonly timeSeconds: Seconds;
    readonly rmsPercent: number;
    readonly alpha: number;
  }[];
}

/** @param recalled  the run's journal, where it is folded already. */
export async function judgeRun(
  store: RunReader,
  run: RunId,
  recalled?: readonly TileMemory[],
): Promise<RunResult> {
  const memories = recalled ?? (await recall(store, run));
  const plan = await store.plan(run);
  const { errors, times } = await weightErrors(store, run, plan, memories);
  const overview = overviewOf(plan.tiles, memories, times);
  // A measurement has settings. Its verdicts say which devices were measured, and its findings what they are worth.
  const yieldPercent = plan.settings === undefined ? yieldOf(overview.verdicts) : undefined;
  const { outcome, startedAt } = await standingOf(store, await store.summary(run));
  return {
    overview,
    outcome,
    startedAt,
    yieldPercent,
    errors,
  };
}

/** RMS over all weights, in percent of each tile's largest, α by least squares on each tile; and every age that was asked for. */
async function weightErrors(
  store: RunReader,
  run: RunId,
  plan: RunPlan,
  memories: readonly TileMemory[],
): Promise<{ readonly errors: RunResult["errors"]; readonly times: ReadonlySet<Seconds> }> {
  const { tiles } = plan;
  const times = new Set<Seconds>();
  const byTile = new Map(tiles.map((tile) => [tile.block.tile, tile]));
  const sums = new Map<Seconds, { square: number; cells: number; alpha: number; ages: Seconds[] }>();
  for await (const table of sweepTables(store, run, plan, memories)) {
    const { tile, timeSeconds, conductanceMicrosiemens } = table.sweep;
    times.add(timeSeconds);
    const cells = byTile.get(tile)?.cells;
    if (cells === undefined) continue;
    const found = cellErrors(cells, conductanceMicrosiemens);
    const sum = sums.get(timeSeconds) ?? { square: 0, cells: 0, alpha: 0, ages: [] };
    const relative = found.rmsMicrosiemens / largestWanted(cells);
    sum.square += relative * relative * found.cells;
    sum.cells += found.cells;
    sum.alpha += found.compensation;
    sum.ages.push(tileAge(table));
    sums.set(timeSeconds, sum);
  }
  const errors = [...sums].map(([asked, { square, cells, alpha, ages }]) => ({
    timeSeconds: ageShown(asked, ages),
    rmsPercent: 100 * Math.sqrt(square / Math.max(1, cells)),
    alpha: alpha / ages.length,
  }));
  // Tiles whose devices settle late are read at several ages at once.
  errors.sort((a, b) => a.timeSeconds - b.timeSeconds);
  return { errors, times };
}
