import { scalesForMachines } from "../../lab/scaleFields.ts";
import { Option } from "@commander-js/extra-typings";
import { snakeKeys } from "../../files/keys.ts";
import { exampleNetworks } from "../../lab/exampleNetworks.ts";
import type { AccuracyLimit } from "../../lab/limit.ts";
import { weightsToJudge } from "../../lab/judged.ts";
import type { TrainedNetwork } from "../../lab/trainedNetwork.ts";
import { usualDraws } from "../../lab/usualDraws.ts";
import { counted } from "../../src/counted.ts";
import type { Strategy, StrategyLayer } from "../../src/optimize/strategy.ts";
import { act } from "../action.ts";
import { choice, command, real, times, whole } from "../flags.ts";
import type { CommandOutput } from "../output.ts";
import { testedToSecondsOf } from "../../src/model/tested.ts";
import { extrapolationNote } from "../extrapolated.ts";
import { describeLayer, strategyTerms } from "../showStrategy.ts";
import { tellEvents } from "../tellEvents.ts";
import {
  mostPairs,
  parseOrientation,
  parseScale,
  parseSignificance,
  parseTileShape,
  parseTimeWeights,
  translationOf,
} from "../translationFlags.ts";

export const optimize = () =>
  command(
    "optimize",
    "weights → the conductances that hold them best, with the error to expect at every time",
    "mho optimize weights.safetensors --model pcm-90nm",
    "mho optimize network.onnx --model pcm-90nm --limit --images images.npy --labels labels.npy",
  )
    .argument("[weights]", ".npy, .npz, .safetensors, .onnx, .h5, .mat or .csv")
    .requiredOption("--model <model>", "a built-in model, such as pcm-90nm, or a JSON file")
    .option("--believe", "use a model that failed the checks of its fit")
    .option("--tensor <name...>", "only these tensors of the file")
    .option(
      "--orientation <order>",
      "which dimension counts outputs: outputs-first (torch, OIHW) or outputs-last (Keras, HWIO)",
      parseOrientation,
    )
    .option("--strict", "end with 1 when weights of the file are left out")
    .addOption(choice("--layout <layout>", "devices a weight", ["dual-pair", "single-pair", "n-pair"]))
    .option(
      "--pairs <number>",
      "pairs of an n-pair layout whose significance is auto",
      whole("--pairs", 1, mostPairs),
      3,
    )
    .addOption(
      new Option("--significance <list>", "auto, F, the values F may take, or one factor a pair (n-pair)")
        .argParser(parseSignificance)
        .default("auto" as "auto" | number[]),
    )
    .addOption(
      new Option(
        "--scale <scale>",
        "column (each fills the range), full (one for the layer), column-free or free (found), or µS per unit of weight",
      )
        .argParser(parseScale)
        .default("column" as ReturnType<typeof parseScale>),
    )
    .option("--times <list>", "when errors count (default: 1,60,1h,1d,30d,360d)", times("--times"))
    .option("--time-weights <list>", "how much each time counts (default: equally)", parseTimeWeights)
    .addOption(choice("--compensation <rule>", "how α is found", ["least-squares", "mean-absolute"]))
    .addOption(choice("--alpha <per>", "one α a tile or a column", ["tile", "column"]))
    .addOption(
      choice("--per <part>", "own curves for each layer, each tile, or none", ["layer", "tile", "network"]),
    )
    .addOption(
      new Option("--tile <rows x columns>", "the size of a tile, for --per tile")
        .argParser(parseTileShape)
        .default([64, 64] as ReturnType<typeof parseTileShape>, "64x64"),
    )
    .option("--clip <percent>", "clip weights beyond this percentile of |w|", real("--clip", 50, 100), 100)
    .option(
      "--pair-correlation <c>",
      "correlation of the drift of a pair's two devices",
      real("--pair-correlation", -1, 1),
      0,
    )
    .option("--importance <file>", "how much each weight counts: one number a weight (.npy, .npz)")
    .option(
      "--limit",
      "predict the accuracy of the network over time (without labels: its similarity to software), by whole chips drawn from the model",
    )
    .option(
      "--onnx <file>",
      "the network that is judged by --limit (default: the weights, where they are .onnx)",
    )
    .option("--images <file>", "images to test it with, beside --labels: .npy, one image an entry")
    .option("--labels <file>", "the class number of each image: .npy")
    .option(
      "--inputs <file>",
      "inputs of a network without labels, whose outputs are compared with those in software: .npy, or .npz with one array an input",
    )
    .option("--output <name>", "which output of the network is judged (default: the first)")
    .addOption(
      new Option("--network <name>", "the same, a network that comes with mho").choices(exampleNetworks),
    )
    .option(
      "--draws <number>",
      `chips that --limit draws (default: ${usualDraws})`,
      whole("--draws", 1, 10_000),
    )
    .option(
      "--reads <number>",
      "state and minimise the error of the mean of so many reads",
      whole("--reads", 1, 4096),
      1,
    )
    .option("--out <file>", "the strategy file", "strategy.json")
    .action((given, flags) =>
      act("optimize", flags, async (output) => {
        const [{ readModel }, { modelOf }, { optimize: run, refuseNoPlace, writeStrategy }] =
          await Promise.all([
            import("../../files/model.ts"),
            import("../../src/model/modelOf.ts"),
            import("../../lab/optimize.ts"),
          ]);
        const { weights, judged } = weightsToJudge(given, flags);
        // The search may take minutes.
        await refuseNoPlace(flags.out);
        output.onEvent(tellEvents(output, {}));
        const model = await readModel(flags.model);
        const translation = translationOf(flags, modelOf(model));
        const network = judged && (await (await import("../../lab/trainedNetwork.ts")).loadJudged(judged));
        const begun = performance.now();
        const leftOut: { name: string; why: string }[] = [];
        let done = 0;
        const strategy = await run(
          weights,
          {
            model,
            believe: flags.believe,
            tensors: flags.tensor,
            orientation: flags.orientation,
            translation,
            importance: flags.importance,
            reads: flags.reads,
            per: flags.per,
            tileShape: flags.tile,
          },
          (event) => {
            if (event.type === "warning" && event.code === "weights_left_out")
              leftOut.push({ name: event.name ?? "", why: event.why ?? "" });
            output.events.emit(event);
          },
          (layer) => {
            describeLayer(layer, translation.timesSeconds, model).forEach((line) => output.say(line));
            output.progress(`${counted(++done, "strategy", "strategies")} so far, translating the next …`);
          },
        );
        const seconds = (performance.now() - begun) / 1000;
        strategyTerms.forEach((line) => output.say(line, "dim"));
        for (const line of extrapolationNote(model, translation.timesSeconds)) output.say(line);
        const limit = network && (await limitOf(strategy, network, flags, output));
        const { file, replaced } = await writeStrategy(
          { ...strategy, predictedAccuracy: limit?.predicted },
          flags.out,
        );
        const { layers } = strategy;
        output.say(
          `${layers.length} strateg${layers.length === 1 ? "y" : "ies"} in ${seconds.toFixed(1)} s, written to ${file}${replaced ? ", in place of the file that was there" : ""}`,
        );
        tellLayers(file, seconds, strategy, leftOut, limit, output);
        if (flags.strict && leftOut.length > 0) process.exitCode = 1;
      }),
    );

/** Draws the network, tells people what it is worth, and gives the same for the result. */
async function limitOf(
  strategy: Strategy,
  network: TrainedNetwork,
  { seed, draws = usualDraws, tile }: { seed: number; draws?: number | undefined; tile: [number, number] },
  output: CommandOutput<"optimize">,
): Promise<AccuracyLimit> {
  const [{ accuracyLimit }, { describeLimit }] = await Promise.all([
    import("../../lab/limit.ts"),
    import("../showLimit.ts"),
  ]);
  const limit = await accuracyLimit(strategy, network, {
    draws,
    seed,
    tileShape: tile,
    causes: ["programming", "drift", "read"],
    emit: (event) => output.events.emit(event),
  });
  describeLimit(limit, strategy.model).forEach((line) => output.say(line));
  return limit;
}

function limitForMachines({ predicted, without, layers, layersHeld }: AccuracyLimit) {
  return {
    ...snakeKeys(predicted),
    layers,
    layers_held: layersHeld,
    perfect_programming: without.programming ?? null,
    no_drift_spread: without.drift ?? null,
    no_read_noise: without.read ?? null,
  };
}

function tellLayers(
  file: string,
  seconds: number,
  { model, timesSeconds, layers }: Strategy,
  leftOut: { name: string; why: string }[],
  limit: AccuracyLimit | undefined,
  output: CommandOutput<"optimize">,
): void {
  output.result({
    strategy: file,
    seconds,
    times_seconds: timesSeconds,
    tested_to_seconds: testedToSecondsOf(model) ?? null,
    layers: layers.map((layer) => ({
      name: layer.name,
      tile: layer.tile ?? null,
      shape: layer.shape,
      significance: layer.significance,
      ...scalesForMachines(layer),
      predicted: errorsForMachines(layer.predicted),
      predicted_with_deaths: layer.predictedWithDeaths ? errorsForMachines(layer.predictedWithDeaths) : null,
      baselines: layer.baselines.map((baseline) => ({ name: baseline.name, ...errorsForMachines(baseline) })),
      perfect_programming: layer.perfectProgramming ? errorsForMachines(layer.perfectProgramming) : null,
      error_budget: layer.errorBudget,
      search: { stopped: layer.search.stopped, strategies_tried: layer.search.strategiesTried },
    })),
    limit: limit === undefined ? null : limitForMachines(limit),
    left_out: leftOut,
  });
}

function errorsForMachines({ tnmse, tnmseByTime, rmsPercentByTime }: StrategyLayer["predicted"]) {
  return { tnmse, tnmse_by_time: tnmseByTime, rms_percent_by_time: rmsPercentByTime };
}
