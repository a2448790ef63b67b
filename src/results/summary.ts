import { countVerdicts, noVerdicts, type VerdictCounts, verdicts } from "../program/method.ts";
import type { TileMemory } from "../run/journal.ts";
import { recall } from "../run/recall.ts";
import type { RunId, RunStore } from "../run/store.ts";
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

/**
 * Folds a run's journal and adds up what came of it.
 *
 * @param recalled  the journal, where it is folded already.
 */
export async function summarise(
  store: RunStore,
  run: RunId,
  recalled?: readonly TileMemory[],
): Promise<RunOverview> {
  const { tiles: targets } = await store.plan(run);
  const tiles = recalled ?? (await recall(store, run));
  const counts = noVerdicts();
  const devicesByPulses: number[] = [];
  let turns = 0;
  let pulses = 0;
  let devices = 0;
  for (const [place, memory] of tiles.entries()) {
    turns += memory.turns;
    // The journal of a tile that was not begun does not say yet which of its devices have no target.
    const { targetsMicrosiemens } = targets[place]!;
    const given = memory.verdicts.map((verdict, i) =>
      Number.isNaN(targetsMicrosiemens[i]!) && verdict === verdicts.pending ? verdicts.leftAlone : verdict,
    );
    countVerdicts(given, counts);
    memory.pulses.forEach((fired, i) => {
      pulses += fired;
      if (given[i] === verdicts.leftAlone) return;
      devices++;
      while (devicesByPulses.length <= fired) devicesByPulses.push(0);
      devicesByPulses[fired]!++;
    });
  }
  const times = new Set<Seconds>();
  for await (const { timeSeconds } of store.sweeps(run)) times.add(timeSeconds);
  const sweepTimesSeconds = [...times].sort((a, b) => a - b);
  return { turns, devices, pulses, verdicts: counts, devicesByPulses, sweepTimesSeconds };
}
