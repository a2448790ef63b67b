import { readingFlags } from "../src/chip/driver.ts";
import type { DriftData, DriftSweep } from "../calibration/driftData.ts";
import { fittedModel } from "../calibration/fittedModel.ts";
import { joinedReads } from "../calibration/joinedReads.ts";
import type { Gathered } from "../calibration/gather.ts";
import { Thinning } from "../calibration/thinning.ts";
import { refit } from "../calibration/refit.ts";
import { believedTiles, planVisit } from "../calibration/visit.ts";
import { findPreset, type Preset } from "../emulator/presets.ts";
import type { PacketFirmware } from "../emulator/packetFirmware.ts";
import { builtInTechnologies } from "../src/chip/technologies.ts";
import type { ModelDefinition, PowerLawDefinition } from "../src/model/definition.ts";
import { builtInDefinition, modelOf } from "../src/model/modelOf.ts";
import { largestWanted } from "../src/program/cells.ts";
import { cellErrors } from "../src/results/cellErrors.ts";
import { verdicts } from "../src/program/method.ts";
import type { TileMemory } from "../src/run/journal.ts";
import type { TileTargets } from "../src/run/plan.ts";
import { characterise, readingChip, readOut } from "./characterised.ts";
import { gaussianTile, sixTimes } from "./gaussianTile.ts";
import { programChip, readTile } from "./programmed.ts";
import { logTimes, watchTile } from "./watched.ts";

export const published = builtInDefinition("pcm-90nm") as PowerLawDefinition;

/** A chip that holds weights. */
export interface Holding {
  readonly preset: Preset;
  readonly seed: number;
  readonly firmware: PacketFirmware;
  readonly tile: TileTargets;
  memory: TileMemory;
  endedAt: number;
  /** All that was read of it; as in the controller, a read counts for a device until it is pulsed again. */
  readonly seen: DriftSweep[];
  /** When visits pulsed each device last, where steps add up. */
  readonly steps: Float64Array[];
}

export async function hold(
  preset: Preset,
  seed: number,
  definition: ModelDefinition,
  method: string,
  tile: TileTargets,
): Promise<Holding> {
  const model = modelOf(definition);
  const chip = await programChip({ preset, seed, method, model, definition, tiles: [tile] });
  return {
    preset,
    seed,
    firmware: chip.firmware,
    tile,
    memory: chip.memories[0]!,
    endedAt: chip.endedAt,
    seen: [],
    steps: [],
  };
}

/** TNMSE, its mean over the times: by noise-free truth, by means of 16 reads and by one read. `waited`: how long the chip sat before. */
export function measure({ firmware, tile, endedAt }: Holding, waited = 0) {
  const largest = largestWanted(tile.cells!);
  const start = endedAt + (waited + 20) * 1e6;
  const sums = { truth: 0, sixteen: 0, one: 0 };
  for (const time of sixTimes) {
    const at = start + time * 1e6;
    const looks = {
      truth: firmware.chip.truthOfTile(0, at),
      sixteen: readTile(firmware, 0, at, 16),
      // The sixteen take a second.
      one: readTile(firmware, 0, at + 1e6, 1),
    };
    for (const look of ["truth", "sixteen", "one"] as const) {
      const { rmsMicrosiemens } = cellErrors(tile.cells!, looks[look]);
      sums[look] += (100 * rmsMicrosiemens * rmsMicrosiemens) / (largest * largest) / sixTimes.length;
    }
  }
  return sums;
}

/** Watches for a while, fits, and programs anew what will go wrong. Moves the chip's time on. */
export async function visit(
  held: Holding,
  before: ModelDefinition,
  watchSeconds: number,
  sweeps: number,
  timesSeconds: readonly number[] = sixTimes,
): Promise<{ devices: number; expectedBefore: number; expectedAfter: number }> {
  const { firmware, tile, memory } = held;
  const watched: DriftData = watchTile(
    firmware,
    memory,
    tile.targetsMicrosiemens,
    held.endedAt,
    logTimes(1, watchSeconds, sweeps),
  );
  held.seen.push(...watched.sweeps);
  const { stepsAddUp = false } = builtInTechnologies.find(
    ({ name }) => name === held.preset.physics.technology,
  )!;
  const kept = held.seen.map((sweep) => sinceLastPulse(sweep, memory, watched.devicesPerRow));
  const data = {
    ...watched,
    ...(stepsAddUp && {
      targetsMicrosiemens: new Float32Array(tile.targetsMicrosiemens.length).fill(Number.NaN),
    }),
    sweeps: joinedReads(kept, watched.devicesPerRow, held.steps),
  };
  const gathered: Gathered = {
    parts: [
      {
        run: "",
        chipSerialNumber: "",
        block: tile.block,
        devicesPerRow: watched.devicesPerRow,
        memory,
        data,
      },
    ],
    thinning: new Thinning(memory.verdicts.length),
    devices: memory.verdicts.length,
    leftOut: 0,
    converters: [],
    sweeps,
    from: undefined,
    to: undefined,
  };
  const visitSeconds = 60;
  const { tiles, ...plan } = planVisit(
    believedTiles({
      gathered,
      tiles: [tile],
      chip: readingChip,
      stepsAddUp,
      model: before,
      at: held.endedAt + (watchSeconds + visitSeconds + 20) * 1e6,
      timesSeconds,
      timeWeights: new Float64Array(timesSeconds.length).fill(1 / timesSeconds.length),
      reads: 1,
    }),
  );
  const { targetsMicrosiemens } = tiles[0]!.plan;
  const chip = await programChip({
    preset: held.preset,
    seed: held.seed,
    method: "verify",
    model: modelOf(before),
    definition: before,
    tiles: [{ block: tile.block, targetsMicrosiemens }],
    chip: firmware,
    waitSeconds: watchSeconds + 1,
  });
  const again = chip.memories[0]!;
  const pulsedAt = memory.pulsedAtMicroseconds;
  for (let i = 0; i < pulsedAt.length; i++) {
    if (Number.isNaN(again.pulsedAtMicroseconds[i]!)) continue;
    if (!stepsAddUp || Number.isNaN(pulsedAt[i]!)) pulsedAt[i] = again.pulsedAtMicroseconds[i]!;
    memory.verdicts[i] = again.verdicts[i]!;
    tile.targetsMicrosiemens[i] = targetsMicrosiemens[i]!;
  }
  if (stepsAddUp) held.steps.push(again.pulsedAtMicroseconds);
  held.endedAt = chip.endedAt;
  return plan;
}

function sinceLastPulse(
  sweep: DriftSweep,
  { pulsedAtMicroseconds, verdicts: given }: TileMemory,
  devicesPerRow: number,
): DriftSweep {
  const flags = sweep.flags.slice();
  const conductanceMicrosiemens = sweep.conductanceMicrosiemens.slice();
  for (let i = 0; i < flags.length; i++) {
    const pulsedAt = pulsedAtMicroseconds[i]!;
    if (sweep.rowTimesMicroseconds[Math.floor(i / devicesPerRow)]! > pulsedAt) continue;
    if (Number.isNaN(pulsedAt) && given[i] !== verdicts.leftAlone) continue;
    flags[i] = readingFlags.invalid;
    conductanceMicrosiemens[i] = Number.NaN;
  }
  return { ...sweep, flags, conductanceMicrosiemens };
}

/** Time-averaged errors of one seed, the baseline first: by noise-free truth, by means of 16 reads and by one. */
export type LoopResult = Readonly<
  Record<string, { readonly truth: number; readonly sixteen: number; readonly one: number }>
>;

export const agesADecade = 24;

/**
 * Two visits within a day, each after so many sweeps at 24 ages a decade. The first one is planned for the late times alone: what it leaves
 * of level errors, the second one corrects; how fast a weight drifts, it hardly can.
 */
const visits: readonly VisitPlan[] = [
  { watchSeconds: 7200, sweeps: 94, timesSeconds: sixTimes.slice(-2) },
  { watchSeconds: 72_000, sweeps: 118 },
];

/** The same, and a third after two days more: only the last one is planned for all times. */
const threeVisits: readonly VisitPlan[] = [
  ...visits.map((plan) => ({ ...plan, timesSeconds: sixTimes.slice(-2) })),
  { watchSeconds: 172_800, sweeps: 126 },
];

/** The loop on a chip whose drift nobody published: the strategy of the wrong model, of the refitted one, and corrected. */
export async function strangerLoop(seed: number): Promise<LoopResult> {
  const found = refit((await characterise("stranger", seed)).data, readOut, published);
  const fitted = fittedModel(found, published, "stranger");
  const preset = findPreset("pcm-64", { births: "stranger" })!;
  const wrong = (scalePer: "layer" | "column" = "layer"): Promise<Holding> =>
    hold(preset, seed, published, "verify", gaussianTile(modelOf(published), seed, "auto", scalePer));
  const refitted = (method: string): Promise<Holding> =>
    hold(preset, seed, fitted, method, gaussianTile(modelOf(fitted), seed, "auto", "column"));
  return {
    "wrong model, one scale, verify": measure(await wrong()),
    "the same, after a day": measure(await wrong(), 86_400),
    "wrong model, a scale a column, verify": measure(await wrong("column")),
    "refitted, verify": measure(await refitted("verify")),
    "refitted, residual": measure(await refitted("residual")),
    "refitted, residual, two visits": await visited(await refitted("residual"), fitted, visits),
    "refitted, residual, three visits": await visited(await refitted("residual"), fitted, threeVisits),
  };
}

/** What two visits leave of a chip that is as published, by the times that the first is planned for and by how closely the chip is watched. */
export async function visitedAs(
  seed: number,
  timesSeconds: readonly number[],
  perDecade: number,
): Promise<LoopResult[string]> {
  const preset = findPreset("pcm-64", { births: "sound" })!;
  const tile = gaussianTile(modelOf(published), seed, "auto", "column");
  const held = await hold(preset, seed, published, "residual", tile);
  const [first, second] = visits.map((plan) => ({
    ...plan,
    sweeps: Math.round((plan.sweeps * perDecade) / agesADecade),
  }));
  await visitsOf(held, published, [{ ...first!, timesSeconds }, second!]);
  return measure(held);
}

async function visited(
  held: Holding,
  definition: PowerLawDefinition,
  all: readonly VisitPlan[],
): Promise<LoopResult[string]> {
  await visitsOf(held, definition, all);
  return measure(held);
}

export interface VisitPlan {
  readonly watchSeconds: number;
  readonly sweeps: number;
  /** When errors count that the visit plans for; those that are judged where not given. */
  readonly timesSeconds?: readonly number[];
}

/** Watches and corrects, again and again. */
export async function visitsOf(
  held: Holding,
  definition: ModelDefinition,
  all: readonly VisitPlan[],
  timesJudged: readonly number[] = sixTimes,
): Promise<void> {
  for (const { watchSeconds, sweeps, timesSeconds = timesJudged } of all) {
    await visit(held, definition, watchSeconds, sweeps, timesSeconds);
  }
}

/** Weights as aihwkit lays them by default: the lesser pair first, both of equal significance. */
function lesserFirst(tile: TileTargets): TileTargets {
  const cells = tile.cells!;
  const largest = cells.wantedMicrosiemens.reduce((most, w) => Math.max(most, Math.abs(w)), 0);
  const wantedMicrosiemens = cells.wantedMicrosiemens.map((w) => (50 * w) / largest);
  const targetsMicrosiemens = new Float32Array(4 * wantedMicrosiemens.length);
  wantedMicrosiemens.forEach((w, cell) => {
    const size = Math.abs(w);
    const minus = w < 0 ? 1 : 0;
    targetsMicrosiemens[4 * cell + minus] = Math.max(0, size - 25);
    targetsMicrosiemens[4 * cell + 2 + minus] = Math.min(25, size);
  });
  return {
    ...tile,
    targetsMicrosiemens,
    cells: { devicesPerCell: 4, factors: [1, -1, 1, -1], wantedMicrosiemens },
  };
}

/** A chip that is as published: what correcting wins over the usual way. */
export async function knownLoop(seed: number): Promise<LoopResult> {
  const preset = findPreset("pcm-64", { births: "sound" })!;
  const tile = (): TileTargets => gaussianTile(modelOf(published), seed, "auto", "column");
  const usual = (): Promise<Holding> =>
    hold(preset, seed, published, "verify", lesserFirst(gaussianTile(modelOf(published), seed, 1)));
  const residual = (): Promise<Holding> => hold(preset, seed, published, "residual", tile());
  return {
    "LSP first, F = 1, verify": measure(await usual()),
    "LSP first, F = 1, verify, after a day": measure(await usual(), 86_400),
    "optimised, verify": measure(await hold(preset, seed, published, "verify", tile())),
    "optimised, residual": measure(await residual()),
    "optimised, residual, two visits": await visited(await residual(), published, visits),
  };
}
