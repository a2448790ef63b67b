import type { RunAccuracy } from "../report/runStory.ts";
import { MhoError } from "../src/errors.ts";
import { assess } from "../src/run/assessment.ts";
import type { SweepRecord } from "../src/run/journal.ts";
import { type LayersHeld, layersHeld } from "../src/run/layersHeld.ts";
import type { RunId, RunStore } from "../src/run/store.ts";
import type { Seconds } from "../src/units.ts";
import type { DemoNetwork } from "./demoNetwork.ts";

/**
 * What a network is worth with the weights that a run's tiles held, at every age at which all of them were read; layers that
 * the run does not hold are as they were trained.
 *
 * Throws `bad-argument` when the run holds none of the network's layers.
 */
export async function runAccuracy(store: RunStore, run: RunId, network: DemoNetwork): Promise<RunAccuracy> {
  const { tiles, corrects } = await store.plan(run);
  const { geometry } = await store.identity(run);
  const held = layersHeld(network.layers, tiles, geometry);
  const all = held.places.length === network.layers.length;
  // A correction that leaves whole tiles out tells nothing of what these hold by now.
  if (held.places.length === 0 || (corrects !== undefined && !all)) {
    throw new MhoError(
      "bad-argument",
      `Run ${run} does not hold ${all || held.places.length === 0 ? "" : "all of "}the network ${network.name}: ` +
        "no tiles of it are meant to hold these weights. Name the network that the run was optimised for.",
      { run, network: network.name },
    );
  }
  const ages = await agesOfAll(store, run, held);
  const points: { timeSeconds: Seconds; accuracy: number }[] = [];
  const wanted = fewOf(ages);
  const sweeps: SweepRecord[] = [];
  for await (const sweep of store.sweeps(run)) if (wanted.includes(sweep.timeSeconds)) sweeps.push(sweep);
  for (const timeSeconds of wanted) {
    const { layers } = assess(held, sweeps, timeSeconds);
    const values = network.layers.map((layer, place) => {
      const found = held.places.indexOf(place);
      return found < 0 ? layer.values : layers[found]!.values;
    });
    points.push({ timeSeconds, accuracy: await network.accuracyWith(values) });
  }
  return {
    network: network.name,
    images: network.images,
    softwareAccuracy: network.softwareAccuracy,
    layers: network.layers.length,
    layersHeld: held.places.length,
    points,
  };
}

/** Ages at which every tile of the layers was read, ascending. */
async function agesOfAll(store: RunStore, run: RunId, { tiles }: LayersHeld): Promise<Seconds[]> {
  const read = new Map<Seconds, Set<number>>();
  const needed = tiles.map(({ block }) => block.tile);
  for await (const { timeSeconds, tile } of store.sweeps(run)) {
    read.set(timeSeconds, (read.get(timeSeconds) ?? new Set()).add(tile));
  }
  return [...read]
    .filter(([, seen]) => needed.every((tile) => seen.has(tile)))
    .map(([timeSeconds]) => timeSeconds)
    .sort((a, b) => a - b);
}

/** A network is run once an age. */
const mostAges = 24;

/** The first, the last, and others between them, evenly by number. */
function fewOf(ages: readonly Seconds[]): Seconds[] {
  if (ages.length <= mostAges) return [...ages];
  return Array.from(
    { length: mostAges },
    (_, k) => ages[Math.round((k * (ages.length - 1)) / (mostAges - 1))]!,
  );
}
