import { countVerdicts, noVerdicts, type VerdictCounts, verdicts } from "../program/method.ts";
import type { TileMemory } from "../run/journal.ts";
import type { TileTargets } from "../run/plan.ts";
import { recall } from "../run/recall.ts";
import type { RunId, RunReader, RunStore } from "../run/store.ts";
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
  const tiles = recalled ?? (await recall(store, run));
  const times = new Set<Seconds>();
  for await (const { timeSeconds } of store.sweeps(run)) times.add(timeSeconds);
  return overviewOf((await store.plan(run)).tiles, tiles, times);
}

/** The same of a run and the runs that corrected it, in their order: all pulses, and how each device ended at last. */
export async function summariseChain(store: RunReader, chain: readonly RunId[]): Promise<RunOverview> {
  const [first, ...corrections] = chain;
  const { tiles } = await store.plan(first!);
  const memories = await recall(store, first!);
  for (const run of corrections) {
    for (const later of await recall(store, run)) {
      const place = memories.findIndex(({ block }) => block.tile === later.block.tile);
      if (place >= 0) memories[place] = correctedBy(memories[place]!, later);
    }
  }
  const times = new Set<Seconds>();
  for await (const { timeSeconds } of store.sweeps(chain.at(-1)!)) times.add(timeSeconds);
  return overviewOf(tiles, memories, times);
}

/** Both are of the same block: a correction has a target for the devices that it programs anew. */
function correctedBy(before: TileMemory, later: TileMemory): TileMemory {
  return {
    ...before,
    turns: before.turns + later.turns,
    verdicts: before.verdicts.map((verdict, i) => {
      const anew = later.verdicts[i]!;
      return anew === verdicts.leftAlone || anew === verdicts.pending ? verdict : anew;
    }),
    pulses: before.pulses.map((fired, i) => fired + later.pulses[i]!),
  };
}

/**
 * The same of what was read already.
 *
 * @param targets  the plan's, in its order, as the memories are.
 * @param times    the ages that were asked for.
 */
export function overviewOf(
  targets: readonly TileTargets[],
  memories: readonly TileMemory[],
  times: ReadonlySet<Seconds>,
): RunOverview {
  const counts = noVerdicts();
  const devicesByPulses: number[] = [];
  let turns = 0;
  let pulses = 0;
  let devices = 0;
  for (const [place, memory] of memories.entries()) {
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
  const sweepTimesSeconds = [...times].sort((a, b) => a - b);
  return { turns, devices, pulses, verdicts: counts, devicesByPulses, sweepTimesSeconds };
}
