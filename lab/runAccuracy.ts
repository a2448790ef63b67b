import type { RunAccuracy } from "../report/runStory.ts";
import { MhoError } from "../src/errors.ts";
import { assess } from "../src/results/assessment.ts";
import { isGroupName } from "../src/run/groups.ts";
import type { SweepRecord, TileMemory } from "../src/run/journal.ts";
import { type LayersHeld, layersHeld } from "../src/results/layersHeld.ts";
import type { RunId, RunReader } from "../src/run/store.ts";
import { accuracyMeasure } from "../src/results/networkMeasure.ts";
import { ageShown, type SweepTable, sweepTables, tileAge } from "../src/results/sweepTable.ts";
import type { Seconds } from "../src/units.ts";
import type { TrainedNetwork } from "./trainedNetwork.ts";

/**
 * What a network is worth with the weights that a run's tiles held, at every age at which all of them were read; layers that
 * the run does not hold are as they were trained.
 *
 * Throws `bad-argument` when the run holds none of the network's layers, or was never read.
 *
 * @param memories  the run's journal, folded.
 */
export async function runAccuracy(
  store: RunReader,
  run: RunId,
  network: TrainedNetwork,
  memories: readonly TileMemory[],
): Promise<RunAccuracy> {
  const plan = await store.plan(run);
  const { geometry } = await store.identity(run);
  const held = layersHeld(network.layers, plan.tiles, geometry);
  const [some, all] = [held.places.length > 0, held.places.length === network.layers.length];
  // A correction that leaves whole tiles out tells nothing of what these hold by now.
  if (!some || (plan.corrects !== undefined && !all)) {
    throw new MhoError(
      "bad-argument",
      `${isGroupName(run) ? "Network" : "Run"} ${run} does not hold ${some ? "all of " : ""}the network ${network.name}: ` +
        "no tiles of it are meant to hold these weights. Name the network that the run was optimised for.",
      { run, network: network.name },
    );
  }
  const ages = fewOf(await agesOfAll(sweepTables(store, run, plan, memories), held));
  if (ages.length === 0) {
    throw new MhoError(
      "bad-argument",
      `${isGroupName(run) ? "Network" : "Run"} ${run} was never read as a whole, so the accuracy of the network on it is not known. mho watch ${run} reads it.`,
      { run },
    );
  }
  const wanted = new Set(ages.map(({ asked }) => asked));
  const sweeps: SweepRecord[] = [];
  for await (const sweep of store.sweeps(run)) if (wanted.has(sweep.timeSeconds)) sweeps.push(sweep);
  const points: RunAccuracy["points"][number][] = [];
  for (const { asked, shown } of ages) {
    const { layers } = assess(held, sweeps, asked);
    const values = network.layers.map((layer, place) => {
      const found = held.places.indexOf(place);
      return found < 0 ? layer.values : layers[found]!.values;
    });
    points.push({ timeSeconds: shown, ...(await network.scoreWith(values)) });
  }
  return {
    network: network.name,
    measure: network.measure ?? accuracyMeasure,
    inputs: network.inputs,
    softwareScore: network.softwareScore,
    layers: network.layers.length,
    layersHeld: held.places.length,
    points,
  };
}

/** Ages at which every tile of the layers was read, ascending: as asked for, and those that they stand for. */
async function agesOfAll(
  tables: AsyncIterable<SweepTable>,
  { tiles }: LayersHeld,
): Promise<{ asked: Seconds; shown: Seconds }[]> {
  const read = new Map<Seconds, Map<number, Seconds>>();
  for await (const table of tables) {
    const { timeSeconds, tile } = table.sweep;
    const ages = read.get(timeSeconds) ?? new Map<number, Seconds>();
    read.set(timeSeconds, ages.set(tile, tileAge(table)));
  }
  return [...read]
    .filter(([, ages]) => tiles.every(({ block }) => ages.has(block.tile)))
    .map(([asked, ages]) => ({ asked, shown: ageShown(asked, [...ages.values()]) }))
    .sort((a, b) => a.shown - b.shown);
}

/** A network is run once an age. */
const mostAges = 24;

/** The first, the last, and others between them, evenly by number. */
function fewOf<T>(ages: readonly T[]): T[] {
  if (ages.length <= mostAges) return [...ages];
  return Array.from(
    { length: mostAges },
    (_, k) => ages[Math.round((k * (ages.length - 1)) / (mostAges - 1))]!,
  );
}
