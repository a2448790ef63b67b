import { resolve } from "node:path";
import { calibrationText } from "../files/calibration.ts";
import { refuseFolder, refuseNoFolder, writeWhole } from "../files/writeWhole.ts";
import type { ChipIdentity } from "../src/chip/driver.ts";
import { MhoError } from "../src/errors.ts";
import { largestWanted } from "../src/program/cells.ts";
import {
  judge,
  type Judged,
  type OutputErrors,
  recalibrated,
  tileFactors,
} from "../src/results/recalibration.ts";
import {
  outputsOfProducts,
  outputsOfReads,
  type ReferenceVectors,
  referenceVectors,
} from "../src/results/referenceOutputs.ts";
import type { Calibration, TileFactors } from "../src/run/calibration.ts";
import type { RunContext } from "../src/run/context.ts";
import { refuseStranger } from "../src/run/engine.ts";
import { lastPulse } from "../src/run/journal.ts";
import { readInSteps } from "../src/run/longRead.ts";
import type { RunPlan, TileTargets } from "../src/run/plan.ts";
import { programmedAnew } from "../src/run/programmedAnew.ts";
import { recall } from "../src/run/recall.ts";
import type { RunId, RunStore } from "../src/run/store.ts";
import { formatDuration, type Microseconds, microsecondsPerSecond, type Seconds } from "../src/units.ts";
import { refuseImported } from "./imported.ts";
import { sweepAverages } from "./program.ts";
import { chainOf } from "./runChain.ts";
import { runNamed } from "./runName.ts";
import { patience } from "./session.ts";
import type { Workplace } from "./workplace.ts";

export interface CalibrateOptions {
  /** Products of each tile, with their opposites (32); two for each of its rows at most. */
  readonly vectors?: number | undefined;
  /** Writes the factors for a back end of the lab's own. */
  readonly out?: string | undefined;
  /** Where the chip is now, if it has moved. */
  readonly chip?: string | undefined;
}

/** What came of a calibration. */
export interface Calibrated {
  readonly run: RunId;
  /** As it is kept with the run. */
  readonly calibration: Calibration;
  /** Why devices were read and no products measured; undefined where products were. */
  readonly why: string | undefined;
  /** What of the chip's outputs can have a factor of its own; of `tile`, the factors that are kept are those of the tile. */
  readonly scaledBy: "column" | "tile";
  /** Wall time of the calibration whose factors were in use, ISO 8601; undefined for none: α = 1. */
  readonly before: string | undefined;
  /** On vectors that the factors were not found from. */
  readonly errors: Readonly<Record<keyof Judged, CalibrationError>>;
  /** The file that was written, its full path. */
  readonly file: string | undefined;
}

export interface CalibrationError {
  /** Root mean square weight error in percent of each tile's largest weight, as one look sees it. */
  readonly weightPercent: number;
  /** Root mean square error of products, offsets with it, over that of the products as they were meant. */
  readonly productPercent: number;
}

export const usualVectors = 32;
const advice = "Name another file with --out.";

/** Finds the digital factors of a run's tiles at their present age. No pulse is fired. @returns also what the errors are reckoned from. */
export async function calibrate(
  place: Workplace,
  given: string,
  options: CalibrateOptions,
): Promise<{ readonly calibrated: Calibrated; readonly judged: readonly JudgedTile[] }> {
  const run = runNamed(given);
  const vectors = vectorsOf(options.vectors);
  place.refuseServer();
  const store = await place.existingStore();
  store.mustBeWritable();
  const plan = await store.plan(run);
  refuseImported(plan, run, "calibrated");
  await refuseUnfit(store, run, plan);
  const file = options.out === undefined ? undefined : resolve(options.out);
  if (file !== undefined) {
    await refuseNoFolder(file, advice);
    await refuseFolder(file, advice);
  }
  const chain = await chainOf(store, run);
  const last = await lastCalibration(store, chain);
  const session = await place.sessionOf(run, options.chip);
  return session.work(patience.programMilliseconds, async (context, identity) => {
    refuseStranger(plan, identity, context.driver.address);
    const pulsedAt = await lastPulses(store, chain, run);
    const measured = await measureAll(context, identity, run, plan, vectors);
    const { outputsScaledBy: scaledBy = "column" } = context.driver.description;
    const tiles = measured.tiles.map(({ targets, at, outputs }): TileFactors => ({
      tile: targets.block.tile,
      ageSeconds: (at - pulsedAt(targets.block.tile)) / microsecondsPerSecond,
      ...(scaledBy === "tile" ? tileFactors(recalibrated(outputs)) : recalibrated(outputs)),
    }));
    const calibration: Calibration = { by: measured.by, count: measured.count, tiles };
    const judged = measured.tiles.map(({ targets, outputs, inputSquares }) => ({
      judged: judge(
        outputs,
        last?.calibration.tiles.find(({ tile }) => tile === targets.block.tile),
      ),
      inputSquares,
      largest: largestWanted(targets.cells!),
    }));
    const errors = errorsOf(judged);
    await context.driver.standby();
    const notedAt = context.wallTime();
    const text = noteText(calibration, errors, scaledBy);
    await store.appendNote(run, { notedAt, what: "calibrated", text, calibration });
    if (file !== undefined) {
      const { chipName: chip, chipSerialNumber: serialNumber } = plan;
      const factors = calibrationText({ run, chip, serialNumber, takenAt: notedAt, calibration, plan });
      await writeWhole(file, factors, advice);
    }
    const { why } = measured;
    return { calibrated: { run, calibration, scaledBy, why, before: last?.notedAt, errors, file }, judged };
  });
}

function vectorsOf(given = usualVectors): number {
  if (Number.isInteger(given) && given >= fewestVectors) return given;
  throw new MhoError(
    "bad-argument",
    `--vectors ${given}: give a whole number from ${fewestVectors}. A quarter of the products is held out to judge the others.`,
  );
}

const fewestVectors = 8;

async function refuseUnfit(store: RunStore, run: RunId, { tiles }: RunPlan): Promise<void> {
  if (tiles.some(({ cells }) => cells === undefined)) {
    throw new MhoError(
      "bad-argument",
      `Run ${run} was programmed from conductances, not from weights, so no product of it is known. ` +
        "A calibration works only on a run made from a strategy.",
      { run },
    );
  }
  const { outcome } = await store.summary(run);
  if (outcome !== "done") {
    throw new MhoError(
      "bad-argument",
      `Run ${run} is not finished (${outcome}). mho resume ${run} comes first.`,
      { run },
    );
  }
  const [anew] = await programmedAnew(store, [run]);
  if (anew === undefined) return;
  throw new MhoError(
    "bad-argument",
    `Tile ${anew.tile} of ${run} was programmed anew by ${anew.by}. Calibrate that run: mho calibrate ${anew.by}.`,
    { run, by: anew.by },
  );
}

/** The newest calibration of a run, or of those that it corrects. */
export async function lastCalibration(
  store: RunStore,
  chain: readonly RunId[],
): Promise<{ readonly notedAt: string; readonly calibration: Calibration } | undefined> {
  for (const run of chain.toReversed()) {
    for (const { notedAt, calibration } of (await store.notes(run)).toReversed())
      if (calibration !== undefined) return { notedAt, calibration };
  }
  return undefined;
}

/** Chip time of each tile's last pulse; of a tile that was left as it was, that of the last of all. */
async function lastPulses(
  store: RunStore,
  chain: readonly RunId[],
  run: RunId,
): Promise<(tile: number) => Microseconds> {
  const times = new Map<number, Microseconds>();
  for (const id of chain) {
    for (const memory of await recall(store, id)) {
      const at = lastPulse(memory);
      const { tile } = memory.block;
      if (!Number.isNaN(at)) times.set(tile, Math.max(at, times.get(tile) ?? -Infinity));
    }
  }
  const newest = Math.max(...times.values());
  if (times.size > 0) return (tile) => times.get(tile) ?? newest;
  throw new MhoError(
    "bad-argument",
    `Run ${run} has pulsed no device, so its devices have no age. Program it first.`,
    {
      run,
    },
  );
}

interface Measured {
  readonly by: Calibration["by"];
  readonly count: number;
  readonly why: string | undefined;
  readonly tiles: readonly {
    readonly targets: TileTargets;
    /** Chip time. */
    readonly at: Microseconds;
    readonly outputs: ReturnType<typeof outputsOfProducts>;
    /** Σ x² of an input, x = 1 for a row that is driven fully. */
    readonly inputSquares: number;
  }[];
}

async function measureAll(
  context: RunContext,
  identity: ChipIdentity,
  run: RunId,
  plan: RunPlan,
  most: number,
): Promise<Measured> {
  const { driver, stop } = context;
  const goOn = (): Promise<void> => (stop.requested ? Promise.reject(stopped(run)) : Promise.resolve());
  const byTile = plan.tiles.map(({ block }) =>
    referenceVectors(driver.description.geometry.rows, block, most),
  );
  const why = whyNoProducts(context, identity, byTile);
  const tiles: Measured["tiles"][number][] = [];
  for (const [k, targets] of plan.tiles.entries()) {
    await goOn();
    const { block, cells } = targets;
    const at = await driver.chipTime();
    if (why === undefined) {
      const products = await driver.multiply(block.tile, byTile[k]!.inputs);
      const outputs = outputsOfProducts(cells!, block, byTile[k]!, products);
      tiles.push({ targets, at, outputs, inputSquares: block.rowCount });
    } else {
      const { conductanceMicrosiemens } = await readInSteps(driver, block, sweepAverages, undefined, goOn);
      tiles.push({
        targets,
        at,
        outputs: outputsOfReads(cells!, block, conductanceMicrosiemens),
        inputSquares: 1,
      });
    }
  }
  return why === undefined
    ? { by: "products", count: Math.max(...byTile.map((found) => found!.inputs.length)), why, tiles }
    : { by: "reads", count: sweepAverages, why, tiles };
}

function whyNoProducts(
  { driver: { description } }: RunContext,
  { capabilities }: ChipIdentity,
  byTile: readonly (ReferenceVectors | undefined)[],
): string | undefined {
  const { name, multiply } = description;
  if (!capabilities.multiply) return `${name} cannot measure products`;
  if (multiply === undefined) return `the description of ${name} does not say how products are measured`;
  return byTile.includes(undefined) ? "a tile has too few rows for products" : undefined;
}

function stopped(run: RunId): MhoError {
  return new MhoError(
    "interrupted",
    `The calibration of ${run} was stopped, and nothing of it was kept. mho calibrate ${run} begins anew.`,
    { run },
  );
}

/** How far a tile's outputs were from what was meant, each way. */
export interface JudgedTile {
  readonly judged: Judged;
  /** As of what was measured. */
  readonly inputSquares: number;
  /** The largest conductance that a weight of it wants, µS. */
  readonly largest: number;
}

export function errorsOf(tiles: readonly JudgedTile[]): Calibrated["errors"] {
  const of = (way: keyof Judged): CalibrationError => {
    let [weights, outputs, products, meant] = [0, 0, 0, 0];
    for (const { judged, inputSquares, largest } of tiles) {
      const errors: OutputErrors = judged[way];
      weights += errors.weightSquares / (inputSquares * largest * largest);
      outputs += errors.outputs;
      products += errors.productSquares / (largest * largest);
      meant += errors.meantSquares / (largest * largest);
    }
    return {
      weightPercent: 100 * Math.sqrt(weights / Math.max(1, outputs)),
      productPercent: 100 * Math.sqrt(products / (meant > 0 ? meant : 1)),
    };
  };
  return {
    before: of("before"),
    tile: of("tile"),
    column: of("column"),
    columnWithOffset: of("columnWithOffset"),
  };
}

function noteText(
  { by, count, tiles }: Calibration,
  errors: Calibrated["errors"],
  scaledBy: Calibrated["scaledBy"],
): string {
  const oldest: Seconds = Math.max(...tiles.map(({ ageSeconds }) => ageSeconds));
  const percent = ({ weightPercent }: CalibrationError): string => `${weightPercent.toFixed(2)} %`;
  const how =
    by === "products" ? `${count} products of each tile` : `reads of every device, ${count} averaged`;
  return (
    `By ${how}, at an age of ${formatDuration(oldest)}: a weight error of ${percent(errors.before)} before, ` +
    `${percent(errors[scaledBy])} with a factor a ${scaledBy}.`
  );
}
