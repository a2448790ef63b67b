import { largestWanted, outputScaleOf } from "../src/program/cells.ts";
import type { DeviceModel } from "../src/model/deviceModel.ts";
import type { CellTask } from "../src/program/method.ts";
import { Translator } from "../src/optimize/layerStrategy.ts";
import type { Calibration } from "../src/run/calibration.ts";
import type { TileTargets } from "../src/run/plan.ts";
import type { Seconds } from "../src/units.ts";
import { columnSums, leastSquaresOf, squaresWith } from "./columnSums.ts";
import { MovedDevices } from "./movedDevices.ts";
import { knownTime } from "./trimMoments.ts";
import { averaged } from "./trimErrors.ts";
import { seenVariance } from "./trimReads.ts";
import type { TrimPlan } from "./trimPlan.ts";
import type { BelievedTile } from "./visit.ts";

/** What can be done about a run, the cheapest first. */
export const actions = ["nothing", "recalibrate", "trim", "aim-anew"] as const;

export type Action = (typeof actions)[number];

/** TNMSE of one read at each time: 100 × mean square error over the square of each tile's largest weight. */
export type ExpectedErrors = Readonly<Record<Action, Float64Array | undefined>>;

/** A tile, what is believed of its devices, and what a trim would do to it. */
export interface AdvisedTile extends BelievedTile {
  readonly plan: TrimPlan;
}

export interface AdviceTask {
  /** The digital factors that are in use; undefined for none: α = 1. */
  readonly calibration: Calibration | undefined;
  /** What of the chip's outputs can have a factor of its own. */
  readonly scaledBy: "column" | "tile";
  readonly timesSeconds: readonly Seconds[];
  readonly timeWeights: Float64Array;
}

/**
 * What weights are expected to be off by after each action, for one read:
 *
 * - nothing: devices stay, and so do the digital factors;
 * - recalibrate: devices stay, and each column (or tile) has the best factor at each time;
 * - trim: devices are as the visit's plan aims at, with such factors;
 * - aim anew: the weights of each tile are optimised by the model of the visit and programmed, with such factors. Undefined where cells
 *   are no pairs of devices.
 *
 * What columns would learn of chance errors that no belief foresees is not counted.
 */
export async function expectedByAction(
  tiles: AsyncIterable<AdvisedTile> | Iterable<AdvisedTile>,
  task: AdviceTask,
): Promise<ExpectedErrors> {
  const { calibration, scaledBy, timesSeconds } = task;
  const times = timesSeconds.length;
  const sums = { nothing: zeros(times), recalibrate: zeros(times), trim: zeros(times) };
  let weights = 0;
  const held: TileTargets[] = [];
  let model: DeviceModel | undefined;
  for await (const { targets, task: ofTile, plan } of tiles) {
    held.push(targets);
    model ??= ofTile.model;
    const columns = columnsOf(targets);
    const { mean, variance } = ofTile.foresight.moments(ofTile.agesSeconds, timesSeconds);
    const { agesSeconds } = ofTile;
    const seen = seenVariance(ofTile, { mean, variance }, (i) => agesSeconds[i]!);
    const now = columnSums(ofTile, columns, mean, seen);
    if (now.largest === 0) continue;
    const factors =
      calibration?.tiles.find(({ tile }) => tile === targets.block.tile)?.compensations ??
      Array<number>(columns).fill(1);
    const unit = 100 / (now.largest * now.largest);
    addTo(sums.nothing, squaresWith(now, times, factors), unit);
    addTo(sums.recalibrate, leastSquaresOf(now, times, scaledBy), unit);
    const moved = new MovedDevices(ofTile, { mean, variance });
    const then = { mean: mean.slice(), variance: variance.slice() };
    plan.targetsMicrosiemens.forEach((target, i) => {
      if (!Number.isNaN(target)) moved.put(i, target, then, false);
    });
    const seenThen = seenVariance(ofTile, then, (i) =>
      Number.isNaN(plan.targetsMicrosiemens[i]!) ? agesSeconds[i]! : 0,
    );
    addTo(sums.trim, leastSquaresOf(columnSums(ofTile, columns, then.mean, seenThen), times, scaledBy), unit);
    weights += now.weights;
  }
  for (const sum of Object.values(sums)) sum.forEach((_, t) => (sum[t]! /= Math.max(1, weights)));
  return { ...sums, "aim-anew": model && anewErrors(held, model, task) };
}

/** As the strategy of the run's own weights has it, one set of curves for all tiles. */
function anewErrors(
  tiles: readonly TileTargets[],
  model: DeviceModel,
  { scaledBy, timesSeconds, timeWeights }: AdviceTask,
): Float64Array | undefined {
  const cells = tiles[0]!.cells!;
  const pairs = cells.factors.filter((factor) => factor !== 0).length / 2;
  if (!Number.isInteger(pairs) || pairs < 1 || pairs > 6) return undefined;
  const layers = tiles.map((targets) => weightsOf(targets.cells!, columnsOf(targets)));
  const held = layers.filter(({ outputs, values }) => outputs > 0 && values.some((w) => w !== 0));
  if (held.length === 0) return undefined;
  const translator = new Translator(model, {
    layout: {
      pairs,
      significance: pairs === 1 ? { kind: "given", factors: [1] } : { kind: "free" },
      scale: "full",
    },
    timesSeconds: timesSeconds.map((time) => knownTime(model, time)),
    timeWeights,
    rule: "least-squares",
    compensationPer: scaledBy,
    scalePer: cells.outputScales === undefined ? "layer" : "column",
    pairDriftCorrelation: 0,
    clipPercentile: 100,
  });
  const sum = zeros(timesSeconds.length);
  let weights = 0;
  translator.strategiesFor(held).forEach(({ columns, translation }, k) => {
    const count = held[k]!.values.length;
    addTo(sum, (columns ?? translation).tnmseByTime, count);
    weights += count;
  });
  return sum.map((error) => error / weights);
}

/** The weights of a tile over the largest of them, without columns that hold none. */
function weightsOf(
  cells: CellTask,
  columns: number,
): { readonly inputs: number; readonly outputs: number; readonly values: Float32Array } {
  const { wantedMicrosiemens: wanted } = cells;
  const largest = largestWanted(cells);
  const inputs = wanted.length / columns;
  const kept = Array.from({ length: columns }, (_, c) => c).filter((c) => {
    for (let i = c; i < wanted.length; i += columns) if (Number.isNaN(wanted[i]!)) return false;
    return true;
  });
  const values = Float32Array.from({ length: inputs * kept.length }, (_, i) => {
    const cell = Math.floor(i / kept.length) * columns + kept[i % kept.length]!;
    return (outputScaleOf(cells, cell) * wanted[cell]!) / largest;
  });
  return { inputs, outputs: kept.length, values };
}

/** An action that costs more must leave this share of the mean square error at most. */
const mostLeft = 0.95;

/** The best by expected error; where a cheaper one does nearly as well, that. */
export function bestAction(expected: ExpectedErrors, timeWeights: Float64Array): Action {
  const errors = actions.map((action) => {
    const byTime = expected[action];
    return byTime === undefined ? Infinity : averaged(byTime, timeWeights);
  });
  const least = Math.min(...errors);
  return actions[errors.findIndex((error) => least >= mostLeft * error)]!;
}

function columnsOf({ block, cells }: TileTargets): number {
  return cells!.wantedMicrosiemens.length / block.rowCount;
}

function addTo(sum: Float64Array, more: Float64Array, factor: number): void {
  more.forEach((value, t) => (sum[t]! += factor * value));
}

function zeros(count: number): Float64Array {
  return new Float64Array(count);
}
