import type { ChipDescription } from "../../src/chip/description.ts";
import { type ChipGeometry, devicesPerRow } from "../../src/chip/geometry.ts";
import type { ModelDefinition } from "../../src/model/definition.ts";
import type { DeviceModel } from "../../src/model/deviceModel.ts";
import { modelOf } from "../../src/model/modelOf.ts";
import { devicesPerDualPair, fullScale, targetsOf } from "../../src/optimize/dualPair.ts";
import { matrixOf, type TranslationOptions } from "../../src/optimize/layerStrategy.ts";
import { spanOf, type StrategyLayer, strategyLayer } from "../../src/optimize/strategy.ts";
import { Random } from "../../src/random.ts";
import { assess, type LaidNetwork, spreadTargets } from "../../src/results/assessment.ts";
import type { SweepRecord } from "../../src/run/journal.ts";
import { layStrategy } from "../../src/run/laying.ts";
import type { TileTargets } from "../../src/run/plan.ts";
import type { RunId, RunReader, RunStore } from "../../src/run/store.ts";
import type { Seconds } from "../../src/units.ts";
import { maxWeight } from "../../src/weights/layer.ts";
import { placeLayers, weightsOfPlacement } from "../../src/weights/placement.ts";
import { productErrorPercent } from "../../src/weights/products.ts";
import { doInThreads } from "../threads/threads.ts";
import type { TrainedNetwork } from "../trainedNetwork.ts";

/** When every contender is looked at, counted from its last pulse. */
export const judgedAt: readonly Seconds[] = [1, 3600, 86_400, 2_592_000, 31_536_000];

/** How a contender stood at one of these times. */
export interface JudgedPoint {
  readonly timeSeconds: Seconds;
  readonly rmsPercent: number;
  readonly productPercent: number;
  /** How the network did; NaN where it is not judged. */
  readonly score: number;
  /** Of a similarity: the mean over the tenth of the inputs that did worst. */
  readonly worstTenth?: number | undefined;
}

/** How a contender did on one chip. */
export interface ContestResult {
  readonly run: RunId;
  readonly laid: LaidNetwork;
  readonly points: readonly JudgedPoint[];
  /** (α ŵ − w) / max|w| of every weight, at the first time. */
  readonly relativeErrors: Float32Array;
}

/**
 * Turns the sweeps of a run back into weights and says what the network is worth with them.
 *
 * @param ages  the ages of the run's sweeps that stand for `judgedAt`.
 */
export async function judge(
  network: TrainedNetwork,
  laid: LaidNetwork,
  store: RunStore,
  run: RunId,
  ages: readonly Seconds[] = judgedAt,
): Promise<ContestResult> {
  const sweeps = await sweepsAt(store, run, ages);
  const points: JudgedPoint[] = [];
  let relativeErrors = new Float32Array(0);
  for (const [k, timeSeconds] of judgedAt.entries()) {
    const assessment = assess(laid, sweeps, ages[k]!);
    if (k === 0) ({ relativeErrors } = assessment as { relativeErrors: Float32Array<ArrayBuffer> });
    points.push({
      timeSeconds,
      rmsPercent: assessment.rmsPercent,
      productPercent: productErrorPercent(network.layers, assessment.layers, new Random(productSeed)),
      ...(await network.scoreWith(assessment.layers.map(({ values }) => values))),
    });
  }
  return { run, laid, points, relativeErrors };
}

/**
 * The sweeps of a run that were asked for at some ages, and no others: a large chip's are megabytes each. A chip that takes long to read
 * may have passed an age while it was read for the one before: the sweep of that one then stands for both.
 */
export async function sweepsAt(
  store: RunReader,
  run: RunId,
  ages: readonly Seconds[],
): Promise<SweepRecord[]> {
  const latest = ages.map(() => new Map<number, SweepRecord>());
  for await (const sweep of store.sweeps(run)) {
    for (const [k, age] of ages.entries()) {
      if (sweep.timeSeconds > age) continue;
      const before = latest[k]!.get(sweep.tile);
      if (before === undefined || sweep.timeSeconds >= before.timeSeconds) latest[k]!.set(sweep.tile, sweep);
    }
  }
  return latest.flatMap((byTile, k) =>
    [...byTile.values()].map((sweep) => ({ ...sweep, timeSeconds: ages[k]! })),
  );
}

/** The same inputs for everybody. */
const productSeed = 1;

/** F = 2 was found best in all six cases of Mackin et al. 2022; it is the naive one's only good advice. */
const naiveSignificance = 2;

/** Pairs of devices that hold a weight, of those that a cell has. */
export function pairsOf({ devicesPerCell }: ChipGeometry): 1 | 2 {
  return devicesPerCell < devicesPerDualPair ? 1 : 2;
}

/** As one would do it by hand: the major pair carries what it can, at full range. A single pair carries all. */
export function layNaively({ layers }: TrainedNetwork, description: ChipDescription): LaidNetwork {
  const { geometry, maxConductanceMicrosiemens: max } = description;
  const placements = placeLayers(layers, geometry);
  const pairs = pairsOf(geometry);
  const { devicesPerCell } = geometry;
  const microsiemensPerUnit = placements.map(({ layer }) =>
    pairs === 1
      ? max / (maxWeight(layers[layer]!) || max)
      : fullScale(maxWeight(layers[layer]!), naiveSignificance, max),
  );
  const tiles = placements.map((placement, k): TileTargets => {
    const scale = microsiemensPerUnit[k]!;
    const weights = weightsOfPlacement(layers[placement.layer]!, placement);
    const rule = {
      rule: "msp-first",
      // Of a single pair the weight is all that it holds.
      significance: pairs === 1 ? 1 : naiveSignificance,
      scaleMicrosiemensPerUnit: scale,
      maxConductanceMicrosiemens: max,
    } as const;
    const wantedMicrosiemens = spreadTargets(
      weights.map((w) => w * scale),
      placement,
      geometry.columns,
    );
    const targets = inCells(targetsOf(rule, weights), 2 * pairs, devicesPerCell);
    const factors = pairs === 1 ? [1, -1] : [naiveSignificance, -naiveSignificance, 1, -1];
    return {
      block: placement.block,
      targetsMicrosiemens: spreadTargets(targets, placement, devicesPerRow(geometry)),
      cells: {
        devicesPerCell,
        // Devices that are spare hold nothing.
        factors: Array.from({ length: devicesPerCell }, (_, device) => factors[device] ?? 0),
        wantedMicrosiemens,
      },
    };
  });
  return { layers, microsiemensPerUnit, placements, tiles };
}

/** The first devices of each dual pair, as many as a weight is held in, in cells that may have more. */
function inCells(dualPairs: Float32Array, used: number, devicesPerCell: number): Float32Array {
  if (used === devicesPerDualPair && devicesPerCell === devicesPerDualPair) return dualPairs;
  const cells = dualPairs.length / devicesPerDualPair;
  const targets = new Float32Array(cells * devicesPerCell).fill(Number.NaN);
  for (let cell = 0; cell < cells; cell++) {
    const from = cell * devicesPerDualPair;
    targets.set(dualPairs.subarray(from, from + used), cell * devicesPerCell);
  }
  return targets;
}

/** Those of the times that are judged of which a model knows something; its first and last where these lie outside. */
export function judgedTimesOf({ knownTimesSeconds: { from, to } }: DeviceModel): readonly Seconds[] {
  return [...new Set(judgedAt.map((time) => Math.min(to, Math.max(from, time))))];
}

/** A scale for each column, at full range or less of it where that errs less. */
const usualScale = { scale: "within", scalePer: "column" } as const;

/** As the optimiser would hold the weights for the times that are judged, were devices as a model says. */
export async function layOptimised(
  { layers }: TrainedNetwork,
  definition: ModelDefinition,
  { geometry }: ChipDescription,
  signal?: AbortSignal,
  scale: Pick<TranslationOptions, "scalePer"> & Pick<TranslationOptions["layout"], "scale"> = usualScale,
): Promise<LaidNetwork & { readonly curves: readonly StrategyLayer[] }> {
  const pairs = pairsOf(geometry);
  const timesSeconds = judgedTimesOf(modelOf(definition));
  const translation: TranslationOptions = {
    layout: {
      pairs,
      significance: pairs === 1 ? { kind: "given", factors: [1] } : { kind: "free" },
      scale: scale.scale,
    },
    timesSeconds,
    timeWeights: new Float64Array(timesSeconds.length).fill(1 / timesSeconds.length),
    rule: "least-squares",
    compensationPer: "tile",
    scalePer: scale.scalePer,
    pairDriftCorrelation: 0,
    clipPercentile: 100,
  };
  const inputs = layers.map((layer) => ({ layers: [matrixOf(layer)] }));
  const solved = await doInThreads("solveLayers", { model: definition, reads: 1, translation }, inputs, {
    signal,
    isLong: true,
  });
  const curves = layers.map((layer, l) => {
    const { file, tensor, sha256: digest } = layer.source;
    const shape = [layer.inputs, layer.outputs] as const;
    const given = { name: layer.name, shape, weightsSource: { file, tensor, digest } };
    return strategyLayer(given, solved[l]![0]!);
  });
  const laid = layStrategy(curves, layers, geometry);
  return {
    layers,
    curves,
    microsiemensPerUnit: laid.placements.map(
      ({ layer }) => spanOf(curves[layer]!.scaleMicrosiemensPerUnit)[0],
    ),
    ...laid,
  };
}
