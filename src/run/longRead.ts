import type { ChipDescription } from "../chip/description.ts";
import { type ChipDriver, noCode, type Reading } from "../chip/driver.ts";
import { type Block, devicesPerRow } from "../chip/geometry.ts";
import { type Microseconds, microsecondsPerSecond, type Seconds } from "../units.ts";
import { lineMicroseconds, mostAtOnceMicroseconds, readMicroseconds } from "../chip/timing.ts";

/**
 * Reads a block, on a slow board a few rows at a time, so that requests to stop are heard in between. Nothing is lost when one is:
 * a read can be done again. A usual board reads the block at once.
 *
 * @param beforeStep  hears how far a read is that is done in steps; throws when the run is to stop.
 */
export async function readInSteps(
  driver: ChipDriver,
  block: Block,
  averages: number,
  wanted: Uint8Array | undefined,
  beforeStep: (rows: RowsRead) => Promise<unknown>,
  readVolts?: number,
): Promise<Reading> {
  const { description } = driver;
  const perRow = devicesPerRow(description.geometry);
  const row = rowMicroseconds(description, averages);
  const rowsAtOnce = Math.max(1, Math.floor(mostAtOnceMicroseconds / row));
  if (rowsAtOnce >= block.rowCount) return driver.read(block, averages, wanted, readVolts);
  let whole: Reading | undefined;
  const of = wanted === undefined ? block.rowCount : wanted.reduce((sum, one) => sum + one, 0);
  let read = 0;
  for (let first = 0; first < block.rowCount; first += rowsAtOnce) {
    const rowCount = Math.min(rowsAtOnce, block.rowCount - first);
    const rows = wanted?.subarray(first, first + rowCount);
    if (rows !== undefined && !rows.includes(1)) continue;
    await beforeStep({ read, of, leftSeconds: (row * (of - read)) / microsecondsPerSecond });
    const step = await driver.read(
      { ...block, rowStart: block.rowStart + first, rowCount },
      averages,
      rows,
      readVolts,
    );
    whole ??= blankLike(step, block.rowCount * perRow, block.rowCount);
    whole.conductanceMicrosiemens.set(step.conductanceMicrosiemens, first * perRow);
    whole.flags.set(step.flags, first * perRow);
    if (step.codes) whole.codes?.set(step.codes, first * perRow);
    whole.rowTimesMicroseconds.set(step.rowTimesMicroseconds, first);
    read += rows === undefined ? rowCount : rows.reduce((sum, one) => sum + one, 0);
  }
  return whole ?? driver.read(block, averages, wanted, readVolts);
}

/** What a row takes on the board and on the line. */
export function rowMicroseconds(description: ChipDescription, averages: number): Microseconds {
  const bytes = 2 * devicesPerRow(description.geometry) + 60;
  return readMicroseconds(description, averages) + lineMicroseconds(description, bytes);
}

/** How far a read of a block is. */
export interface RowsRead {
  readonly read: number;
  /** Rows that are to be read. */
  readonly of: number;
  /** By what the chip's description says of a row. */
  readonly leftSeconds: Seconds;
}

function blankLike({ codes }: Reading, devices: number, rows: number): Reading {
  return {
    conductanceMicrosiemens: new Float32Array(devices).fill(Number.NaN),
    flags: new Uint8Array(devices),
    ...(codes && { codes: new Uint16Array(devices).fill(noCode) }),
    rowTimesMicroseconds: new Float64Array(rows).fill(Number.NaN),
  };
}
