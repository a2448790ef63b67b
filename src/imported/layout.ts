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

/**
 * Devices keep their order. A sweep has one time a row: where all devices of a sweep were read at one age, rows are long; else each device
 * has a row of its own, so that its age is exact. Devices that were kept at different temperatures lie on different tiles.
 */
export function layOut({ devices, reads }: Measurements): Layout {
  const groups = groupsOf(devices.map(({ bakeCelsius }) => String(bakeCelsius)));
  const groupOf = new Uint32Array(devices.length);
  groups.forEach((places, group) => places.forEach((place) => (groupOf[place] = group)));
  const ofGroup = groupsOf(
    Array.from(reads.devices, (device) => groupOf[device]!),
    groups.length,
  );
  const aligned = ofGroup.map((which) => align(reads, Uint32Array.from(which)));
  const isShared = aligned.every((sweeps) => sweeps.every((sweep) => isAtOneAge(sweep, reads)));
  const largest = groups.reduce((most, places) => Math.max(most, places.length), 1);
  const columns = isShared ? Math.min(mostColumns, Math.ceil(Math.sqrt(largest))) : 1;
  const rows = Math.min(mostRows, Math.ceil(largest / columns));
  const tiles: TileLayout[] = [];
  groups.forEach((places, group) => {
    const tileOf = new Uint32Array(devices.length);
    places.forEach((place, k) => (tileOf[place] = Math.floor(k / (rows * columns))));
    const count = Math.ceil(places.length / (rows * columns));
    const split = aligned[group]!.map((sweep) => splitByTile(sweep, reads, tileOf, count));
    for (let tile = 0; tile < count; tile++) {
      const ofTile = Uint32Array.from(places.slice(tile * rows * columns, (tile + 1) * rows * columns));
      tiles.push({
        devices: ofTile,
        rowCount: Math.ceil(ofTile.length / columns),
        bakeCelsius: devices[places[0]!]!.bakeCelsius,
        sweeps: split.map((parts) => parts[tile]!),
      });
    }
  });
  return { rows, columns, tiles };
}

/** Places of equal keys, in the order of their first. @param count  of groups whose keys are 0, 1, … */
function groupsOf(keys: readonly (string | number)[], count?: number): number[][] {
  const groups = new Map<string | number, number[]>();
  for (let k = 0; k < (count ?? 0); k++) groups.set(k, []);
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
