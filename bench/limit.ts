import { findPreset } from "../emulator/presets.ts";
import { accuracyLimit } from "../lab/limit.ts";
import { exampleNetworks } from "../lab/exampleNetworks.ts";
import { loadNetwork, type TrainedNetwork } from "../lab/trainedNetwork.ts";
import { builtInDefinition, modelOf } from "../src/model/modelOf.ts";
import { Translator } from "../src/optimize/layerStrategy.ts";
import { spanOf, strategyLayer } from "../src/optimize/strategy.ts";
import { assess, type LaidNetwork } from "../src/results/assessment.ts";
import type { SweepRecord } from "../src/run/journal.ts";
import { layStrategy } from "../src/run/laying.ts";
import { sixTimes } from "./gaussianTile.ts";
import { programChip } from "./programmed.ts";

/**
 * Whether predicted accuracy holds: of each example network the band of 90 % over drawn chips, and how many emulated chips of sound
 * births, programmed by a closed loop and read once at each time, lie inside. Both are judged by the same images, so that only the luck
 * of devices is left.
 *
 * node dist/bench/limit.js [--network cnn] [--chips 10] [--draws 50] [--method verify]
 */
const option = (name: string, usual: string): string => {
  const at = process.argv.indexOf(name);
  return at < 0 ? usual : process.argv[at + 1]!;
};
const only = option("--network", "");
const chips = Number(option("--chips", "10"));
const draws = Number(option("--draws", "50"));
const method = option("--method", "verify");
const definition = builtInDefinition("pcm-90nm")!;
const model = modelOf(definition);
/** A share of images is a fraction. */
const rounding = 1e-9;

for (const name of exampleNetworks)
  if (only === "" || only === name) await judge(await loadNetwork({ network: name }));

async function judge(network: TrainedNetwork): Promise<void> {
  const translator = new Translator(model, {
    layout: { pairs: 2, significance: { kind: "free" }, scale: "full" },
    timesSeconds: sixTimes,
    timeWeights: new Float64Array(sixTimes.length).fill(1 / sixTimes.length),
    rule: "least-squares",
    compensationPer: "tile",
    scalePer: "column",
    pairDriftCorrelation: 0,
    clipPercentile: 100,
  });
  const layers = network.layers.map((layer) => {
    const { file, tensor, sha256: digest } = layer.source;
    const shape = [layer.inputs, layer.outputs] as const;
    const given = { name: layer.name, shape, weightsSource: { file, tensor, digest } };
    return strategyLayer(given, translator.strategyFor(layer));
  });
  const preset = findPreset("pcm-64", { births: "sound", tiles: 64 })!;
  const { rows, columns } = preset.geometry;
  const strategy = { model: definition, timesSeconds: sixTimes, pairDriftCorrelation: 0, reads: 1, layers };
  const begun = process.cpuUsage().user;
  const { predicted } = await accuracyLimit(strategy, network, {
    draws,
    seed: 1,
    tileShape: [rows, columns],
    causes: [],
  });
  const seconds = (process.cpuUsage().user - begun) / 1e6;
  console.log(
    `\n${network.text}; ${network.inputs} images; ${draws} chips drawn in ${seconds.toFixed(0)} s of one core`,
  );
  const percents = (values: readonly number[]): string =>
    values.map((v) => (100 * v).toFixed(2).padStart(8)).join("");
  console.log(
    `predicted ${percents(predicted.mean)}\nlow       ${percents(predicted.low)}\nhigh      ${percents(predicted.high)}`,
  );
  const { placements, tiles } = layStrategy(layers, network.layers, preset.geometry);
  const microsiemensPerUnit = placements.map(
    ({ layer }) => spanOf(layers[layer]!.scaleMicrosiemensPerUnit)[0],
  );
  const laid: LaidNetwork = { layers: network.layers, microsiemensPerUnit, placements, tiles };
  // The model's time begins at its reference age.
  const ages = sixTimes.map((time) => time + model.timeZeroSeconds);
  const inside = sixTimes.map(() => 0);
  for (let seed = 1; seed <= chips; seed++) {
    const sweeps: SweepRecord[] = [];
    await programChip({
      preset,
      seed,
      method,
      model,
      definition,
      tiles,
      sweepTimesSeconds: ages,
      onRun: async (store, run) => {
        for await (const sweep of store.sweeps(run)) sweeps.push(sweep);
      },
    });
    const accuracies: number[] = [];
    for (const [t, age] of ages.entries()) {
      const held = assess(laid, sweeps, age).layers;
      const { score: accuracy } = await network.scoreWith(held.map(({ values }) => values));
      accuracies.push(accuracy);
      if (accuracy >= predicted.low[t]! - rounding && accuracy <= predicted.high[t]! + rounding) inside[t]!++;
    }
    console.log(`chip ${String(seed).padEnd(5)}${percents(accuracies)}`);
  }
  const all = inside.reduce((sum, n) => sum + n, 0);
  console.log(
    `inside    ${inside.map((n) => `${n}/${chips}`.padStart(8)).join("")}   ${((100 * all) / (chips * ages.length)).toFixed(0)} % of all`,
  );
}
