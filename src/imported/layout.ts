import type { Celsius } from "../units.ts";
import { type Aligned, align } from "./alignment.ts";
import type { MeasuredReads, Measurements } from "./measurements.ts";

/** Where imported devices lie on tiles, and which of their reads become which sweep. */
export interface Layout {
  readonly rows: number;
  readonly columns: number;
  readonly tiles: readonly TileLayout[];
}

export interface TileLayout {
  /** Places in the list of devices, row after row; the last row may be short. */
  readonly devices: Uint32Array;
  readonly rowCount: number;
  /** At which all of its devices were kept since their writes; NaN where nothing is said. */
  readonly bakeCelsius: Celsius;
  /** The same on all tiles of a bake temperature, also where none of the tile's devices was read. */
  readonly sweeps: readonly Aligned[];
}

/** A chip's description has no more. */
const mostRows = 1023;
const mostColumns = 256;

/** Room that sweeps may have for reads that there are not, before devices are parted by how often they were read. */
const mostRoom = 1_000_000;

/**
 * Devices keep their order on their tiles. A sweep has one time a row: where all devices of a sweep were read at one age, rows are long; else
 * each device has a row of its own, so that its age is exact. Devices that were kept at different temperatures lie on different tiles, and so
 * do devices of which some were read far more often than others: all devices of a tile have room in each of its sweeps.
 */
export function layOut({ devices, reads }: Measurements): Layout {
  const byBake = groupsOf(devices.map(({ bakeCelsius }) => String(bakeCelsius)));
  const groups = alignedGroups(byBake, devices.length, reads).flatMap((group) => {
    const room = group.places.length * group.sweeps.length;
    if (room <= mostRoom || room <= 4 * group.reads) return [group];
    return alignedGroups(byNumberOfReads(group.places, devices.length, reads), devices.length, reads);
  });
  const isShared = groups.every(({ sweeps }) => sweeps.every((sweep) => isAtOneAge(sweep, reads)));
  const largest = groups.reduce((most, { places }) => Math.max(most, places.length), 1);
  const columns = isShared ? Math.min(mostColumns, Math.ceil(Math.sqrt(largest))) : 1;
  const rows = Math.min(mostRows, Math.ceil(largest / columns));
  const tileOf = new Uint32Array(devices.length);
  const tiles = groups.flatMap(({ places, sweeps }): TileLayout[] => {
    const count = Math.ceil(places.length / (rows * columns));
    places.forEach((place, k) => (tileOf[place] = Math.floor(k / (rows * columns))));
    const split = sweeps.map((sweep) => splitByTile(sweep, reads, tileOf, count));
    return Array.from({ length: count }, (_, tile) => {
      const ofTile = Uint32Array.from(places.slice(tile * rows * columns, (tile + 1) * rows * columns));
      return {
        devices: ofTile,
        rowCount: Math.ceil(ofTile.length / columns),
        bakeCelsius: devices[places[0]!]!.bakeCelsius,
        sweeps: split.map((parts) => parts[tile]!),
      };
    });
  });
  return { rows, columns, tiles };
}

interface Group {
  /** Of devices. */
  readonly places: readonly number[];
  readonly reads: number;
  readonly sweeps: readonly Aligned[];
}

function alignedGroups(
  groups: readonly (readonly number[])[],
  devices: number,
  reads: MeasuredReads,
): Group[] {
  const groupOf = new Int32Array(devices).fill(-1);
  groups.forEach((places, group) => places.forEach((place) => (groupOf[place] = group)));
  const counts = new Uint32Array(groups.length);
  for (const device of reads.devices) if (groupOf[device]! >= 0) counts[groupOf[device]!]!++;
  const which = Array.from(counts, (count) => new Uint32Array(count));
  counts.fill(0);
  reads.devices.forEach((device, read) => {
    const group = groupOf[device]!;
    if (group >= 0) which[group]![counts[group]!++] = read;
  });
  return groups.map((places, k) => ({ places, reads: which[k]!.length, sweeps: align(reads, which[k]!) }));
}

/** Within a factor of four. */
function byNumberOfReads(places: readonly number[], devices: number, reads: MeasuredReads): number[][] {
  const counts = new Uint32Array(devices);
  for (const device of reads.devices) counts[device]!++;
  const groups = groupsOf(places.map((place) => Math.floor(Math.log2(counts[place]! + 1) / 2)));
  return groups.map((group) => group.map((k) => places[k]!));
}

/** Places of equal keys, in the order of their first. */
function groupsOf(keys: readonly (string | number)[]): number[][] {
  const groups = new Map<string | number, number[]>();
  keys.forEach((key, place) => {
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [place]);
    else group.push(place);
  });
  return [...groups.values()];
}

function isAtOneAge({ reads: ofSweep }: Aligned, { agesMicroseconds }: MeasuredReads): boolean {
  const first = agesMicroseconds[ofSweep[0]!];
  return ofSweep.every((read) => agesMicroseconds[read] === first);
}

function splitByTile(
  sweep: Aligned,
  { devices }: MeasuredReads,
  tileOf: Uint32Array,
  count: number,
): Aligned[] {
  const parts = Array.from({ length: count }, (): number[] => []);
  for (const read of sweep.reads) parts[tileOf[devices[read]!]!]!.push(read);
  return parts.map((part) => ({ ...sweep, reads: Uint32Array.from(part) }));
}
