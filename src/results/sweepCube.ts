import type { Microsiemens, Seconds } from "../units.ts";
import { ageOf, type SweepTable, weightValue } from "./sweepTable.ts";

/**
 * All sweeps of a run as arrays of (tile, age, row, line), and what belongs to a device as arrays of (tile, row, line). NaN, and 255 in
 * `flag`, where a tile was not read at an age or has no such row.
 */
export interface SweepCube {
  readonly tile: Int32Array;
  /** As in tables: which age. */
  readonly sweep: Int32Array;
  readonly askedAgeSeconds: Float64Array;
  readonly row: Int32Array;
  readonly line: Int32Array;
  /** Four dimensions. */
  readonly conductanceMicrosiemens: Float32Array;
  readonly ageSeconds: Float32Array;
  readonly flag: Uint8Array;
  /** Of the converter; -1 where there was none. */
  readonly code: Int32Array;
  /** (tile, age, row): chip time at which the row was read. */
  readonly rowTimeMicroseconds: Float64Array;
  /** (tile, age); 0 where the tile was not read. */
  readonly averages: Int32Array;
  readonly celsius: Float32Array;
  /** Three dimensions. */
  readonly targetMicrosiemens: Float32Array;
  /** By number, as in `verdictNames`; 255 for no device. */
  readonly verdict: Uint8Array;
  readonly weightRow: Float32Array;
  readonly weightColumn: Float32Array;
  readonly sign: Float32Array;
  readonly significance: Float32Array;
  /** Chip time of the device's last pulse in this run. */
  readonly pulsedAtMicroseconds: Float64Array;
}

const none = 255;

/** @param tables  kept in memory all at once. */
export async function sweepCube(tables: AsyncIterable<SweepTable>): Promise<SweepCube> {
  const all: SweepTable[] = [];
  for await (const table of tables) all.push(table);
  const tiles = [...new Set(all.map(({ sweep }) => sweep.tile))].sort((a, b) => a - b);
  const asked = new Map<number, Seconds>(all.map(({ number, sweep }) => [number, sweep.timeSeconds]));
  const sweeps = [...asked.keys()].sort((a, b) => asked.get(a)! - asked.get(b)! || a - b);
  const lines = Math.max(0, ...all.map(({ devicesPerRow }) => devicesPerRow));
  const rows = Math.max(0, ...all.map((table) => table.rowStart + rowsOf(table)));
  const [perTile, perSweep] = [rows * lines, sweeps.length * rows * lines];
  const reals = (count: number): Float32Array => new Float32Array(count).fill(Number.NaN);
  const devices = tiles.length * perTile;
  const cube: SweepCube = {
    tile: Int32Array.from(tiles),
    sweep: Int32Array.from(sweeps),
    askedAgeSeconds: Float64Array.from(sweeps, (number) => asked.get(number)!),
    row: Int32Array.from({ length: rows }, (_, k) => k),
    line: Int32Array.from({ length: lines }, (_, k) => k),
    conductanceMicrosiemens: reals(tiles.length * perSweep),
    ageSeconds: reals(tiles.length * perSweep),
    flag: new Uint8Array(tiles.length * perSweep).fill(none),
    code: new Int32Array(tiles.length * perSweep).fill(-1),
    rowTimeMicroseconds: new Float64Array(tiles.length * sweeps.length * rows).fill(Number.NaN),
    averages: new Int32Array(tiles.length * sweeps.length),
    celsius: reals(tiles.length * sweeps.length),
    targetMicrosiemens: reals(devices),
    verdict: new Uint8Array(devices).fill(none),
    weightRow: reals(devices),
    weightColumn: reals(devices),
    sign: reals(devices),
    significance: reals(devices),
    pulsedAtMicroseconds: new Float64Array(devices).fill(Number.NaN),
  };
  for (const table of all) {
    const place = tiles.indexOf(table.sweep.tile);
    const age = sweeps.indexOf(table.number);
    const visit = place * sweeps.length + age;
    cube.rowTimeMicroseconds.set(table.sweep.rowTimesMicroseconds, visit * rows + table.rowStart);
    cube.averages[visit] = table.sweep.averages;
    cube.celsius[visit] = table.sweep.environment?.celsius ?? Number.NaN;
    for (let i = 0; i < table.sweep.flags.length; i++) {
      const inTile =
        (table.rowStart + Math.floor(i / table.devicesPerRow)) * lines + (i % table.devicesPerRow);
      const read = place * perSweep + age * perTile + inTile;
      cube.conductanceMicrosiemens[read] = table.sweep.conductanceMicrosiemens[i]! satisfies Microsiemens;
      cube.ageSeconds[read] = ageOf(table, i);
      cube.flag[read] = table.sweep.flags[i]!;
      cube.code[read] = table.sweep.codes?.[i] ?? -1;
      const device = place * perTile + inTile;
      cube.targetMicrosiemens[device] = table.targetsMicrosiemens[i]!;
      cube.verdict[device] = table.verdicts[i]!;
      cube.weightRow[device] = weightValue(table, i, "weight_row");
      cube.weightColumn[device] = weightValue(table, i, "weight_column");
      cube.sign[device] = weightValue(table, i, "sign");
      cube.significance[device] = weightValue(table, i, "significance");
      cube.pulsedAtMicroseconds[device] = table.pulsedAtMicroseconds[i]!;
    }
  }
  return cube;
}

function rowsOf({ sweep, devicesPerRow }: SweepTable): number {
  return sweep.flags.length / devicesPerRow;
}
