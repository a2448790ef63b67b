import { noCode, readingFlags } from "../src/chip/driver.ts";
import type { Block } from "../src/chip/geometry.ts";
import type { ChipDescription } from "../src/chip/description.ts";
import { assert, MhoError } from "../src/errors.ts";
import { obeys, type ProgrammingMethod, verdicts } from "../src/program/method.ts";
import { builtInMethods, methodFor } from "../src/program/methods.ts";
import {
  lastPulse,
  type SweepRecord,
  type TileMemory,
  tileOfEntry,
  type TileWear,
} from "../src/run/journal.ts";
import { type PartOfRun, recallPart } from "../src/run/recall.ts";
import type { RunPlan, TileTargets } from "../src/run/plan.ts";
import type { RunId, RunStore } from "../src/run/store.ts";
import { wearOf } from "../src/run/wear.ts";
import { microsecondsPerSecond } from "../src/units.ts";
import { type ConverterFit, fitConverter } from "./converterFit.ts";
import type { DriftData, DriftSweep } from "./driftData.ts";
import { joinedReads } from "./joinedReads.ts";
import { SpreadOut } from "./spreadOut.ts";
import { Thinning } from "./thinning.ts";

/** What a store knows of how the devices of some runs went on after they were programmed. */
export interface Gathered {
  readonly parts: readonly GatheredPart[];
  /** Of tiles whose known resistors were read. */
  readonly converters: readonly TileConverter[];
  /** Which of the blocks' devices the parts hold. */
  readonly thinning: Thinning;
  /** Devices of the blocks, kept or not. */
  readonly devices: number;
  /** Sweeps in all, and the wall times of the first and the last; undefined where they were not written down. */
  readonly sweeps: number;
  /** Sweeps that were too many for a tile: others close to them in age stand for them. */
  readonly leftOut: number;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** One block of one run: those of its devices that were kept. */
export interface GatheredPart {
  readonly run: RunId;
  readonly chipSerialNumber: string;
  readonly block: Block;
  /** Of the block, all devices counted. */
  readonly devicesPerRow: number;
  readonly memory: TileMemory;
  readonly data: DriftData;
}

export interface GatherOptions {
  /**
   * Whether runs that correct each other are taken as one, under the name of the first: each device is then as the last of them
   * left it. Of devices whose steps add up (`Technology.stepsAddUp`) the age counts from the first run, and reads before a correction
   * count too.
   */
  readonly asOne?: boolean;
  /** Whether devices count that obeyed and ended outside their margin: without them equal devices seem to differ by less than they do. */
  readonly outsideToo?: boolean;
  /** These tiles alone; all of them where nothing is said. */
  readonly tiles?: ReadonlySet<number>;
  /** Of more devices than this, some of each row stand for all; all of them where nothing is said. */
  readonly mostDevices?: number;
  /** Plans as a caller has them already who gathers several times; the store's where not given. */
  readonly plan?: ((run: RunId) => Promise<RunPlan>) | undefined;
  /** All that the runs may have been programmed by. */
  readonly methods?: readonly ProgrammingMethod[];
}

export interface TileConverter {
  readonly chipSerialNumber: string;
  readonly tile: number;
  readonly fit: ConverterFit;
}

/**
 * Collects the devices of runs with every sweep of them, whichever of the runs it was taken for. A read counts for a device
 * when it came after the run's last pulse at it, and before any later run pulsed it again. µS are derived anew from the codes
 * where known resistors say that a tile's converter is not as described; those that a board reckoned itself stand as they are.
 *
 * @throws `bad-argument` when there is nothing to fit: no sweep, or a method that is not known.
 */
export async function gather(
  store: RunStore,
  runs: readonly RunId[],
  description: ChipDescription,
  {
    asOne = false,
    outsideToo = false,
    tiles: wanted,
    mostDevices,
    plan = (run) => store.plan(run),
    methods = builtInMethods,
  }: GatherOptions = {},
): Promise<Gathered> {
  // A number is a chip's own only among the chips of its name.
  const { chipName: name } = await plan(runs[0]!);
  const has = (tile: number): boolean => wanted?.has(tile) ?? true;
  const devices = await devicesOf(plan, runs, has);
  const thinning = new Thinning(devices, mostDevices);
  const serialOf = new Map<RunId, string>();
  const sweeps = new Map<string, TileSweep[]>();
  let [count, leftOut] = [0, 0];
  let [from, to]: (string | undefined)[] = [];
  for (const run of runs) {
    const { tiles, chipSerialNumber } = await plan(run);
    serialOf.set(run, chipSerialNumber);
    const shapes = new Map(
      tiles.map(({ block, targetsMicrosiemens }) => [
        block.tile,
        { rowStart: block.rowStart, perRow: targetsMicrosiemens.length / block.rowCount },
      ]),
    );
    const spread = new Map<number, SpreadOut<TileSweep>>();
    for await (const whole of store.sweeps(run, 0, wanted)) {
      const { tile, timeSeconds, takenAt } = whole;
      const ofTile = spread.get(tile) ?? new SpreadOut();
      const { rowStart, perRow } = tileOfEntry(shapes, tile, run);
      ofTile.add({ record: thinning.sweep(whole, rowStart, perRow), rowStart }, timeSeconds);
      spread.set(tile, ofTile);
      count++;
      if (takenAt === "") continue;
      if (from === undefined || takenAt < from) from = takenAt;
      if (to === undefined || takenAt > to) to = takenAt;
    }
    for (const [tile, ofTile] of spread) {
      const place = placeOf(chipSerialNumber, tile);
      sweeps.set(place, [...(sweeps.get(place) ?? []), ...ofTile.items]);
      leftOut += ofTile.leftOut;
    }
  }
  if (count === 0) {
    const which = runs.length === 1 ? `Run ${runs[0]} was` : `Runs ${runs.join(", ")} were`;
    throw new MhoError("bad-argument", `${which} never read. mho watch ${runs.join(" ")} does that.`);
  }
  const converters: TileConverter[] = [];
  const readings = new Map<string, Reading[]>();
  for (const [place, ofTile] of sweeps) {
    ofTile.sort((a, b) => a.record.rowTimesMicroseconds[0]! - b.record.rowTimesMicroseconds[0]!);
    const fit = converterOf(ofTile, description);
    const [chipSerialNumber = "", tile] = place.split("\n");
    if (fit !== undefined) converters.push({ chipSerialNumber, tile: Number(tile), fit });
    readings.set(
      place,
      ofTile.map((sweep) => readingOf(sweep, fit?.differs === true ? fit : undefined)),
    );
  }
  const parts: GatheredPart[] = [];
  const stepsAddUp = description.pulses.technology.stepsAddUp === true;
  for (const [chipSerialNumber, ofChip] of byChip(runs, serialOf)) {
    const later = new Map<string, Float64Array>();
    const asLeft = new Map<string, TileMemory>();
    const steps = new Map<string, Float64Array[]>();
    const wantedLeft = new Set(ofChip);
    // From the newest run back, so that what came later is known.
    for (const id of (await store.runsOfChip({ name, serialNumber: chipSerialNumber })).toReversed()) {
      if (wantedLeft.size === 0) break;
      if (!wantedLeft.delete(id)) {
        for (const all of await wearOf(store, id)) {
          if (!has(all.block.tile)) continue;
          const wear = thinning.wear(all);
          const place = placeOf(chipSerialNumber, wear.block.tile);
          later.set(place, pulsedFrom(wear, description.geometry.rows, later.get(place)));
        }
        continue;
      }
      const { tiles, method, imported } = await plan(id);
      const targetsBy = new Map(tiles.map((targets) => [targets.block.tile, targets]));
      for (const found of await recallPart(
        { plan, turns: store.turns.bind(store) },
        id,
        partOf(thinning, has, wanted),
      )) {
        const targets = targetsBy.get(found.block.tile)!;
        const place = placeOf(chipSerialNumber, found.block.tile);
        const supersededAt = later.get(place);
        const memory = asOne ? underneath(asLeft.get(place), found, stepsAddUp) : found;
        const ofPlace = steps.get(place) ?? [];
        if (asOne) asLeft.set(place, memory);
        if (!asOne || id === ofChip[0]) {
          const aimed = asOne
            ? undefined
            : {
                method: methodFor(methods, method, description),
                targetsMicrosiemens: targetsOf(targets, thinning),
              };
          const own = dataOf(memory, readings.get(place) ?? [], supersededAt, aimed, outsideToo);
          const data = { ...own, sweeps: joinedReads(own.sweeps, own.devicesPerRow, ofPlace) };
          const written = imported === undefined ? {} : { writtenMicrosiemens: memory.lastReadMicrosiemens };
          parts.unshift({
            run: id,
            chipSerialNumber,
            block: memory.block,
            devicesPerRow: targets.targetsMicrosiemens.length / memory.block.rowCount,
            memory,
            data: { ...data, ...written },
          });
        }
        if (asOne && stepsAddUp) steps.set(place, [pulsedAtBy(found), ...ofPlace]);
        if (!asOne) later.set(place, pulsedFrom(memory, description.geometry.rows, supersededAt));
      }
    }
  }
  return { parts, converters, thinning, devices, sweeps: count, leftOut, from, to };
}

async function devicesOf(
  plan: (run: RunId) => Promise<RunPlan>,
  runs: readonly RunId[],
  has: (tile: number) => boolean,
): Promise<number> {
  let devices = 0;
  for (const run of runs) {
    for (const { block, targetsMicrosiemens } of (await plan(run)).tiles)
      if (has(block.tile)) devices += targetsMicrosiemens.length;
  }
  return devices;
}

function partOf(
  thinning: Thinning,
  has: (tile: number) => boolean,
  tiles: ReadonlySet<number> | undefined,
): PartOfRun {
  return {
    has,
    tiles,
    perRow: (devicesPerRow) => thinning.perRow(devicesPerRow),
    turn: (record, rowStart, devicesPerRow) => thinning.turn(record, rowStart, devicesPerRow),
  };
}

function targetsOf({ block, targetsMicrosiemens }: TileTargets, thinning: Thinning): Float32Array {
  return thinning.devices(targetsMicrosiemens, block.rowStart, targetsMicrosiemens.length / block.rowCount);
}

function byChip(runs: readonly RunId[], serialOf: ReadonlyMap<RunId, string>): Map<string, readonly RunId[]> {
  const chips = new Map<string, RunId[]>();
  for (const run of runs) chips.set(serialOf.get(run)!, [...(chips.get(serialOf.get(run)!) ?? []), run]);
  return chips;
}

function placeOf(chipSerialNumber: string, tile: number): string {
  return `${chipSerialNumber}\n${tile}`;
}

interface TileSweep {
  readonly record: SweepRecord;
  /** A sweep holds the rows of the block that it was taken of. */
  readonly rowStart: number;
}

interface Reading extends DriftSweep {
  readonly rowStart: number;
}

function converterOf(
  sweeps: readonly TileSweep[],
  { referencesMicrosiemens, converter }: ChipDescription,
): ConverterFit | undefined {
  const looks = sweeps.flatMap(({ record: { codes, referenceCodes } }) => (codes && referenceCodes) ?? []);
  if (referencesMicrosiemens === undefined || looks.length === 0) return undefined;
  return fitConverter(referencesMicrosiemens, looks, converter);
}

function readingOf({ record, rowStart }: TileSweep, converter: ConverterFit | undefined): Reading {
  const { codes, flags, rowTimesMicroseconds, averages, environment, bakeCelsius, conductanceMicrosiemens } =
    record;
  const anew = (code: number): number =>
    code === noCode ? Number.NaN : converter!.microsiemensOfCode[code]!;
  const asKept = converter === undefined || codes === undefined;
  return {
    conductanceMicrosiemens: asKept ? conductanceMicrosiemens : Float32Array.from(codes, anew),
    flags,
    rowTimesMicroseconds,
    averages,
    celsius: environment?.celsius,
    ...(bakeCelsius !== undefined && { bakeCelsius }),
    rowStart,
  };
}

/** The sweeps of a tile as the devices of a block see them. */
function dataOf(
  memory: TileMemory,
  readings: readonly Reading[],
  supersededAt: Float64Array | undefined,
  aimed: { method: ProgrammingMethod; targetsMicrosiemens: Float32Array } | undefined,
  outsideToo: boolean,
): DriftData {
  const { block, devicesPerRow, pulsedAtMicroseconds } = memory;
  const count = pulsedAtMicroseconds.length;
  const first = block.rowStart * devicesPerRow;
  const pulsedAt = lastPulse(memory);
  const seen = new SpreadOut<DriftSweep>();
  for (const { rowStart, ...reading } of readings) {
    const ofRows = reading.rowTimesMicroseconds.length;
    const conductanceMicrosiemens = new Float32Array(count).fill(Number.NaN);
    const flags = new Uint8Array(count).fill(readingFlags.invalid);
    const rowTimesMicroseconds = new Float64Array(block.rowCount).fill(Number.NaN);
    let some = false;
    for (let row = 0; row < block.rowCount; row++) {
      const there = block.rowStart + row - rowStart;
      if (there < 0 || there >= ofRows) continue;
      const at = reading.rowTimesMicroseconds[there]!;
      rowTimesMicroseconds[row] = at;
      for (let d = 0; d < devicesPerRow; d++) {
        const i = row * devicesPerRow + d;
        // A device that was in place from the start has no pulse, and no age; where it is, its reads say all the same.
        const inPlace = Number.isNaN(pulsedAtMicroseconds[i]!) && memory.verdicts[i] !== verdicts.leftAlone;
        if (!(at > pulsedAtMicroseconds[i]! || inPlace) || at >= (supersededAt?.[first + i] ?? Infinity))
          continue;
        conductanceMicrosiemens[i] = reading.conductanceMicrosiemens[there * devicesPerRow + d]!;
        flags[i] = reading.flags[there * devicesPerRow + d]!;
        some = true;
      }
    }
    if (!some) continue;
    const readAt = rowTimesMicroseconds.find((at) => !Number.isNaN(at))!;
    const ageSeconds = (readAt - pulsedAt) / microsecondsPerSecond;
    seen.add({ ...reading, conductanceMicrosiemens, flags, rowTimesMicroseconds }, ageSeconds);
  }
  return {
    devicesPerRow,
    targetsMicrosiemens:
      aimed?.method.keepsTargets === true
        ? aimed.targetsMicrosiemens
        : new Float32Array(count).fill(Number.NaN),
    picked: aimed?.method.looksBack ?? true,
    usable: Uint8Array.from(memory.verdicts, (verdict) =>
      (outsideToo ? obeys(verdict) : verdict === verdicts.accepted || verdict === verdicts.unverified)
        ? 1
        : 0,
    ),
    pulsedAtMicroseconds,
    sweeps: seen.items,
  };
}

/** When a run pulsed each device last; NaN for those that it left alone. A copy: memories are laid over one another. */
function pulsedAtBy({ pulsedAtMicroseconds, verdicts: given }: TileMemory): Float64Array {
  return pulsedAtMicroseconds.map((at, i) => (given[i] === verdicts.leftAlone ? Number.NaN : at));
}

/**
 * What an earlier run left of a block, under what later runs changed; blocks that differ are not corrections.
 *
 * @param stepsAddUp  whether devices go on ageing from the earlier run's pulses.
 */
function underneath(later: TileMemory | undefined, earlier: TileMemory, stepsAddUp: boolean): TileMemory {
  if (later === undefined) return earlier;
  const { pulsedAtMicroseconds, verdicts: given, lastReadMicrosiemens } = later;
  assert(given.length === earlier.verdicts.length, "a run that corrects another has its blocks");
  for (let i = 0; i < given.length; i++) {
    const before = earlier.pulsedAtMicroseconds[i]!;
    if (stepsAddUp && !Number.isNaN(before)) pulsedAtMicroseconds[i] = before;
    if (given[i] !== verdicts.leftAlone) continue;
    pulsedAtMicroseconds[i] = before;
    given[i] = earlier.verdicts[i]!;
    lastReadMicrosiemens[i] = earlier.lastReadMicrosiemens[i]!;
  }
  return later;
}

/** When each device of a tile is first known to be pulsed by this run or one that came after it. */
function pulsedFrom(
  { block, devicesPerRow, pulsedAtMicroseconds }: TileWear,
  rows: number,
  later: Float64Array | undefined,
): Float64Array {
  const from = later ?? new Float64Array(rows * devicesPerRow).fill(Infinity);
  const first = block.rowStart * devicesPerRow;
  pulsedAtMicroseconds.forEach((at, i) => {
    if (at < from[first + i]!) from[first + i] = at;
  });
  return from;
}
