import type { TileWear } from "../src/run/journal.ts";
import { columnOf, toBlob } from "./blobs.ts";
import { blockOf, DamagedRecord, mustBe } from "./records.ts";

export interface WearRow {
  block: string;
  pulses: Uint8Array;
  uncertain_pulses: Uint8Array;
  pulsed_at_microseconds: Uint8Array;
}

/** Counts of pulses are small: they take half the room where they can. */
export function wearRowOf(tile: TileWear): WearRow {
  const { block, pulses, uncertainPulses, pulsedAtMicroseconds } = tile;
  const small = pulses.every((count) => count <= 0xffff);
  return {
    block: JSON.stringify(block),
    pulses: toBlob(small ? Uint16Array.from(pulses) : pulses),
    uncertain_pulses: toBlob(
      uncertainPulses.some((count) => count > 0) ? uncertainPulses : new Uint32Array(0),
    ),
    pulsed_at_microseconds: toBlob(pulsedAtMicroseconds),
  };
}

/** Undefined for a row whose parts do not fit together: the turns are folded instead. */
export function wearOfRow(row: WearRow): TileWear | undefined {
  try {
    return wearIn(row);
  } catch (error) {
    if (error instanceof DamagedRecord) return undefined;
    throw error;
  }
}

function wearIn(row: WearRow): TileWear {
  const pulsedAtMicroseconds = columnOf(row.pulsed_at_microseconds, Float64Array);
  const devices = pulsedAtMicroseconds.length;
  const pulses =
    row.pulses.length === 4 * devices
      ? columnOf(row.pulses, Uint32Array)
      : Uint32Array.from(columnOf(row.pulses, Uint16Array));
  const uncertainPulses =
    row.uncertain_pulses.length === 0
      ? new Uint32Array(devices)
      : columnOf(row.uncertain_pulses, Uint32Array);
  mustBe(pulses.length === devices && uncertainPulses.length === devices, "a count for each device");
  const block = blockOf(row.block, devices);
  return { block, devicesPerRow: devices / block.rowCount, pulses, uncertainPulses, pulsedAtMicroseconds };
}
