import { resolve } from "node:path";
import { readModel } from "../files/model.ts";
import { strategyText } from "../files/strategy.ts";
import { readWeights, type SourcedLayer } from "../files/weights.ts";
import { MhoError } from "../src/errors.ts";
import { modelOf } from "../src/model/modelOf.ts";
import { Translator } from "../src/optimize/layerStrategy.ts";
import { type Strategy, type StrategyLayer, strategyLayer } from "../src/optimize/strategy.ts";
import { placeLayers, weightsOfPlacement } from "../src/weights/placement.ts";
import { translationOf } from "./optimizeWishes.ts";
import type { OptimizeOptions } from "./options.ts";
import type { Output } from "./output.ts";
import { warnOfDoubt } from "./showFit.ts";
import { describeLayer } from "./showStrategy.ts";
import { writeWhole } from "../files/writeWhole.ts";

/** Weights → the curves by which devices hold them best, with the errors to expect, in a strategy file. */
export async function optimize(path: string, options: OptimizeOptions, output: Output): Promise<void> {
  const definition = await readModel(options.model);
  warnOfDoubt(definition, output);
  const model = modelOf(definition);
  const { wishes, per, tileShape } = translationOf(options, model);
  const layers = await readWeights(path, options.tensor);
  output.event({ type: "started", model: definition.name, layers: layers.map(({ name }) => name) });
  const translator = new Translator(model, wishes);
  const begun = performance.now();
  const found: StrategyLayer[] = [];
  const add = (layer: StrategyLayer): void => {
    found.push(layer);
    output.event({
      type: "layer",
      name: layer.name,
      ...(layer.tile === undefined ? {} : { tile: layer.tile }),
      significance: layer.significance,
      scale_microsiemens_per_unit: layer.scaleMicrosiemensPerUnit,
      tnmse: layer.predicted.tnmse,
      rms_percent_by_time: layer.predicted.rmsPercentByTime,
    });
    for (const line of describeLayer(layer, wishes.timesSeconds)) output.say(line);
  };
  if (per === "network") {
    const together = translator.strategyFor(joined(layers));
    for (const layer of layers) add(strategyLayer(whole(layer), together));
  } else {
    for (const layer of layers) {
      if (per === "layer") add(strategyLayer(whole(layer), translator.strategyFor(layer)));
      else
        for (const part of tilesOf(layer, tileShape))
          add(strategyLayer(part.given, translator.strategyFor(part)));
    }
  }
  const seconds = (performance.now() - begun) / 1000;
  const strategy: Strategy = {
    model: definition,
    timesSeconds: wishes.timesSeconds,
    timeWeights: [...wishes.timeWeights],
    compensationRule: wishes.rule,
    pairDriftCorrelation: wishes.pairDriftCorrelation,
    layers: found,
  };
  const file = resolve(options.out);
  await writeWhole(file, strategyText(strategy), "Name another file with --out.");
  output.say(
    `${found.length} strateg${found.length === 1 ? "y" : "ies"} in ${seconds.toFixed(1)} s, written to ${file}`,
  );
  output.event({
    type: "result",
    strategy: file,
    seconds,
    times_seconds: wishes.timesSeconds,
    layers: found.map((layer) => ({
      name: layer.name,
      ...(layer.tile === undefined ? {} : { tile: layer.tile }),
      shape: layer.shape,
      significance: layer.significance,
      scale_microsiemens_per_unit: layer.scaleMicrosiemensPerUnit,
      predicted: errorsForMachines(layer.predicted),
      baselines: layer.baselines.map((baseline) => ({ name: baseline.name, ...errorsForMachines(baseline) })),
      perfect_programming: layer.perfectProgramming ? errorsForMachines(layer.perfectProgramming) : null,
      error_budget: layer.errorBudget,
      search: { stopped: layer.search.stopped, strategies_tried: layer.search.strategiesTried },
    })),
  });
}

function errorsForMachines({ tnmse, tnmseByTime, rmsPercentByTime }: StrategyLayer["predicted"]): object {
  return { tnmse, tnmse_by_time: tnmseByTime, rms_percent_by_time: rmsPercentByTime };
}

function whole(layer: SourcedLayer): Parameters<typeof strategyLayer>[0] {
  const { file, tensor, sha256: digest } = layer.source;
  return { name: layer.name, shape: [layer.inputs, layer.outputs], weightsSource: { file, tensor, digest } };
}

/** All weights in one row: one set of curves for the network. */
function joined(layers: readonly SourcedLayer[]): { inputs: number; outputs: number; values: Float32Array } {
  const values = new Float32Array(layers.reduce((sum, layer) => sum + layer.values.length, 0));
  let at = 0;
  for (const layer of layers) {
    values.set(layer.values, at);
    at += layer.values.length;
  }
  return { inputs: values.length, outputs: 1, values };
}

interface TilePart {
  readonly given: Parameters<typeof strategyLayer>[0];
  readonly inputs: number;
  readonly outputs: number;
  readonly values: Float32Array;
}

function tilesOf(layer: SourcedLayer, [rows, columns]: readonly [number, number]): TilePart[] {
  const tiles = Math.ceil(layer.inputs / rows) * Math.ceil(layer.outputs / columns);
  if (tiles > maxTiles) {
    throw new MhoError(
      "bad-argument",
      `Layer ${layer.name} would fall into ${tiles} tiles of ${rows}x${columns}, each with curves of its own. ` +
        "Use larger tiles, or --per layer.",
    );
  }
  return placeLayers([layer], { tiles, rows, columns, devicesPerCell: 1 }).map((placement, tile) => {
    const { inputStart, inputCount: inputs, outputStart, outputCount: outputs } = placement;
    const given = { ...whole(layer), tile, inputStart, outputStart, shape: [inputs, outputs] as const };
    return { given, inputs, outputs, values: weightsOfPlacement(layer, placement) };
  });
}

const maxTiles = 4096;
