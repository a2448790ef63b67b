import { countVerdicts, noVerdicts, type VerdictCounts, verdicts } from "../program/method.ts";
import { emptyMemory, foldTurn, type TileMemory } from "./journal.ts";
import type { RunId, RunStore } from "./store.ts";
import type { Seconds } from "../units.ts";

/** How a run went, in numbers. */
export interface RunOverview {
  readonly turns: number;
  /** Devices with a target. */
  readonly devices: number;
  readonly pulses: number;
  readonly verdicts: VerdictCounts;
  /** How many devices with a target got n pulses, at place n. */
  readonly devicesByPulses: readonly number[];
  readonly sweepTimesSeconds: readonly Seconds[];
}

/** Folds a run's journal and adds up what came of it. */
export async function summarise(store: RunStore, run: RunId): Promise<RunOverview> {
  const tiles = await recall(store, run);
  const counts = noVerdicts();
  const devicesByPulses: number[] = [];
  let turns = 0;
  let pulses = 0;
  let devices = 0;
  for (const memory of tiles) {
    turns += memory.turns;
    countVerdicts(memory.verdicts, counts);
    memory.pulses.forEach((given, i) => {
      pulses += given;
      if (memory.verdicts[i] === verdicts.leftAlone) return;
      devices++;
      while (devicesByPulses.length <= given) devicesByPulses.push(0);
      devicesByPulses[given]!++;
    });
  }
  const times = new Set<Seconds>();
  for await (const { timeSeconds } of store.sweeps(run)) times.add(timeSeconds);
  const sweepTimesSeconds = [...times].sort((a, b) => a - b);
  return { turns, devices, pulses, verdicts: counts, devicesByPulses, sweepTimesSeconds };
}

/** What the journal knows of every tile of a run, in the plan's order. */
export async function recall(store: RunStore, run: RunId): Promise<TileMemory[]> {
  const plan = await store.plan(run);
  const memories = plan.tiles.map(({ block, targetsMicrosiemens }) =>
    emptyMemory(block, targetsMicrosiemens.length / block.rowCount),
  );
  const byTile = new Map(memories.map((memory) => [memory.block.tile, memory]));
  for await (const turn of store.turns(run)) foldTurn(byTile.get(turn.tile)!, turn);
  return memories;
}
