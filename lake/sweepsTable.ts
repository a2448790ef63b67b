import type { Column, ColumnValues, Part } from "../files/tableColumn.ts";
import type { TileMemory } from "../src/run/journal.ts";
import type { SweepTable } from "../src/results/sweepTable.ts";
import { inBatches, inGroups } from "./batches.ts";

/**
 * All reads of a run, wide: one row a device, and a few columns for each sweep. Converter codes take 10 bits or fewer on the disk; what is the
 * same for a whole row of cells or a whole tile (when it was read, and what a code is worth) takes next to nothing, and spares every
 * question a join.
 */
export interface WideShape {
  readonly sweeps: number;
  readonly codes: boolean;
  readonly conductances: boolean;
}

/** What is kept of a sweep until its tile is written. */
interface Kept {
  readonly rowTimesMicroseconds: Float64Array;
  readonly flags: Uint8Array;
  readonly codes: Uint16Array | undefined;
  /** Of a board without codes. */
  readonly conductanceMicrosiemens: Float32Array | undefined;
  readonly microsiemensPerCode: number;
  readonly offsetCodes: number;
}

const place: readonly Column[] = [
  { name: "tile", type: "UINT16", unit: "", meaning: "" },
  { name: "row", type: "UINT16", unit: "", meaning: "of cells, in the tile" },
  { name: "device", type: "UINT16", unit: "", meaning: "of the row: column × devices a cell + device" },
  {
    name: "pulsed_at_microseconds",
    type: "DOUBLE",
    unit: "µs",
    meaning: "chip time of the device's last pulse in this run; empty where it had none",
    optional: true,
  },
];

export function wideColumns({ sweeps, codes, conductances }: WideShape): Column[] {
  const columns = [...place];
  const add = (name: string, type: Column["type"], unit: string, meaning: string): void =>
    void columns.push({ name, type, unit, meaning, optional: true });
  for (let k = 0; k < sweeps; k++) {
    const of = `of sweep ${k}`;
    add(
      `read_at_microseconds_${k}`,
      "DOUBLE",
      "µs",
      `chip time ${of}; empty where it did not read the device`,
    );
    add(`flag_${k}`, "UINT8", "", `${of}: 0 ok, 1 saturated, 2 invalid`);
    if (codes) {
      add(`code_${k}`, "UINT16", "", `of the converter, ${of}; 65535 for none`);
      add(`microsiemens_per_code_${k}`, "DOUBLE", "µS", `what a code ${of} is worth`);
      add(`offset_codes_${k}`, "DOUBLE", "", `code ${of} that stands for 0 µS`);
    }
    if (conductances) add(`conductance_microsiemens_${k}`, "FLOAT", "µS", `${of}, as the board reckoned it`);
  }
  return columns;
}

/**
 * The rows of the wide table, a part for some tiles each. Sweeps come in the order of time and the table in that of tiles: what is
 * held in memory at once is bounded, and the sweeps are read again for the next tiles.
 *
 * @param read  gives all sweeps of the run, each time that it is called.
 */
export async function* wideParts(
  memories: readonly TileMemory[],
  { sweeps }: WideShape,
  read: () => AsyncIterable<SweepTable>,
): AsyncIterable<Part> {
  for (const some of inBatches(memories, 5 * sweeps)) {
    const kept = new Map(some.map(({ block }) => [block.tile, new Map<number, Kept>()]));
    for await (const { number, sweep } of read()) kept.get(sweep.tile)?.set(number, keptOf(sweep));
    for (const group of inGroups(some)) yield partOf(group, kept);
  }
}

function keptOf({ rowTimesMicroseconds, flags, codes, converter, ...rest }: SweepTable["sweep"]): Kept {
  return {
    rowTimesMicroseconds,
    flags,
    codes,
    conductanceMicrosiemens: codes === undefined ? rest.conductanceMicrosiemens : undefined,
    microsiemensPerCode: converter?.microsiemensPerCode ?? Number.NaN,
    offsetCodes: converter?.offsetCodes ?? Number.NaN,
  };
}

function partOf(
  tiles: readonly TileMemory[],
  kept: ReadonlyMap<number, ReadonlyMap<number, Kept>>,
): Part & { column(name: string): ColumnValues } {
  const count = tiles.reduce((sum, { verdicts }) => sum + verdicts.length, 0);
  const whole = (fill: (memory: TileMemory, into: Int32Array) => void): Int32Array => {
    const all = new Int32Array(count);
    eachTile(tiles, (memory, first) => fill(memory, all.subarray(first, first + memory.verdicts.length)));
    return all;
  };
  const reals = (fill: (memory: TileMemory, into: Float64Array) => void): ColumnValues => {
    const all = new Float64Array(count).fill(Number.NaN);
    eachTile(tiles, (memory, first) => fill(memory, all.subarray(first, first + memory.verdicts.length)));
    return withoutGaps(all, Number.isNaN);
  };
  const column = (name: string): ColumnValues => {
    const [, what = name, number] = /^(.*)_(\d+)$/.exec(name) ?? [];
    const of = ({ block }: TileMemory): Kept | undefined => kept.get(block.tile)?.get(Number(number));
    switch (what) {
      case "tile":
        return whole(({ block }, into) => void into.fill(block.tile));
      case "row":
        return whole(({ block, devicesPerRow }, into) =>
          eachRow(devicesPerRow, into, (row, its) => void its.fill(block.rowStart + row)),
        );
      case "device":
        return whole(({ devicesPerRow }, into) => {
          for (let i = 0; i < into.length; i++) into[i] = i % devicesPerRow;
        });
      case "pulsed_at_microseconds":
        return reals(({ pulsedAtMicroseconds }, into) => into.set(pulsedAtMicroseconds));
      case "read_at_microseconds":
        return reals((memory, into) => {
          const times = of(memory)?.rowTimesMicroseconds;
          if (times !== undefined)
            eachRow(memory.devicesPerRow, into, (row, its) => void its.fill(times[row]!));
        });
      case "microsiemens_per_code":
        return reals((memory, into) => void into.fill(of(memory)?.microsiemensPerCode ?? Number.NaN));
      case "offset_codes":
        return reals((memory, into) => void into.fill(of(memory)?.offsetCodes ?? Number.NaN));
      case "conductance_microsiemens":
        return reals((memory, into) => into.set(of(memory)?.conductanceMicrosiemens ?? []));
      case "flag":
        return withoutGaps(
          whole((memory, into) => set(into, of(memory)?.flags)),
          isNone,
        );
      default:
        return withoutGaps(
          whole((memory, into) => set(into, of(memory)?.codes)),
          isNone,
        );
    }
  };
  // Only whole columns are asked for.
  return { count, column, value: () => Number.NaN };
}

const none = -1;
const isNone = (value: number): boolean => value === none;

function set(into: Int32Array, values: ArrayLike<number> | undefined): void {
  if (values === undefined) into.fill(none);
  else into.set(values);
}

/** Typed as it is where nothing is missing: that is written fast. */
function withoutGaps(values: Int32Array | Float64Array, isGap: (value: number) => boolean): ColumnValues {
  return values.some(isGap) ? Array.from(values, (value) => (isGap(value) ? null : value)) : values;
}

function eachTile(tiles: readonly TileMemory[], work: (memory: TileMemory, first: number) => void): void {
  let first = 0;
  for (const memory of tiles) {
    work(memory, first);
    first += memory.verdicts.length;
  }
}

function eachRow<A extends Int32Array | Float64Array>(
  devicesPerRow: number,
  into: A,
  work: (row: number, its: A) => void,
): void {
  for (let row = 0; row * devicesPerRow < into.length; row++)
    work(row, into.subarray(row * devicesPerRow, (row + 1) * devicesPerRow) as A);
}
