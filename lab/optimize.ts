import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { readModel } from "../files/model.ts";
import type { Orientation } from "../files/orientation.ts";
import { strategyText } from "../files/strategy.ts";
import { readWeights, type SourcedLayer } from "../files/weights.ts";
import { refuseFolder as refusePlace, refuseNoFolder, writeWhole } from "../files/writeWhole.ts";
import { MhoError } from "../src/errors.ts";
import type { ModelDefinition } from "../src/model/definition.ts";
import { modelOf } from "../src/model/modelOf.ts";
import { type LayerMatrix, matrixOf } from "../src/optimize/layerStrategy.ts";
import { type Strategy, type StrategyLayer, strategyLayer } from "../src/optimize/strategy.ts";
import { placeLayers, weightsOfPlacement } from "../src/weights/placement.ts";
import type { BenchEvent } from "./events.ts";
import { type ImportantLayer, readImportance } from "./importance.ts";
import { seenBy } from "./seenBy.ts";
import { scalesForMachines } from "./scaleFields.ts";
import { refuseFolder } from "./refuseFolder.ts";
import { ShareTeller } from "./shareTeller.ts";
import { doInThreads } from "./threads/threads.ts";
import { type AskedTranslation, translationFor } from "./translation.ts";
import { refuseDoubt, warnOfLeftOut } from "./warnings.ts";

export interface OptimizeOptions {
  /** A built-in name, a file or a definition. */
  readonly model: string | ModelDefinition;
  /** Use a model that failed the checks of its fit. Such a model is refused where nothing is said. */
  readonly believe?: boolean | undefined;
  /** Only these tensors of the file. */
  readonly tensors?: readonly string[] | undefined;
  /** Which way round tensors stand; what their kind of file says where nothing is said. */
  readonly orientation?: Orientation | undefined;
  /** The conductances of a weight, when errors count, and how α and β are found; what is usual where nothing is said. */
  readonly translation?: AskedTranslation | undefined;
  /** How much each weight counts: a file of one number a weight, under its tensor's name. */
  readonly importance?: string | undefined;
  /** Errors are those of the mean of so many reads (1: what one product sees). */
  readonly reads?: number | undefined;
  /** Own curves for each layer, which is usual, each tile of this size (64 × 64), or one set for the network. */
  readonly per?: "layer" | "tile" | "network" | undefined;
  readonly tileShape?: readonly [rows: number, columns: number] | undefined;
  /** The strategy file to write; none where nothing is said. */
  readonly out?: string | undefined;
}

/** Weights → the curves by which devices hold them best, with the errors to expect. */
export async function optimize(
  path: string,
  options: OptimizeOptions,
  emit: (event: BenchEvent) => void = () => {},
  onLayer: (layer: StrategyLayer) => void = () => {},
): Promise<Strategy> {
  const { per = "layer", tileShape = [64, 64], out } = options;
  if (!["layer", "tile", "network"].includes(per))
    throw new MhoError("bad-argument", `--per ${String(per)}: give layer, tile or network.`);
  if (per === "network" && options.translation?.compensationPer === "column") {
    throw new MhoError(
      "bad-argument",
      "One set of curves for the network has one α for all of its columns. Use --alpha tile, or --per layer.",
    );
  }
  const definition = typeof options.model === "string" ? await readModel(options.model) : options.model;
  refuseDoubt(definition, options.believe, emit);
  const translation = translationFor(modelOf(definition), options.translation);
  await refuseFolder(path);
  // The search may take minutes.
  if (out !== undefined) await refuseNoPlace(out);
  const { tensors, orientation } = options;
  const layers = await readWeights(path, { tensors, orientation, onLeftOut: warnOfLeftOut(path, emit) });
  emit({ type: "translating", model: definition.name, layers: layers.map(({ name }) => name) });
  const reads = options.reads ?? 1;
  // A model that cannot tell its reads apart is refused before the work begins.
  seenBy(reads, definition);
  const important =
    options.importance === undefined
      ? undefined
      : await readImportance(options.importance, layers.map(askedImportance), orientation);
  const found: StrategyLayer[] = [];
  const add = (layer: StrategyLayer): void => {
    found.push(layer);
    emit({
      type: "layer",
      name: layer.name,
      tile: layer.tile ?? null,
      significance: layer.significance,
      ...scalesForMachines(layer),
      tnmse: layer.predicted.tnmse,
      rms_percent_by_time: layer.predicted.rmsPercentByTime,
    });
    onLayer(layer);
  };
  const groups = partsOf(layers, important, per, tileShape);
  const untold = groups.entries();
  const teller = new ShareTeller("curves", groups.length, emit);
  await teller.during(() =>
    doInThreads(
      "solveLayers",
      { model: definition, reads, translation },
      groups.map((parts) => ({
        layers: parts.map(matrixOf),
        importance: important && parts.map(({ importance }) => importance!),
      })),
      {
        onOutput(solved) {
          const [group, parts] = untold.next().value!;
          teller.note(group, 1);
          solved.forEach((layerStrategy, k) => add(strategyLayer(parts[k]!.given, layerStrategy)));
        },
        onShare: (group, share) => teller.note(group, mostOfPart * share),
        isLong: translation.layout.pairs > 3 || layers.some(({ values }) => values.length > largeLayer),
      },
    ),
  );
  const strategy: Strategy = {
    model: definition,
    timesSeconds: translation.timesSeconds,
    timeWeights: [...translation.timeWeights],
    compensationRule: translation.rule,
    pairDriftCorrelation: translation.pairDriftCorrelation,
    reads,
    layers: found,
  };
  if (out !== undefined) await writeStrategy(strategy, out);
  return strategy;
}

/** A part is done when its strategy is here: its errors are worked out after its curves. */
const mostOfPart = 0.98;

/** Weights of a layer that takes more than a second. */
const largeLayer = 1_000_000;

/** Throws where a strategy cannot be written. */
export async function refuseNoPlace(out: string): Promise<void> {
  await refusePlace(out, otherFile);
  await refuseNoFolder(out, otherFile);
}

const otherFile = "Name another file with --out.";

/** Writes a strategy file whole or not at all. @returns its full path, and whether another file stood there. */
export async function writeStrategy(
  strategy: Strategy,
  out: string,
): Promise<{ readonly file: string; readonly replaced: boolean }> {
  const file = resolve(out);
  const replaced = existsSync(file);
  await writeWhole(file, strategyText(strategy), otherFile);
  return { file, replaced };
}

function askedImportance({ name, inputs, outputs, source: { tensor } }: SourcedLayer): ImportantLayer {
  return { name, tensor, inputs, outputs };
}

function whole(layer: SourcedLayer): Parameters<typeof strategyLayer>[0] {
  const { file, tensor, sha256: digest, orientation } = layer.source;
  const weightsSource = { file, tensor, digest, ...(orientation && { orientation }) };
  return { name: layer.name, shape: [layer.inputs, layer.outputs], weightsSource };
}

/** A layer or a tile of it. */
interface Part extends LayerMatrix {
  readonly given: Parameters<typeof strategyLayer>[0];
  readonly importance?: Float32Array | undefined;
}

/** Parts that share their curves, together. */
function partsOf(
  layers: readonly SourcedLayer[],
  important: readonly Float32Array[] | undefined,
  per: "layer" | "tile" | "network",
  tileShape: readonly [rows: number, columns: number],
): Part[][] {
  const wholes = layers.map((layer, l) => ({
    given: whole(layer),
    ...matrixOf(layer),
    importance: important?.[l],
  }));
  if (per === "network") return [wholes];
  if (per === "layer") return wholes.map((part) => [part]);
  return layers.flatMap((layer, l) => tilesOf(layer, important?.[l], tileShape).map((part) => [part]));
}

function tilesOf(
  layer: SourcedLayer,
  importance: Float32Array | undefined,
  [rows, columns]: readonly [number, number],
): Part[] {
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
    return {
      given: { ...whole(layer), tile, inputStart, outputStart, shape: [inputs, outputs] as const },
      inputs,
      outputs,
      values: weightsOfPlacement(layer, placement),
      importance: importance && weightsOfPlacement({ ...layer, values: importance }, placement),
    };
  });
}

const maxTiles = 4096;
