import type { DriftData } from "../calibration/driftData.ts";
import { fitFreeForm, type FreeFormFit } from "../calibration/freeForm/fitFreeForm.ts";
import { freeFormDefinition } from "../calibration/freeForm/record.ts";
import { findPreset, type Preset } from "../emulator/presets.ts";
import type { FreeFormDefinition, ModelDefinition } from "../src/model/definition.ts";
import { isBroken } from "../src/program/method.ts";
import type { DeviceModel } from "../src/model/deviceModel.ts";
import { builtInDefinition, modelOf } from "../src/model/modelOf.ts";
import { Translator } from "../src/optimize/layerStrategy.ts";
import { strategyLayer } from "../src/optimize/strategy.ts";
import { normalOf, Random, uniformOf } from "../src/random.ts";
import { largestWanted } from "../src/program/cells.ts";
import { cellErrors } from "../src/results/cellErrors.ts";
import { layStrategy } from "../src/run/laying.ts";
import type { TileTargets } from "../src/run/plan.ts";
import { hold, type Holding, visitsOf } from "./loop.ts";
import { programChip, readTile } from "./programmed.ts";
import { logTimes, watchTile } from "./watched.ts";

export const publishedRram: ModelDefinition = builtInDefinition("reram-wan-2022")!;

/** From when the spread of a verified tile's ages has become small, to the last age that was published for these devices. */
export const rramTimes = [46, 600, 3600, 86_400, 216_000];
/** Those that the published model knows, to compare it by. */
export const commonTimes = [46, 600, 3600, 86_400];
/** Counted from the last pulse. */
const judgedTimes = [1, 60, 3600, 86_400, 2_592_000];

/** A tile of `rram-128`, or of another chip, whose cells have so many pairs of devices. */
function presetOf(pairs: 1 | 2, chip = "rram-128"): Preset {
  const preset = findPreset(chip, {})!;
  const geometry = {
    ...preset.geometry,
    columns: preset.geometry.columns / pairs,
    devicesPerCell: 2 * pairs,
  };
  return { ...preset, geometry };
}

/** Devices of a new chip, verified to evenly spread targets and read for 2.5 days. */
export async function characterisedRram(seed: number): Promise<DriftData> {
  const preset = presetOf(1);
  const random = new Random(seed).fork("targets");
  const targetsMicrosiemens = Float32Array.from(
    { length: 128 * 256 },
    (_, i) => 40 * uniformOf(random.at(i, 0).word0),
  );
  const block = { tile: 0, rowStart: 0, rowCount: 128 };
  const chip = await programChip({
    preset,
    seed: 1000 + seed,
    method: "verify",
    model: modelOf(publishedRram),
    definition: publishedRram,
    tiles: [{ block, targetsMicrosiemens }],
  });
  return watchTile(
    chip.firmware,
    chip.memories[0]!,
    targetsMicrosiemens,
    chip.endedAt,
    logTimes(1, 216_000, 28),
    16,
    true,
  );
}

export function definitionOf(found: FreeFormFit): FreeFormDefinition {
  return freeFormDefinition(found, modelOf(publishedRram), "fitted", true, undefined);
}

/** 8,192 or 16,384 Gaussian weights, σ a quarter of the largest, as the optimiser would hold them. */
function gaussian(
  model: DeviceModel,
  seed: number,
  pairs: 1 | 2,
  times: readonly number[],
  { geometry }: Preset = presetOf(pairs),
  scalePer: "layer" | "column" = "column",
): TileTargets {
  const random = new Random(seed).fork("weights");
  const shape = [geometry.rows, geometry.columns] as const;
  const values = Float32Array.from({ length: shape[0] * shape[1] }, (_, i) =>
    Math.max(-1, Math.min(1, normalOf(random.at(i, 0).word0) / 4)),
  );
  values[0] = 1;
  const layer = { name: "gaussian", inputs: shape[0], outputs: shape[1], values };
  const translator = new Translator(model, {
    layout: {
      pairs,
      significance: pairs === 1 ? { kind: "given", factors: [1] } : { kind: "free" },
      scale: "within",
    },
    timesSeconds: times,
    timeWeights: new Float64Array(times.length).fill(1 / times.length),
    rule: "least-squares",
    compensationPer: "tile",
    scalePer,
    pairDriftCorrelation: 0,
    clipPercentile: 100,
  });
  const given = { name: "gaussian", shape, weightsSource: { file: "", tensor: "", digest: "" } };
  const solved = strategyLayer(given, translator.strategyFor(layer));
  const tile = layStrategy([solved], [layer], geometry).tiles[0]!;
  foretold.set(tile, solved.predicted.rmsPercentByTime);
  return tile;
}

const foretold = new WeakMap<TileTargets, readonly number[]>();

/**
 * 100 × mean square error over the square of the largest weight, at ages counted from the tile's last pulse: noise-free, of 16 reads and of
 * one, each the mean over the times. Relaxation goes one way: a chip that was looked at late cannot be looked at early.
 */
function tnmseOf(
  { firmware, tile, endedAt }: Holding,
  times: readonly number[],
  cells = tile.cells!,
): number[] {
  const largest = largestWanted(tile.cells!);
  const sums = [0, 0, 0];
  for (const time of times) {
    const at = endedAt + time * 1e6;
    const sixteen = readTile(firmware, 0, at, 16);
    // The truth is what relaxation has come to by the last read.
    const looks = [firmware.chip.truthOfTile(0, at + 1e6), sixteen, readTile(firmware, 0, at + 1e6, 1)];
    const errors = looks.map((now) => {
      const { rmsMicrosiemens } = cellErrors(cells, now);
      return (100 * rmsMicrosiemens * rmsMicrosiemens) / (largest * largest);
    });
    errors.forEach((error, k) => (sums[k]! += error / times.length));
  }
  return sums;
}

/** A model speaks of no device that does not obey: the weights that have one are left out. */
function withoutBroken({ tile, memory }: Holding): NonNullable<TileTargets["cells"]> {
  const cells = tile.cells!;
  const { devicesPerCell } = cells;
  const wantedMicrosiemens = cells.wantedMicrosiemens.map((wanted, cell) => {
    const own = memory.verdicts.subarray(cell * devicesPerCell, (cell + 1) * devicesPerCell);
    return own.some((verdict) => isBroken(verdict)) ? Number.NaN : wanted;
  });
  return { ...cells, wantedMicrosiemens };
}

/** TNMSE over 46 s to 2.5 d that a model foretells of a single pair, and what came of it: noise-free, 16 reads, one read. */
export async function foretoldAndMeasured(
  definition: ModelDefinition,
  seed: number,
  times: readonly number[],
): Promise<number[]> {
  const model = modelOf(definition);
  const tile = gaussian(model, seed, 1, times);
  const held = await hold(presetOf(1), seed, definition, "verify", tile);
  const foreseen = foretold.get(tile)!.map((rms) => (rms * rms) / 100);
  const obeying = withoutBroken(held);
  return [mean(foreseen), ...tnmseOf(held, times, obeying)];
}

/** Time-averaged TNMSE, noise-free, of a chip that is left alone, of one as old as the visited one, and of that. */
export interface Visited {
  readonly alone: number;
  readonly waited: number;
  readonly visited: number;
}

/** Left by verify on `rram-128`. */
export function rramVisits(definition: ModelDefinition, seed: number, pairs: 1 | 2): Promise<Visited> {
  return visitsBy("verify", presetOf(pairs), definition, seed, pairs, "column", judgedTimes);
}

/** Left by residual on `ecram-64`, by the published model. */
export function ecramVisits(seed: number): Promise<Visited> {
  const definition = builtInDefinition("ecram-li")!;
  return visitsBy("residual", presetOf(2, "ecram-64"), definition, seed, 2, "layer", judgedTimes.slice(-2));
}

async function visitsBy(
  method: string,
  preset: Preset,
  definition: ModelDefinition,
  seed: number,
  pairs: 1 | 2,
  scalePer: "layer" | "column",
  firstVisitFor: readonly number[],
): Promise<Visited> {
  const model = modelOf(definition);
  const { from } = model.knownTimesSeconds;
  const times = judgedTimes.map((t) => Math.max(t, from));
  const chip = (): Promise<Holding> =>
    hold(preset, seed, definition, method, gaussian(model, seed, pairs, times, preset, scalePer));
  const alone = await chip();
  const old = await chip();
  const visited = await chip();
  const visits = [
    { watchSeconds: 7200, sweeps: 24, timesSeconds: firstVisitFor },
    { watchSeconds: 72_000, sweeps: 28 },
  ];
  await visitsOf(visited, definition, visits, judgedTimes);
  return {
    alone: tnmseOf(alone, judgedTimes)[0]!,
    waited: tnmseOf({ ...old, endedAt: old.endedAt + 79_200e6 }, judgedTimes)[0]!,
    visited: tnmseOf(visited, judgedTimes)[0]!,
  };
}

/** Ages at which what methods leave is judged, counted from the end of the run. */
export const methodTimes = [1, 60, 3600, 86_400];

/** What a method left of Gaussian weights, one scale for the layer, `waited` s later than it ended. */
export interface Left {
  /** RMS weight error in percent of the largest weight, one a time of `methodTimes`: noise-free, and of one read. */
  readonly truth: readonly number[];
  readonly one: readonly number[];
  /** A device. */
  readonly pulses: number;
  readonly chipSeconds: number;
}

export async function leftByMethod(
  chip: "rram-128" | "ecram-64",
  method: string,
  seed: number,
  pairs: 1 | 2,
  waited = 0,
): Promise<Left> {
  const preset = presetOf(pairs, chip);
  const definition = builtInDefinition(chip === "rram-128" ? publishedRram.name : "ecram-li")!;
  const tile = gaussian(modelOf(definition), seed, pairs, methodTimes, preset, "layer");
  const held = await hold(preset, seed, definition, method, tile);
  const cells = withinConverter(held);
  const largest = largestWanted(tile.cells!);
  const rms = (now: Float32Array): number => (100 * cellErrors(cells, now).rmsMicrosiemens) / largest;
  const looks = methodTimes.map((time) => {
    const at = held.endedAt + (waited + time) * 1e6;
    // The truth is what relaxation has come to by the last read.
    const one = rms(readTile(held.firmware, 0, at, 1));
    return { one, truth: rms(held.firmware.chip.truthOfTile(0, at)) };
  });
  const pulses = held.memory.pulses.reduce((sum, n) => sum + n, 0);
  return {
    truth: looks.map(({ truth }) => truth),
    one: looks.map(({ one }) => one),
    pulses: pulses / tile.targetsMicrosiemens.length,
    chipSeconds: held.endedAt / 1e6,
  };
}

/** Without the weights of which a device conducts more than the converter can tell: a few erratic ones in 100,000 end there, by any method. */
function withinConverter({ preset, firmware, tile, endedAt }: Holding): NonNullable<TileTargets["cells"]> {
  const cells = tile.cells!;
  const { codes, microsiemensPerCode } = preset.readout;
  const truth = firmware.chip.truthOfTile(0, endedAt);
  const wantedMicrosiemens = cells.wantedMicrosiemens.map((wanted, cell) => {
    const own = truth.subarray(cell * cells.devicesPerCell, (cell + 1) * cells.devicesPerCell);
    return own.some((g) => g > (codes - 2) * microsiemensPerCode) ? Number.NaN : wanted;
  });
  return { ...cells, wantedMicrosiemens };
}

/** The whole of a seed. */
export async function fittedRram(seed: number): Promise<FreeFormFit> {
  return fitFreeForm([await characterisedRram(seed)]);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
