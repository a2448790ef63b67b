import { scalesForMachines } from "../../lab/scaleFields.ts";
import { Option } from "@commander-js/extra-typings";
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
  )
    .argument("<weights>", ".npy, .npz, .safetensors, .onnx, .h5, .mat or .csv")
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
    .option(
      "--reads <number>",
      "state and minimise the error of the mean of so many reads",
      whole("--reads", 1, 4096),
      1,
    )
    .option("--out <file>", "the strategy file", "strategy.json")
    .action((weights, flags) =>
      act("optimize", flags, async (output) => {
        const [
          { readModel },
          { modelOf },
          { optimize: run, writeStrategy },
          { refuseFolder, refuseNoFolder },
        ] = await Promise.all([
          import("../../files/model.ts"),
          import("../../src/model/modelOf.ts"),
          import("../../lab/optimize.ts"),
          import("../../files/writeWhole.ts"),
        ]);
        // The search may take minutes.
        await refuseFolder(flags.out, "Name another file with --out.");
        output.onEvent(tellEvents(output, {}));
        await refuseNoFolder(flags.out, "Name another file with --out.");
        const model = await readModel(flags.model);
        const translation = translationOf(flags, modelOf(model));
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
        const { file, replaced } = await writeStrategy(strategy, flags.out);
        const { layers } = strategy;
        output.say(
          `${layers.length} strateg${layers.length === 1 ? "y" : "ies"} in ${seconds.toFixed(1)} s, written to ${file}${replaced ? ", in place of the file that was there" : ""}`,
        );
        tellLayers(file, seconds, strategy, leftOut, output);
        if (flags.strict && leftOut.length > 0) process.exitCode = 1;
      }),
    );

function tellLayers(
  file: string,
  seconds: number,
  { model, timesSeconds, layers }: Strategy,
  leftOut: { name: string; why: string }[],
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
      baselines: layer.baselines.map((baseline) => ({ name: baseline.name, ...errorsForMachines(baseline) })),
      perfect_programming: layer.perfectProgramming ? errorsForMachines(layer.perfectProgramming) : null,
      error_budget: layer.errorBudget,
      search: { stopped: layer.search.stopped, strategies_tried: layer.search.strategiesTried },
    })),
    left_out: leftOut,
  });
}

function errorsForMachines({ tnmse, tnmseByTime, rmsPercentByTime }: StrategyLayer["predicted"]) {
  return { tnmse, tnmse_by_time: tnmseByTime, rms_percent_by_time: rmsPercentByTime };
}
