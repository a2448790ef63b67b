import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parseAddress } from "../lab/address.ts";
import { judge, judgedAt, layOptimised } from "../lab/demo/contest.ts";
import { DemoLoop, type Visit } from "../lab/demo/demoLoop.ts";
import { EventStream } from "../lab/events.ts";
import { type ExampleNetwork, exampleNetworks } from "../lab/exampleNetworks.ts";
import { fitModel } from "../lab/fit.ts";
import { modelOfChip } from "../lab/modelOfChip.ts";
import { describeChip } from "../lab/openChip.ts";
import { loadNetwork, tilesNeeded } from "../lab/trainedNetwork.ts";
import { Workplace } from "../lab/workplace.ts";
import type { RunStore } from "../src/run/store.ts";
import { watchTimes } from "../src/run/watch.ts";

/**
 * The weight errors of the example networks in a closed loop, beside those of the best open loop with one scale a layer, at every age that
 * the demo judges, in % of the largest weight:
 *
 *     node dist/bench/networks.js [NETWORK …] [--seed 7] [--per-decade 3] [--later DAYS] [--late]
 *
 * Both on `pcm-64?births=stranger`. The open loop is programmed by verify, with the published model; the closed loop is the demo's, read at
 * so many ages a decade before each correction, and corrected once more after `--later` days. With `--late` all corrections are for the
 * last two ages, at the cost of the first ones.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: "string", default: "7" },
    "per-decade": { type: "string", default: "3" },
    later: { type: "string" },
    late: { type: "boolean", default: false },
  },
});
const seed = Number(values.seed);
const perDecade = Number(values["per-decade"]);
const named = positionals.length === 0 ? exampleNetworks : (positionals as ExampleNetwork[]);
const day = 86_400;
const late = judgedAt.slice(-2);
const counted = values.late ? late : judgedAt;
const visits: readonly Visit[] = [
  { watchSeconds: 7200, perDecade, timesSeconds: late },
  { watchSeconds: 72_000, perDecade, timesSeconds: counted },
  ...(values.later === undefined
    ? []
    : [{ watchSeconds: Number(values.later) * day, perDecade, timesSeconds: counted }]),
];
const { geometry } = await describeChip(parseAddress("emulator:pcm-64"));

console.log(
  `network      loop    ${judgedAt.map((time) => `${time} s`.padStart(12)).join("")}   devices corrected`,
);
for (const name of named) {
  const network = await loadNetwork({ network: name });
  const chip = `emulator:pcm-64?tiles=${tilesNeeded(network.layers, geometry)}&births=stranger`;
  const open = await onChip(chip, async (loop, store) => {
    const laid = await layOptimised(network, loop.factory, loop.description, undefined, {
      scale: "free",
      scalePer: "layer",
    });
    const run = await loop.program("open loop", "verify", loop.factory, laid.tiles, [1]);
    await loop.watch(new Map([[run, judgedAt]]));
    return { ...(await judge(network, laid, store, run)), corrected: [] };
  });
  const closed = await onChip(chip, async (loop, store) => {
    const known = await loop.characterise(loop.description.geometry.tiles - 1);
    await loop.watch(new Map(known.map((run) => [run, watchTimes(day, 6)])));
    const { model } = await fitModel(store, known, loop.factory, "refitted", seed);
    const laid = await layOptimised(network, model, loop.description);
    const run = await loop.program(
      "closed loop",
      loop.technology.usualMethods.strategy,
      model,
      laid.tiles,
      [1],
    );
    const { chain, corrected } = await loop.correct(run, model, visits);
    await loop.watch(new Map([[chain.at(-1)!, judgedAt]]));
    return { ...(await judge(network, laid, store, chain.at(-1)!)), corrected };
  });
  for (const [loop, { points, corrected }] of [
    ["open", open],
    ["closed", closed],
  ] as const) {
    const errors = points.map(({ rmsPercent }) => rmsPercent.toFixed(2).padStart(12)).join("");
    console.log(`${name.padEnd(12)} ${loop.padEnd(8)}${errors}   ${corrected.join(", ")}`);
  }
  const ratios = closed.points.map(({ rmsPercent }, t) => rmsPercent / open.points[t]!.rmsPercent);
  console.log(`${name.padEnd(12)} ratio   ${ratios.map((ratio) => ratio.toFixed(3).padStart(12)).join("")}`);
}

/** On a new chip, with a workspace of its own that is thrown away. */
async function onChip<T>(chip: string, work: (loop: DemoLoop, store: RunStore) => Promise<T>): Promise<T> {
  const workspace = await mkdtemp(join(tmpdir(), "mho-networks-"));
  const events = new EventStream(
    () => {},
    () => new Date(0).toISOString(),
  );
  const place = new Workplace({ workspace, chip, seed }, events, undefined, { waitsForDisk: false });
  try {
    const session = await place.session(chip);
    const factory = await modelOfChip(session.description);
    return await session.work(0, (context, identity) =>
      work(new DemoLoop(context, identity, seed, factory), context.store),
    );
  } finally {
    await place.close();
    await rm(workspace, { recursive: true, force: true });
  }
}
