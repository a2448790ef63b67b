import { counted } from "../src/counted.ts";
import { cellErrors } from "../src/results/cellErrors.ts";
import type { TileMemory } from "../src/run/journal.ts";
import type { RunId, RunStore, RunSummary } from "../src/run/store.ts";
import { ageShown, sweepTables, tileAge } from "../src/results/sweepTable.ts";
import { type RunOverview, summarise } from "../src/results/summary.ts";
import { recall } from "../src/run/recall.ts";
import { formatDuration, type Seconds } from "../src/units.ts";
import type { Output } from "./output.ts";

/** How a run went. */
export interface RunResult {
  readonly overview: RunOverview;
  readonly outcome: RunSummary["outcome"];
  /** Wall time, ISO 8601. */
  readonly startedAt: string;
  /** Devices accepted, of those with a target. */
  readonly yieldPercent: number;
  /** Weight errors at each sweep's true age, where the weights are known. */
  readonly errors: readonly {
    readonly timeSeconds: Seconds;
    readonly rmsPercent: number;
    readonly alpha: number;
  }[];
  readonly forMachines: Readonly<Record<string, unknown>>;
}

/** @param recalled  the run's journal, where it is folded already. */
export async function judgeRun(
  store: RunStore,
  run: RunId,
  recalled?: readonly TileMemory[],
): Promise<RunResult> {
  const memories = recalled ?? (await recall(store, run));
  const overview = await summarise(store, run, memories);
  const { verdicts, devices } = overview;
  const accepted = verdicts.accepted + verdicts["accepted outside tolerance"];
  const yieldPercent = devices === 0 ? 100 : (100 * accepted) / devices;
  const errors = await weightErrors(store, run, memories);
  const { outcome, startedAt } = (await store.runs()).find(({ id }) => id === run)!;
  return {
    overview,
    outcome,
    startedAt,
    yieldPercent,
    errors,
    forMachines: {
      outcome,
      started_at: startedAt,
      devices,
      pulses: overview.pulses,
      turns: overview.turns,
      yield_percent: yieldPercent,
      verdicts,
      weight_errors: errors.map(({ timeSeconds, rmsPercent, alpha }) => ({
        time_seconds: timeSeconds,
        rms_percent: rmsPercent,
        compensation: alpha,
      })),
    },
  };
}

/** RMS over all weights, in percent of each tile's largest, α by least squares on each tile. */
async function weightErrors(
  store: RunStore,
  run: RunId,
  memories: readonly TileMemory[],
): Promise<RunResult["errors"]> {
  const plan = await store.plan(run);
  const { tiles } = plan;
  if (tiles.every(({ cells }) => cells === undefined)) return [];
  const byTile = new Map(tiles.map((tile) => [tile.block.tile, tile]));
  const sums = new Map<Seconds, { square: number; cells: number; alpha: number; ages: Seconds[] }>();
  for await (const table of sweepTables(store, run, plan, memories)) {
    const { tile, timeSeconds, conductanceMicrosiemens } = table.sweep;
    const cells = byTile.get(tile)?.cells;
    if (cells === undefined) continue;
    const largest = cells.wantedMicrosiemens.reduce(
      (most, w) => (Math.abs(w) > most ? Math.abs(w) : most),
      0,
    );
    const found = cellErrors(cells, conductanceMicrosiemens);
    const sum = sums.get(timeSeconds) ?? { square: 0, cells: 0, alpha: 0, ages: [] };
    const relative = found.rmsMicrosiemens / (largest || 1);
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
  return errors.sort((a, b) => a.timeSeconds - b.timeSeconds);
}

export function tellRun({ overview, yieldPercent, errors }: RunResult, output: Output): void {
  const { pulses, devices, turns, verdicts } = overview;
  const each = devices === 0 ? 0 : pulses / devices;
  output.say(
    `${counted(pulses, "pulse")} on ${counted(devices, "device")} (${each.toFixed(1)} each) ` +
      `in ${counted(turns, "turn")}; yield ${yieldPercent.toFixed(2)} %`,
  );
  for (const [verdict, count] of Object.entries(verdicts)) {
    if (count > 0) output.say(`  ${count.toLocaleString("en").padStart(10)} ${verdict}`);
  }
  for (const { timeSeconds, rmsPercent, alpha } of errors) {
    output.say(
      `weight error after ${formatDuration(timeSeconds)}: ${rmsPercent.toFixed(2)} % of the largest, α ${alpha.toFixed(3)}`,
    );
  }
}
