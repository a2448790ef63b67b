import type { ChipDriver, ChipIdentity, Reading } from "../chip/driver.ts";
import { type Block, devicesOfBlock } from "../chip/geometry.ts";
import { assert } from "../errors.ts";
import { type Log, noLog } from "../log.ts";
import { type Microseconds, microsecondsPerSecond, type Seconds } from "../units.ts";
import { converterAt } from "../chip/conversion.ts";
import type { LookToRead } from "../program/method.ts";
import { readInSteps, type RowsRead } from "./longRead.ts";
import type { SweepRecord } from "./journal.ts";
import type { RunId, RunStore } from "./store.ts";

/** Reads a block, with all that a later reader of the numbers could ask for, and keeps it. */
export async function takeSweep(
  context: SweepContext,
  identity: ChipIdentity,
  run: RunId,
  block: Block,
  timeSeconds: Seconds,
  averages: number,
  beforeStep: (rows: RowsRead) => Promise<unknown>,
): Promise<SweepRecord> {
  const sweep = await readSweep(context, identity, block, timeSeconds, averages, beforeStep);
  await keepSweep(context, run, sweep);
  return sweep;
}

export interface SweepContext {
  readonly driver: ChipDriver;
  readonly store: RunStore;
  readonly wallTime: () => string;
  readonly log?: Log | undefined;
}

export async function readSweep(
  { driver, wallTime }: SweepContext,
  { geometry, capabilities, boot }: ChipIdentity,
  block: Block,
  timeSeconds: Seconds,
  averages: number,
  beforeStep: (rows: RowsRead) => Promise<unknown>,
): Promise<SweepRecord> {
  const environment = capabilities.environment ? await driver.environment() : undefined;
  const referenced = capabilities.references && driver.description.referencesMicrosiemens !== undefined;
  const referenceCodes = referenced ? await driver.references(block.tile, averages) : undefined;
  const takenAt = wallTime();
  const reading = await readInSteps(driver, block, averages, undefined, beforeStep);
  const devices = devicesOfBlock(geometry, block);
  assert(reading.conductanceMicrosiemens.length === devices, "a reading has one conductance a device");
  assert((reading.codes?.length ?? devices) === devices, "a reading by converters has one code a device");
  return {
    ...reading,
    tile: block.tile,
    timeSeconds,
    averages,
    ...(reading.codes && { converter: driver.description.converter }),
    takenAt,
    boot,
    ...(environment && { environment }),
    ...(referenceCodes && { referenceCodes }),
  };
}

/** A reading that a method asked for, as a sweep: without the board's sensors and references, which would stretch a series. */
export function sweepOfLook(
  { driver, wallTime }: Pick<SweepContext, "driver" | "wallTime">,
  { boot }: Pick<ChipIdentity, "boot">,
  { tile }: Pick<Block, "tile">,
  reading: Reading,
  { sweepSeconds: timeSeconds = 0, averages, readVolts }: LookToRead,
): SweepRecord {
  const converter = converterAt(driver.description.converter, readVolts);
  const takenAt = wallTime();
  return { ...reading, tile, timeSeconds, averages, ...(reading.codes && { converter }), takenAt, boot };
}

export async function keepSweep(
  { store, log = noLog }: SweepContext,
  run: RunId,
  sweep: SweepRecord,
): Promise<void> {
  await store.appendSweep(run, sweep);
  const { tile, timeSeconds: time_seconds, rowTimesMicroseconds } = sweep;
  log.info({ run, tile, time_seconds, chip_time_microseconds: rowTimesMicroseconds[0] }, "sweep taken");
}

/** How long after it fell due a sweep's first row was read. */
export function lateBy({ rowTimesMicroseconds }: SweepRecord, dueAt: Microseconds): Seconds {
  let first = Infinity;
  for (const time of rowTimesMicroseconds) if (time < first) first = time;
  return (first - dueAt) / microsecondsPerSecond;
}
