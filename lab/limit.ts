import { readStrategy } from "../files/strategy.ts";
import { MhoError } from "../src/errors.ts";
import type { ErrorCause } from "../src/model/deviceModel.ts";
import {
  type PredictedAccuracy,
  spanOf,
  type Strategy,
  type StrategyLayer,
} from "../src/optimize/strategy.ts";
import { Random } from "../src/random.ts";
import { assess } from "../src/results/assessment.ts";
import { DrawnNetwork } from "../src/results/drawnNetwork.ts";
import { layStrategy } from "../src/run/laying.ts";
import { nextBelow } from "../src/statistics.ts";
import type { LayerWeights } from "../src/weights/layer.ts";
import { putWeights, weightsOfPlacement } from "../src/weights/placement.ts";
import type { CalculatingEvent } from "./events.ts";
import { seenBy } from "./seenBy.ts";
import { ShareTeller } from "./shareTeller.ts";
import type { JudgedChoice } from "./judged.ts";
import { loadJudged, type TrainedNetwork } from "./trainedNetwork.ts";
import { usualDraws } from "./usualDraws.ts";

export interface DrawOptions {
  /** Chips that are drawn. */
  readonly draws: number;
  readonly seed: number;
  /** Rows and columns of the tiles: each has one α. */
  readonly tileShape: readonly [rows: number, columns: number];
  /** What to leave out, each by itself, beside the prediction. */
  readonly causes: readonly ErrorCause[];
  /** Hears how far it is, every two seconds. */
  readonly emit?: ((event: CalculatingEvent) => void) | undefined;
}

/** A strategy whose accuracy is asked for, and how it is drawn. */
export interface DrawnAccuracy {
  readonly strategy: Solved;
  readonly draw: Omit<DrawOptions, "causes" | "emit">;
}

/** Which network, and how it is drawn. */
export interface LimitOptions extends JudgedChoice {
  /** Chips that are drawn (25). */
  readonly draws?: number | undefined;
  /** Rows and columns of the tiles (64, 64): each has one α. */
  readonly tileShape?: readonly [rows: number, columns: number] | undefined;
}

/** What a network is worth at most, before a chip is touched. */
export interface AccuracyLimit {
  readonly predicted: PredictedAccuracy;
  /** The same devices without a cause of error; null where the model cannot tell it from the others. */
  readonly without: Readonly<Partial<Record<ErrorCause, AccuracySpread | null>>>;
  /** Layers of the network, and those of them that the strategy holds: the others are as they were trained. */
  readonly layers: number;
  readonly layersHeld: number;
}

/** One a time, over the chips that were drawn. */
export type AccuracySpread = Pick<PredictedAccuracy, "mean" | "low" | "high">;

type Solved = Pick<Strategy, "model" | "timesSeconds" | "pairDriftCorrelation" | "reads" | "layers">;

/**
 * Predicts the accuracy of a network over the strategy's times, or without labels the similarity of its outputs to software's: draws whole chips from the strategy's model, reads every device once a
 * time (or means of the strategy's number of reads), finds α by least squares, one a tile as on the bench, and runs the network with the weights that come back.
 *
 * @throws `bad-argument` for a network without inputs, or with none of the strategy's layers.
 */
export async function accuracyLimit(
  { model: definition, timesSeconds, pairDriftCorrelation, reads, layers }: Solved,
  network: TrainedNetwork,
  { draws, seed, tileShape, causes, emit = () => {} }: DrawOptions,
): Promise<AccuracyLimit> {
  if (network.measure === undefined || network.digest === undefined) {
    throw new MhoError(
      "bad-argument",
      "A prediction needs what the network is judged by: give --onnx with --images and --labels or, without labels, with --inputs; " +
        "or --network for one that comes with mho.",
    );
  }
  const places = placesOf(layers, network);
  const laid = lay(layers, places, network, tileShape);
  const model = seenBy(reads, definition);
  const rest = causes.map((cause) => model.without(cause));
  const models = [model, ...rest.filter((one) => one !== undefined)];
  const drawn = new DrawnNetwork(laid, models, timesSeconds, pairDriftCorrelation);
  const scores = models.map(() => timesSeconds.map((): number[] => []));
  const random = new Random(seed).fork("limit");
  const teller = new ShareTeller("chips", draws, emit);
  await teller.during(async () => {
    for (let draw = 0; draw < draws; draw++) {
      let judged = 0;
      for (const [m, sweeps] of drawn.draw(random.fork(`draw ${draw}`)).entries()) {
        for (const [t, time] of timesSeconds.entries()) {
          const held = assess(laid, sweeps, time).layers;
          const { score } = await network.scoreWith(wholeLayers(layers, places, held, network));
          scores[m]![t]!.push(score);
          teller.note(draw, ++judged / (models.length * timesSeconds.length));
        }
      }
    }
  });
  const [predicted, ...others] = scores.map(spreadOver);
  return {
    predicted: {
      network: network.name,
      networkDigest: network.digest,
      // Where nothing is said it is accuracy, as in files of earlier versions.
      ...(network.measure.name === "accuracy" ? {} : { measure: network.measure.name }),
      images: network.inputs,
      softwareAccuracy: network.softwareScore,
      draws,
      timesSeconds,
      ...predicted!,
    },
    without: Object.fromEntries(
      causes.map((cause, k) => [cause, rest[k] === undefined ? null : others.shift()!]),
    ),
    layers: network.layers.length,
    layersHeld: new Set(places.filter((place) => place >= 0)).size,
  };
}

/** The same for a strategy or its file, with all that may be left out. */
export async function limit(
  given: string | Strategy,
  { draws = usualDraws, tileShape = [64, 64], ...choice }: LimitOptions,
  seed: number,
): Promise<AccuracyLimit> {
  if (choice.network === undefined && choice.onnx === undefined) {
    throw new MhoError(
      "bad-argument",
      "Name the network that is judged: --onnx, with --images and --labels or, without labels, with --inputs; or --network for one " +
        "that comes with mho.",
    );
  }
  const strategy = typeof given === "string" ? await readStrategy(given) : given;
  const network = await loadJudged(choice);
  return accuracyLimit(strategy, network, {
    draws,
    seed,
    tileShape,
    causes: ["programming", "drift", "read"],
  });
}

function spreadOver(byTime: readonly (readonly number[])[]): AccuracySpread {
  return {
    mean: byTime.map((found) => found.reduce((sum, one) => sum + one, 0) / found.length),
    low: byTime.map((found) => nextBelow(found, tail)),
    high: byTime.map((found) => nextBelow(found, 1 - tail)),
  };
}

/** On each side of the band. */
const tail = 0.05;

/**
 * Which layer of the network each layer of a strategy holds, found by its weights; -1 for none. Of equal ones the first comes first.
 *
 * @throws `bad-argument` where it is -1 for all.
 */
function placesOf(layers: readonly StrategyLayer[], network: TrainedNetwork): number[] {
  const met = new Map<string, number>();
  const places = layers.map(({ weightsSource: { digest }, tile, shape, inputStart = 0, outputStart = 0 }) => {
    const key = `${digest} ${tile}`;
    const nth = met.get(key) ?? 0;
    met.set(key, nth + 1);
    const equal = network.layers.flatMap(({ source, inputs, outputs }, place) => {
      const fits =
        tile === undefined
          ? inputs === shape[0] && outputs === shape[1]
          : inputStart + shape[0] <= inputs && outputStart + shape[1] <= outputs;
      return source.sha256 === digest && fits ? [place] : [];
    });
    return equal[nth] ?? -1;
  });
  if (places.some((place) => place >= 0)) return places;
  throw new MhoError(
    "bad-argument",
    `The network ${network.name} has none of the weights that the strategy holds (${layers.map(({ name }) => name).join(", ")}). ` +
      "Name the network whose weights were optimised.",
    { network: network.name },
  );
}

/** The layers that the network has, on tiles of a chip that has as many as it takes. */
function lay(
  all: readonly StrategyLayer[],
  places: readonly number[],
  network: TrainedNetwork,
  [rows, columns]: DrawOptions["tileShape"],
) {
  const layers = all.filter((_, k) => places[k]! >= 0);
  const weights = all.flatMap((layer, k) =>
    places[k]! < 0 ? [] : [partOf(layer, network.layers[places[k]!]!)],
  );
  const devicesPerCell = 2 * Math.max(...layers.map(({ significance }) => significance.length));
  const laid = layStrategy(layers, weights, {
    tiles: Number.POSITIVE_INFINITY,
    rows,
    columns,
    devicesPerCell,
  });
  return {
    layers: weights,
    microsiemensPerUnit: laid.placements.map(
      ({ layer }) => spanOf(layers[layer]!.scaleMicrosiemensPerUnit)[0],
    ),
    ...laid,
  };
}

/** Where a strategy's layer stands in its matrix. */
function blockOf({ inputStart = 0, outputStart = 0, shape: [inputCount, outputCount] }: StrategyLayer) {
  const block = { tile: 0, rowStart: 0, rowCount: inputCount };
  return { layer: 0, block, inputStart, inputCount, outputStart, outputCount };
}

function partOf(layer: StrategyLayer, whole: LayerWeights): LayerWeights {
  const [inputs, outputs] = layer.shape;
  return { name: layer.name, inputs, outputs, values: weightsOfPlacement(whole, blockOf(layer)) };
}

/** The network's matrices with what the chip holds, and else as they were trained. */
function wholeLayers(
  layers: readonly StrategyLayer[],
  places: readonly number[],
  held: readonly LayerWeights[],
  network: TrainedNetwork,
): Float32Array[] {
  const matrices = network.layers.map(({ values }) => values);
  const own = new Set<number>();
  let next = 0;
  layers.forEach((layer, k) => {
    const place = places[k]!;
    if (place < 0) return;
    if (!own.has(place)) matrices[place] = matrices[place]!.slice();
    own.add(place);
    putWeights(matrices[place]!, network.layers[place]!.outputs, blockOf(layer), held[next++]!.values);
  });
  return matrices;
}
