import { verdicts as known } from "../src/program/method.ts";
import type { ShownTile } from "./liveState.ts";

/** One tile's devices, row-major: µS (NaN for none) and verdicts. */
export interface Devices {
  readonly targets: Float32Array;
  readonly readings: Float32Array;
  readonly verdicts: Uint8Array;
}

/**
 * Which devices are drawn: those with a target. Imported ones may have none: then those that were written or read. What fills their last
 * row is neither.
 */
export function drawn({ inOrder }: Pick<ShownTile, "inOrder">, devices: Devices): (i: number) => boolean {
  const { targets, readings, verdicts } = devices;
  if (!inOrder) return (i) => !Number.isNaN(targets[i]!);
  return (i) => !Number.isNaN(targets[i]!) || !Number.isNaN(readings[i]!) || verdicts[i] !== known.pending;
}

/** How cells are drawn: as on the tile, or, of devices without a place on a chip, as a square in their order. */
export function gridOf(
  shown: Pick<ShownTile, "devicesPerRow" | "devicesPerCell" | "rows" | "inOrder">,
  devices: Devices,
): { readonly columns: number; readonly rows: number; readonly cells: number } {
  const { devicesPerRow, devicesPerCell, rows, inOrder } = shown;
  const inRow = Math.floor(devicesPerRow / devicesPerCell);
  if (!inOrder) return { columns: inRow, rows, cells: inRow * rows };
  const isDrawn = drawn(shown, devices);
  const last = devices.targets.findLastIndex((_, i) => isDrawn(i));
  const cells = Math.floor(last / devicesPerCell) + 1;
  const columns = Math.max(1, Math.ceil(Math.sqrt(cells)));
  return { columns, rows: Math.max(1, Math.ceil(cells / columns)), cells };
}
