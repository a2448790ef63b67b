import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readNpy } from "../files/npy.ts";
import { parseAddress } from "../lab/address.ts";
import { judgedAt, sweepsAt } from "../lab/demo/contest.ts";
import { describeChip } from "../lab/openChip.ts";
import type { TrainedNetwork } from "../lab/trainedNetwork.ts";
import { assess } from "../src/results/assessment.ts";
import { layersHeld } from "../src/results/layersHeld.ts";
import { wholeReader } from "../src/results/wholeReader.ts";
import { isGroupName } from "../src/run/groups.ts";
import type { RunReader } from "../src/run/store.ts";
import type { Seconds } from "../src/units.ts";
import { placeLayers } from "../src/weights/placement.ts";
import { openWorkspace } from "../storage/workspace.ts";
import type { Outputs } from "./realMeasures.ts";
import { predict } from "./realPredicted.ts";
import { prepared, print } from "./realPrepared.ts";

/**
 * Judges a network that `bench/real-networks/run` has prepared in a folder:
 *
 *   node dist/bench/realNetworks.js check FOLDER                  weights read out and written back give what ONNX Runtime gives
 *   node dist/bench/realNetworks.js shares FOLDER CHIP N [--layers N | --weights N]
 *                                            names of weight matrices (the first N, or those that hold N weights) for N such chips, a line each
 *   node dist/bench/realNetworks.js table FOLDER                  how the demos' ways of programming compare, all chips together
 *   node dist/bench/realNetworks.js predict FOLDER MODEL [--draws 1] [--reads 1]
 *                                            the best open loop of the whole network on tiles of 256 × 256, as the model has devices
 *   node dist/bench/realNetworks.js runs FOLDER WORKSPACE RUN…    the same of runs, or of networks over several chips, at the ages read
 */
const [what, folder, ...rest] = process.argv.slice(2) as [string, string, ...string[]];
const day = 86_400;

switch (what) {
  case "check":
    await check();
    break;
  case "shares":
    await shares(rest[0]!, Number(rest[1]), rest[2], Number(rest[3]));
    break;
  case "table":
    await table();
    break;
  case "predict":
    await predict(folder, rest[0]!, flag("--draws", 1), flag("--reads", 1));
    break;
  case "runs":
    await runs(rest[0]!, rest.slice(1));
    break;
  default:
    throw new Error("check, shares, table, predict or runs; see the head of bench/realNetworks.ts");
}

/** The network with its own weights, as mho reads them and writes them back, against what ONNX Runtime made of its file. */
async function check(): Promise<void> {
  const { network, software } = await prepared(folder);
  const { values } = await readNpy(join(folder, "software.npy"));
  let off = 0;
  let at = 0;
  for (const output of software) {
    for (const value of output) off = Math.max(off, Math.abs(value - values[at++]!));
  }
  console.log(`${network.text}`);
  console.log(
    `Its weights, read out and written back, give ONNX Runtime's outputs to ${off.toExponential(1)}.`,
  );
  // Rounding of 32-bit floats, summed in another order.
  if (at !== values.length || off > 1e-3) throw new Error("They should differ by rounding alone.");
}

/** The largest first, each to the chip that has the fewest tiles so far: all of them keep a tile to spare where they can. */
async function shares(chip: string, count: number, by: string | undefined, most: number): Promise<void> {
  const { network } = await prepared(folder);
  const { geometry } = await describeChip(parseAddress(chip));
  let weights = 0;
  const chosen = network.layers.filter(({ values }, l) => {
    weights += values.length;
    return by === undefined || (by === "--layers" ? l < most : weights <= most);
  });
  const tilesOf = (layer: (typeof chosen)[number]): number =>
    placeLayers([layer], { ...geometry, tiles: Number.POSITIVE_INFINITY }).length;
  const onChips = Array.from({ length: count }, () => ({ tiles: 0, names: [] as string[] }));
  for (const layer of chosen.toSorted((a, b) => tilesOf(b) - tilesOf(a))) {
    const emptiest = onChips.reduce((least, one) => (one.tiles < least.tiles ? one : least));
    emptiest.tiles += tilesOf(layer);
    emptiest.names.push(layer.name);
  }
  for (const { names } of onChips) console.log(names.join("\t"));
}

/** What a demo's last line says. */
interface Demo {
  readonly contenders: readonly { readonly name: string; readonly run: string; readonly pulses: number }[];
}

async function table(): Promise<void> {
  const { network, software, figures } = await prepared(folder);
  const folders = readdirSync(folder)
    .filter((name) => /^chip-\d+$/.test(name))
    .map((name) => join(folder, name));
  const demos = folders.map((of) => {
    const last = readFileSync(join(of, "demo.jsonl"), "utf8").trim().split("\n").at(-1)!;
    return JSON.parse(last) as Demo;
  });
  const stores = await Promise.all(folders.map((of) => openWorkspace(join(of, "workspace"))));
  const rows = [{ name: "in software", outputs: judgedAt.map(() => software) }];
  let part = "";
  for (const [c, { name }] of demos[0]!.contenders.entries()) {
    const ages = name.endsWith("a day old") ? judgedAt.map((time) => day + time) : judgedAt;
    const all = stores.map((store, k) => ({ store, run: demos[k]!.contenders[c]!.run }));
    const found = await outputsOf(network, all, ages);
    part = found.part;
    rows.push({ name, outputs: found.outputs });
  }
  for (const store of stores) await store.close();
  console.log(`\n${network.text}${part}`);
  print(figures, judgedAt, rows);
}

function flag(name: string, usual: number): number {
  const at = rest.indexOf(name);
  return at < 0 ? usual : Number(rest[at + 1]);
}

async function runs(workspace: string, names: readonly string[]): Promise<void> {
  const { network, figures } = await prepared(folder);
  const store = await openWorkspace(workspace);
  for (const run of names) {
    const reader = isGroupName(run) ? wholeReader(store) : store;
    const ages = await agesOf(reader, run);
    const { outputs, part } = await outputsOf(network, [{ store: reader, run }], ages);
    console.log(`\n${network.text}${part}`);
    print(figures, ages, [{ name: run, outputs }]);
  }
  await store.close();
}

/** A run that holds some of the network's matrices. */
interface Holder {
  readonly store: RunReader;
  readonly run: string;
}

/** What the network gives with the weights that the tiles of these runs held at these ages, all together. */
async function outputsOf(
  network: TrainedNetwork,
  holders: readonly Holder[],
  ages: readonly Seconds[],
): Promise<{ readonly outputs: Outputs[]; readonly part: string }> {
  const byAge = ages.map(() => network.layers.map(({ values }) => values));
  const held = new Set<number>();
  for (const { store, run } of holders) {
    const plan = await store.plan(run);
    const { geometry } = await store.identity(run);
    const found = layersHeld(network.layers, plan.tiles, geometry);
    const sweeps = await sweepsAt(store, run, ages);
    found.places.forEach((place) => held.add(place));
    for (const [t, age] of ages.entries()) {
      const { layers } = assess(found, sweeps, age);
      found.places.forEach((place, k) => (byAge[t]![place] = layers[k]!.values));
    }
  }
  const outputs: Outputs[] = [];
  for (const values of byAge) outputs.push(await network.outputsWith!(values));
  const weights = [...held].reduce((sum, place) => sum + network.layers[place]!.values.length, 0);
  const part =
    held.size === network.layers.length
      ? ""
      : `; ${held.size} of them, ${weights.toLocaleString("en")} weights, on chips, the others in software`;
  return { outputs, part };
}

/** Ages at which every tile of a run was read. */
async function agesOf(store: RunReader, run: string): Promise<Seconds[]> {
  const read = new Map<Seconds, Set<number>>();
  for await (const { timeSeconds, tile } of store.sweeps(run)) {
    read.set(timeSeconds, (read.get(timeSeconds) ?? new Set()).add(tile));
  }
  const { tiles } = await store.plan(run);
  return [...read]
    .filter(([, found]) => tiles.every(({ block }) => found.has(block.tile)))
    .map(([age]) => age)
    .sort((a, b) => a - b);
}
