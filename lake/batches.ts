import type { TileMemory } from "../src/run/journal.ts";

/** Beyond it, a run's sweeps are read again for the next tiles. */
const mostBytes = 256e6;
/** Fewer in a row group cost more to ask than to hold. */
const fewestDevices = 65_536;

/** Tiles whose devices fit into memory together. */
export function* inBatches(
  memories: readonly TileMemory[],
  bytesPerDevice: number,
): Iterable<readonly TileMemory[]> {
  let some: TileMemory[] = [];
  let bytes = 0;
  for (const memory of memories) {
    const own = memory.verdicts.length * bytesPerDevice;
    if (some.length > 0 && bytes + own > mostBytes) {
      yield some;
      [some, bytes] = [[], 0];
    }
    some.push(memory);
    bytes += own;
  }
  if (some.length > 0) yield some;
}

/** Tiles that share a row group of a file. */
export function* inGroups(memories: readonly TileMemory[]): Iterable<readonly TileMemory[]> {
  let group: TileMemory[] = [];
  let devices = 0;
  for (const memory of memories) {
    group.push(memory);
    devices += memory.verdicts.length;
    if (devices < fewestDevices) continue;
    yield group;
    [group, devices] = [[], 0];
  }
  if (group.length > 0) yield group;
}
