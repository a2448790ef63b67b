import { dirname, extname, resolve } from "node:path";
import { existsSync } from "node:fs";
import { parseCsv } from "../files/csv.ts";
import { isFusionCsv, parseFusionCsv } from "../files/fusionCsv.ts";
import { readNpy } from "../files/npy.ts";
import { badFile, readInputFile } from "../files/readFile.ts";
import { readStrategy } from "../files/strategy.ts";
import { textOf } from "../files/text.ts";
import { readWeights, type SourcedLayer } from "../files/weights.ts";
import type { ChipDescription } from "../src/chip/description.ts";
import { type ChipGeometry, devicesPerRow, formatGeometry } from "../src/chip/geometry.ts";
import type { ModelDefinition } from "../src/model/definition.ts";
import type { StrategyLayer } from "../src/optimize/strategy.ts";
import { layMatrix, layStrategy } from "../src/run/laying.ts";
import type { Forecast } from "../src/run/forecast.ts";
import type { TileTargets } from "../src/run/plan.ts";
import { MhoError } from "../src/errors.ts";
import { shellWord } from "../src/shell.ts";
import type { LayerWeights } from "../src/weights/layer.ts";
import { readImportance } from "./importance.ts";
import { spreadTargets } from "../src/results/assessment.ts";
import {
  placeLayers,
  refuseTooFewTiles,
  type TilePlacement,
  type TilesAdvice,
  weightsOfPlacement,
} from "../src/weights/placement.ts";
import { refuseFolder } from "./refuseFolder.ts";
import type { ConductanceUnit } from "../src/units.ts";
import { type ChipAddress, withTiles } from "./address.ts";
import { strategyForecast } from "./forecasts.ts";
import { inMicrosiemens, unitOfHeading } from "./targetUnits.ts";

/** What is to be programmed, laid on a chip's tiles. */
export interface ProgramTargets {
  readonly title: string;
  readonly tiles: readonly TileTargets[];
  /** Of a strategy: what its curves were solved for. */
  readonly model: ModelDefinition | undefined;
  /** Of a strategy: what it foretells of the weights. */
  readonly forecast?: Forecast | undefined;
  /** The same of some of the tiles. */
  readonly forecastOf?: ((firstTile: number, tiles: number) => Forecast) | undefined;
  /** How much each cell counts, one list a tile, where that was said. */
  readonly importance?: readonly Float32Array[] | undefined;
}

/** Conductances that a script has at hand. */
export interface MatrixTargets {
  readonly title: string;
  /** µS, one a device, row after row of the chip; NaN leaves a device alone. */
  readonly valuesMicrosiemens: Float32Array;
}

/** Throws `bad-argument` for what is neither: a script in JavaScript has no compiler to tell it. */
export function refuseNoTargets(targets: unknown): void {
  if (typeof targets === "string") return;
  const { valuesMicrosiemens } = (targets ?? {}) as Partial<MatrixTargets>;
  if (valuesMicrosiemens instanceof Float32Array) return;
  throw new MhoError(
    "bad-argument",
    "What is to be programmed is not said: give the name of a file, or { title, valuesMicrosiemens } with one µS a device in a Float32Array.",
  );
}

export interface TargetOptions {
  /** Where the weights of a strategy are now, if they have moved. */
  readonly weights?: string | undefined;
  /** What the conductances of a file are in. Where nothing is said they are in µS, and refused where they hardly can be. */
  readonly unit?: ConductanceUnit | undefined;
  /** How much each weight of a strategy counts: a file of one number a weight. */
  readonly importance?: string | undefined;
}

/**
 * Reads a strategy, a matrix of conductances, or what aihwkit's `fusion_export` writes. Throws `bad-file`, or `bad-argument` for
 * more than the chip at an address has room for. Whether the chip can hold the values is `checkPlan`'s to say.
 */
export async function readTargets(
  given: string | MatrixTargets,
  address: ChipAddress,
  description: ChipDescription,
  { weights: weightsFile, unit, importance }: TargetOptions = {},
  advice: TilesAdvice = adviceOn(address),
): Promise<ProgramTargets> {
  if (typeof given !== "string") {
    const { title, valuesMicrosiemens: values } = given;
    const perRow = devicesPerRow(description.geometry);
    const shape = values.length % perRow === 0 ? [values.length / perRow, perRow] : [values.length];
    return matrixTargets(title, shape, values, description, advice);
  }
  const path = given;
  await refuseFolder(path);
  switch (extname(path).toLowerCase()) {
    case ".json":
      if (unit !== undefined) throw badFile(path, "a strategy is in µS", "Leave --unit away.");
      return strategyTargets(path, description, weightsFile, importance, advice);
    case ".npy": {
      const { shape, values } = await readNpy(path);
      return matrixTargets(path, shape, inMicrosiemens(path, values, unit, description), description, advice);
    }
    case ".csv": {
      const text = textOf(await readInputFile(path), path);
      if (isFusionCsv(text)) return fusionTargets(path, text, unit, description, advice);
      const { shape, values, heading } = parseCsv(text, path, true);
      const own = unitOfHeading(path, heading, unit);
      return matrixTargets(path, shape, inMicrosiemens(path, values, own, description), description, advice);
    }
    default:
      throw badFile(
        path,
        "it is neither a strategy nor a matrix of conductances",
        "Give a strategy (.json), or conductances (.npy, .csv; in µS, or see --unit).",
      );
  }
}

/** A chip's tiles are as many as its address says; the board is asked only when it is opened. */
function adviceOn(address: ChipAddress): TilesAdvice {
  return (needed) => {
    const enough = withTiles(address, needed);
    return address.scheme === "emulator"
      ? `Use a chip with more tiles: ${shellWord(enough)}.`
      : `If this chip has as many, say so in its address, ${shellWord(enough)}; else use a larger one.`;
  };
}

async function strategyTargets(
  path: string,
  { geometry }: ChipDescription,
  weightsFile: string | undefined,
  importanceFile: string | undefined,
  advice: TilesAdvice,
): Promise<ProgramTargets> {
  const strategy = await readStrategy(path);
  const { layers, model } = strategy;
  const read = new Map<string, SourcedLayer>();
  const tensors: SourcedLayer[] = [];
  for (const layer of layers) {
    const file = findWeights(path, layer, weightsFile);
    const key = `${file} ${layer.weightsSource.tensor}`;
    const tensor = read.get(key) ?? (await readOne(file, layer));
    read.set(key, tensor);
    refuseOtherTensor(path, layer, tensor, file);
    tensors.push(tensor);
  }
  // A strategy may claim any sizes: room is made for what tensors hold and tiles take.
  const sizes = layers.map(({ shape: [inputs, outputs] }) => ({ inputs, outputs }));
  refuseTooFewTiles(sizes, geometry, advice);
  const weights = layers.map((layer, k) => partOf(layer, tensors[k]!));
  const laid = layStrategy(layers, weights, geometry, { title: path, advice });
  const importance =
    importanceFile === undefined
      ? undefined
      : await importanceOfCells(importanceFile, layers, tensors, laid.placements, geometry);
  const forecastOf = (first: number, count: number): Forecast => {
    const some = <T>(all: readonly T[]): readonly T[] => all.slice(first, first + count);
    return strategyForecast(strategy, { placements: some(laid.placements), tiles: some(laid.tiles) });
  };
  const forecast = strategyForecast(strategy, laid);
  return { title: path, tiles: laid.tiles, model, forecast, forecastOf, importance };
}

/** Laid on tiles as the weights are. */
async function importanceOfCells(
  file: string,
  layers: readonly StrategyLayer[],
  tensors: readonly SourcedLayer[],
  placements: readonly TilePlacement[],
  { columns }: ChipGeometry,
): Promise<Float32Array[]> {
  const whole = [...new Set(tensors)];
  const asked = whole.map(({ name, inputs, outputs, source: { tensor } }) => ({
    name,
    tensor,
    inputs,
    outputs,
  }));
  const given = await readImportance(file, asked);
  const parts = layers.map((layer, k) => {
    const tensor = tensors[k]!;
    return partOf(layer, { ...tensor, values: given[whole.indexOf(tensor)]! });
  });
  return placements.map((placement) =>
    spreadTargets(weightsOfPlacement(parts[placement.layer]!, placement), placement, columns),
  );
}

async function readOne(file: string, { weightsSource }: StrategyLayer): Promise<SourcedLayer> {
  const { tensor, orientation } = weightsSource;
  const [layer] = await readWeights(file, { tensors: [tensor], orientation });
  return layer!;
}

/** The file that the strategy names, from here or from beside the strategy, or the one that is given. */
function findWeights(path: string, { weightsSource }: StrategyLayer, given: string | undefined): string {
  if (given !== undefined) return given;
  const { file } = weightsSource;
  const found = [file, resolve(dirname(path), file)].find((candidate) => existsSync(candidate));
  if (found !== undefined) return found;
  throw badFile(
    path,
    `the weights ${file} that it was made from are neither in ${dirname(resolve(file))} nor in ${dirname(resolve(dirname(path), file))}`,
    "Name them with --weights.",
  );
}

/** Throws `bad-file` where a layer, or the tile of it that the strategy has curves for, is none of a tensor. */
function refuseOtherTensor(
  path: string,
  { name, tile, shape, inputStart, outputStart, weightsSource }: StrategyLayer,
  found: SourcedLayer,
  file: string,
): void {
  if (found.source.sha256 !== weightsSource.digest) {
    throw badFile(
      file,
      `tensor ${weightsSource.tensor} is not the one that layer ${name} was optimised for`,
      "Run mho optimize again.",
    );
  }
  const [inputs, outputs] = shape;
  const part = [tile, inputStart, outputStart].some((value) => value !== undefined);
  const [firstInput, firstOutput] = [inputStart ?? 0, outputStart ?? 0];
  const fits = part
    ? firstInput + inputs <= found.inputs && firstOutput + outputs <= found.outputs
    : inputs === found.inputs && outputs === found.outputs;
  if (fits) return;
  const from = part ? `, from input ${firstInput} and output ${firstOutput} on` : "";
  throw badFile(
    path,
    `layer ${name}${tile === undefined ? "" : `, tile ${tile}`} has ${inputs} × ${outputs} weights${from}, and tensor ` +
      `${weightsSource.tensor} of ${file} ${found.inputs} × ${found.outputs}`,
    "Run mho optimize again.",
  );
}

/** A layer's weights, or those of its tile where the strategy has curves for each. */
function partOf(layer: StrategyLayer, found: SourcedLayer): LayerWeights {
  const { inputStart = 0, outputStart = 0 } = layer;
  const [inputs, outputs] = layer.shape;
  if (inputs === found.inputs && outputs === found.outputs) return found;
  const values = new Float32Array(inputs * outputs);
  for (let input = 0; input < inputs; input++) {
    const from = (inputStart + input) * found.outputs + outputStart;
    values.set(found.values.subarray(from, from + outputs), input * outputs);
  }
  return { name: layer.name, inputs, outputs, values };
}

function matrixTargets(
  path: string,
  shape: readonly number[],
  values: Float32Array,
  description: ChipDescription,
  advice: TilesAdvice,
): ProgramTargets {
  const { geometry } = description;
  const perRow = devicesPerRow(geometry);
  let inRow = 1;
  for (let d = shape.length - 1; d >= 0 && inRow < perRow; d--) inRow *= shape[d]!;
  const rows = values.length / perRow;
  if (inRow !== perRow || values.length === 0) {
    throw badFile(
      path,
      `${shape.length === 0 ? "it is a single number" : `its shape is ${shape.join(" × ")}`}, and a row of ${description.name} has ${perRow} devices`,
      "Give one value a device, row after row, NaN for those to be left alone.",
    );
  }
  if (rows > geometry.rows * geometry.tiles) {
    const advised = advice(Math.ceil(rows / geometry.rows));
    if (typeof advised !== "string") throw advised;
    throw badFile(path, `it has ${rows} rows, and the chip ${formatGeometry(geometry)}`, advised);
  }
  return { title: path, tiles: layMatrix(values, geometry), model: undefined };
}

/** One device a weight: the first of its cell. */
function fusionTargets(
  path: string,
  text: string,
  unit: ConductanceUnit | undefined,
  description: ChipDescription,
  advice: TilesAdvice,
): ProgramTargets {
  const { geometry } = description;
  const read = parseFusionCsv(text, path);
  const all = Float32Array.from(read.flatMap(({ values }) => [...values]));
  const converted = inMicrosiemens(path, all, unit, description);
  let from = 0;
  const layers = read.map(({ name, inputs, outputs }): LayerWeights => {
    const values = converted.subarray(from, (from += inputs * outputs));
    const turned = new Float32Array(values.length);
    for (let output = 0; output < outputs; output++) {
      for (let input = 0; input < inputs; input++) {
        turned[input * outputs + output] = values[output * inputs + input]!;
      }
    }
    return { name, inputs, outputs, values: turned };
  });
  const tiles = placeLayers(layers, geometry, advice).map(
    ({ layer, block, inputStart, inputCount, outputStart, outputCount }): TileTargets => {
      const perRow = devicesPerRow(geometry);
      const targetsMicrosiemens = new Float32Array(inputCount * perRow).fill(Number.NaN);
      const { outputs, values } = layers[layer]!;
      for (let input = 0; input < inputCount; input++) {
        for (let output = 0; output < outputCount; output++) {
          targetsMicrosiemens[input * perRow + output * geometry.devicesPerCell] =
            values[(inputStart + input) * outputs + outputStart + output]!;
        }
      }
      return { block, targetsMicrosiemens };
    },
  );
  return { title: path, tiles, model: undefined };
}
