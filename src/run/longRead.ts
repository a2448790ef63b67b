import { type ChipDriver, noCode, type Reading } from "../chip/driver.ts";
import { type Block, devicesPerRow } from "../chip/geometry.ts";
import { lineMicroseconds, mostAtOnceMicroseconds, readMicroseconds } from "../chip/timing.ts";

/**
 * Reads a block, on a slow board a few rows at a time, so that requests to stop are heard in between. Nothing is lost when one is:
 * a read can be done again. A usual board reads the block at once.
 *
 * @param checkRequests  throws when the run is to stop.
 */
export async function readInSteps(
  driver: ChipDriver,
  block: Block,
  averages: number,
  wanted: Uint8Array | undefined,
  checkRequests: () => Promise<void>,
  readVolts?: number,
): Promise<Reading> {
  const { description } = driver;
  const perRow = devicesPerRow(description.geometry);
  const bytes = 2 * perRow + 60;
  const row = readMicroseconds(description, averages) + lineMicroseconds(description, bytes);
  const rowsAtOnce = Math.max(1, Math.floor(mostAtOnceMicroseconds / row));
  if (rowsAtOnce >= block.rowCount) return driver.read(block, averages, wanted, readVolts);
  let whole: Reading | undefined;
  for (let first = 0; first < block.rowCount; first += rowsAtOnce) {
    const rowCount = Math.min(rowsAtOnce, block.rowCount - first);
    const rows = wanted?.subarray(first, first + rowCount);
    if (rows !== undefined && !rows.includes(1)) continue;
    await checkRequests();
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
  }
  return whole ?? driver.read(block, averages, wanted, readVolts);
}

function blankLike({ codes }: Reading, devices: number, rows: number): Reading {
  return {
    conductanceMicrosiemens: new Float32Array(devices).fill(Number.NaN),
    flags: new Uint8Array(devices),
    ...(codes && { codes: new Uint16Array(devices).fill(noCode) }),
    rowTimesMicroseconds: new Float64Array(rows).fill(Number.NaN),
  };
}
