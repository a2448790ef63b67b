import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readNpy } from "../files/npy.ts";
import { judgedAt, sweepsAt } from "../lab/demo/contest.ts";
import { loadNetwork, type TrainedNetwork } from "../lab/trainedNetwork.ts";
import { assess } from "../src/results/assessment.ts";
import { layersHeld } from "../src/results/layersHeld.ts";
import { wholeReader } from "../src/results/wholeReader.ts";
import { isGroupName } from "../src/run/groups.ts";
import type { RunReader } from "../src/run/store.ts";
import { formatDuration, type Seconds } from "../src/units.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { type About, type Figure, figuresOf, type Outputs } from "./realMeasures.ts";

/**
 * Judges a network that `bench/real-networks/run` has prepared in a folder:
 *
 *   node dist/bench/realNetworks.js check FOLDER                  weights read out and written back give what ONNX Runtime gives
 *   node dist/bench/realNetworks.js tensors FOLDER --layers N     names of the first N weight matrices, a line each
 *   node dist/bench/realNetworks.js tensors FOLDER --weights N    of the first that hold N weights at most
 *   node dist/bench/realNetworks.js table FOLDER                  how the demo's ways of programming compare
 *   node dist/bench/realNetworks.js runs FOLDER WORKSPACE RUN…    the same of runs, or of networks over several chips, at the ages read
 */
const [what, folder, ...rest] = process.argv.slice(2) as [string, string, ...string[]];
const day = 86_400;

switch (what) {
  case "check":
    await check();
    break;
  case "tensors":
    await tensors(rest[0] === "--layers", Number(rest[1]));
    break;
  case "table":
    await table();
    break;
  case "runs":
    await runs(rest[0]!, rest.slice(1));
    break;
  default:
    throw new Error("check, tensors, table or runs; see the head of bench/realNetworks.ts");
}

/** The network with its own weights, as mho reads them and writes them back, against what ONNX Runtime made of its file. */
async function check(): Promise<void> {
  const { network, software } = await prepared();
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

async function tensors(byLayers: boolean, most: number): Promise<void> {
  const { network } = await prepared();
  let weights = 0;
  for (const [l, { name, values }] of network.layers.entries()) {
    weights += values.length;
    if (byLayers ? l >= most : weights > most) break;
    console.log(name);
  }
}

/** What a demo's last line says. */
interface Demo {
  readonly contenders: readonly { readonly name: string; readonly run: string; readonly pulses: number }[];
}

async function table(): Promise<void> {
  const { network, software, figures } = await prepared();
  const last = readFileSync(join(folder, "demo.jsonl"), "utf8").trim().split("\n").at(-1)!;
  const { contenders } = JSON.parse(last) as Demo;
  const store = await openWorkspace(join(folder, "workspace"));
  const rows = [{ name: "in software", outputs: judgedAt.map(() => software) }];
  let part = "";
  for (const { name, run } of contenders) {
    const ages = name.endsWith("a day old") ? judgedAt.map((time) => day + time) : judgedAt;
    const found = await outputsOf(network, store, run, ages);
    part = found.part;
    rows.push({ name, outputs: found.outputs });
  }
  await store.close();
  console.log(`\n${network.text}${part}`);
  print(figures, judgedAt, rows);
}

async function runs(workspace: string, names: readonly string[]): Promise<void> {
  const { network, figures } = await prepared();
  const store = await openWorkspace(workspace);
  for (const name of names) {
    const reader = isGroupName(name) ? wholeReader(store) : store;
    const ages = await agesOf(reader, name);
    const { outputs, part } = await outputsOf(network, reader, name, ages);
    console.log(`\n${network.text}${part}`);
    print(figures, ages, [{ name, outputs }]);
  }
  await store.close();
}

/** What the network gives with the weights that a run's tiles held at these ages. */
async function outputsOf(
  network: TrainedNetwork,
  store: RunReader,
  run: string,
  ages: readonly Seconds[],
): Promise<{ readonly outputs: Outputs[]; readonly part: string }> {
  const plan = await store.plan(run);
  const { geometry } = await store.identity(run);
  const held = layersHeld(network.layers, plan.tiles, geometry);
  const sweeps = await sweepsAt(store, run, ages);
  const outputs: Outputs[] = [];
  for (const age of ages) {
    const { layers } = assess(held, sweeps, age);
    const values = network.layers.map((layer, place) => {
      const found = held.places.indexOf(place);
      return found < 0 ? layer.values : layers[found]!.values;
    });
    outputs.push(await network.outputsWith!(values));
  }
  const weights = held.layers.reduce((sum, { values }) => sum + values.length, 0).toLocaleString("en");
  const part =
    held.places.length === network.layers.length
      ? ""
      : `; ${held.places.length} of them, ${weights} weights, on chips, the others in software`;
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

interface Row {
  readonly name: string;
  /** One a time. */
  readonly outputs: readonly Outputs[];
}

function print(figures: readonly Figure[], ages: readonly Seconds[], rows: readonly Row[]): void {
  const line = (name: string, cells: readonly string[]): string =>
    `  ${name.padEnd(27)}${cells.map((cell) => cell.padStart(10)).join("")}`;
  console.log(line("after the last pulse", ages.map(formatDuration)));
  for (const { name, digits, of } of figures) {
    console.log(`  ${name}`);
    for (const row of rows) {
      console.log(
        line(
          row.name,
          row.outputs.map((outputs) => of(outputs).toFixed(digits)),
        ),
      );
    }
  }
}

async function prepared(): Promise<{
  readonly network: TrainedNetwork;
  readonly software: Outputs;
  readonly figures: readonly Figure[];
}> {
  const network = await loadNetwork({
    network: "cnn",
    onnx: join(folder, "net.onnx"),
    inputs: join(folder, "inputs.npz"),
  });
  const software = await network.outputsWith!(network.layers.map(({ values }) => values));
  const about = JSON.parse(readFileSync(join(folder, "about.json"), "utf8")) as About;
  return { network: { ...network, name: folder }, software, figures: figuresOf(about, software) };
}
