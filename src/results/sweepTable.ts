import { type Microseconds, microsecondsPerSecond, type Microsiemens, type Seconds } from "../units.ts";
import { type SweepRecord, type TileMemory, tileOfEntry } from "../run/journal.ts";
import type { RunPlan, TileTargets } from "../run/plan.ts";
import { type CellTask, verdictNames } from "../program/method.ts";
import type { RunId, RunReader } from "../run/store.ts";
import { recall } from "../run/recall.ts";

/** One sweep with all that belongs to its devices, which lie as in the block: row-major, `devicesPerRow` a row. */
export interface SweepTable {
  /** Which age this is: 0 for the first that the run was read at, the same for all tiles; a second reading at one age is one more. */
  readonly number: number;
  readonly sweep: SweepRecord;
  /** Of the tile. */
  readonly rowStart: number;
  readonly devicesPerRow: number;
  /** µS; NaN where a device had none. */
  readonly targetsMicrosiemens: Float32Array;
  readonly verdicts: Uint8Array;
  /** The weights that the devices hold, where they are known. */
  readonly cells?: CellTask | undefined;
  /** Chip time of each device's last pulse in this run; NaN where it had none. */
  readonly pulsedAtMicroseconds: Float64Array;
  /** Of an imported run: what its files call the devices. */
  readonly deviceNames?: readonly string[] | undefined;
}

/**
 * A run's sweeps, in the order in which they were taken.
 *
 * @param recalled  what the journal knows of every tile, in the plan's order, where that is at hand.
 */
export async function* sweepTables(
  store: RunReader,
  run: RunId,
  { tiles, imported }: RunPlan,
  recalled?: readonly TileMemory[],
): AsyncIterable<SweepTable> {
  const memories = new Map<
    number,
    { memory: TileMemory; planned: TileTargets; deviceNames: readonly string[] | undefined }
  >();
  (recalled ?? (await recall(store, run))).forEach((memory, k) => {
    const deviceNames = imported?.deviceNames[k]?.split("\n");
    memories.set(memory.block.tile, { memory, planned: tiles[k]!, deviceNames });
  });
  const numberOf = agesCounted();
  for await (const sweep of store.sweeps(run)) {
    const { memory, planned, deviceNames } = tileOfEntry(memories, sweep.tile, run);
    const { block, devicesPerRow, verdicts, pulsedAtMicroseconds } = memory;
    const { targetsMicrosiemens, cells } = planned;
    yield {
      number: numberOf(sweep),
      sweep,
      rowStart: block.rowStart,
      devicesPerRow,
      targetsMicrosiemens,
      verdicts,
      pulsedAtMicroseconds,
      cells,
      deviceNames,
    };
  }
}

/** Numbers ages as they come. A tile that is read twice at one age has two. */
function agesCounted(): (sweep: SweepRecord) => number {
  const times = new Map<string, number>();
  const numbers = new Map<string, number>();
  return ({ tile, timeSeconds }) => {
    const before = times.get(`${tile} ${timeSeconds}`) ?? 0;
    times.set(`${tile} ${timeSeconds}`, before + 1);
    const age = `${timeSeconds} ${before}`;
    const number = numbers.get(age) ?? numbers.size;
    numbers.set(age, number);
    return number;
  };
}

/** A device's age when it was read, s; NaN where it was never pulsed. */
export function ageOf({ pulsedAtMicroseconds, devicesPerRow, sweep }: SweepTable, device: number): number {
  const readAt: Microseconds = sweep.rowTimesMicroseconds[Math.floor(device / devicesPerRow)]!;
  return (readAt - pulsedAtMicroseconds[device]!) / microsecondsPerSecond;
}

/** How long after the tile's last pulse a sweep was taken, s; NaN where the run pulsed nothing there. */
export function tileAge({
  sweep,
  pulsedAtMicroseconds,
}: Pick<SweepTable, "sweep" | "pulsedAtMicroseconds">): Seconds {
  let last = Number.NaN;
  for (const at of pulsedAtMicroseconds) if (!(at <= last)) last = Number.isNaN(at) ? last : at;
  const readAt = sweep.rowTimesMicroseconds.find((at) => !Number.isNaN(at)) ?? Number.NaN;
  return (readAt - last) / microsecondsPerSecond;
}

/**
 * The age that reads stand for: the one that was asked for, unless they came later or earlier by more than a tenth of it.
 *
 * @param ages  of each tile, as `tileAge` gives them.
 */
export function ageShown(asked: Seconds, ages: readonly Seconds[]): Seconds {
  const known = ages.filter((age) => !Number.isNaN(age)).sort((a, b) => a - b);
  const middle = known[known.length >> 1];
  return middle === undefined || Math.abs(middle - asked) <= tolerance * asked ? asked : middle;
}

const tolerance = 0.1;

/** The columns of every table of sweeps, with their units and what they hold. */
export const sweepColumns = [
  ["sweep", "", "which age: 0 for the first, the same for all tiles"],
  ["tile", "", ""],
  ["row", "", "of cells, in the tile"],
  ["line", "", "device of the row: column × devices a cell + device"],
  ["asked_age_seconds", "s", "since the tile's last pulse, as asked for"],
  ["age_seconds", "s", "since the device's own last pulse; empty where it had none"],
  ["conductance_microsiemens", "µS", "mean of the averaged reads"],
  ["code", "", "of the converter, 65535 for none; empty where the board reckons conductances itself"],
  ["flag", "", "0 ok, 1 saturated, 2 invalid"],
  ["averages", "", "reads that the chip averaged"],
  ["target_microsiemens", "µS", "empty where there was none"],
  ["verdict", "", "by name, as in docs/programming.md"],
  [
    "weight_row",
    "",
    "input of the weight, in the tile's part of its layer; empty where the device holds no weight",
  ],
  ["weight_column", "", "output of the weight, likewise"],
  ["sign", "", "1 or -1: whether the device adds to its weight or takes from it"],
  ["significance", "", "F: how much a µS of the device counts in its weight"],
  ["celsius", "°C", "of the chip; empty where it was not measured"],
  ["taken_at", "", "wall time, UTC, ISO 8601; empty where it is not known"],
  ["device", "", "what the files of an imported run call the device; empty for others"],
] as const;

export type SweepColumn = (typeof sweepColumns)[number][0];

/** A cell of one device's row of a table; NaN where it is empty. */
export function sweepValue(table: SweepTable, device: number, column: SweepColumn): number | string {
  const { sweep, devicesPerRow, rowStart } = table;
  switch (column) {
    case "sweep":
      return table.number;
    case "tile":
      return sweep.tile;
    case "row":
      return rowStart + Math.floor(device / devicesPerRow);
    case "line":
      return device % devicesPerRow;
    case "asked_age_seconds":
      return sweep.timeSeconds;
    case "age_seconds":
      return ageOf(table, device);
    case "conductance_microsiemens":
      return microsiemens(sweep.conductanceMicrosiemens[device]!);
    case "code":
      return sweep.codes?.[device] ?? Number.NaN;
    case "flag":
      return sweep.flags[device]!;
    case "averages":
      return sweep.averages;
    case "target_microsiemens":
      return microsiemens(table.targetsMicrosiemens[device]!);
    case "verdict":
      return verdictNames[table.verdicts[device]!]!;
    case "weight_row":
    case "weight_column":
    case "sign":
    case "significance":
      return weightValue(table, device, column);
    case "celsius":
      return sweep.environment?.celsius ?? Number.NaN;
    case "taken_at":
      return sweep.takenAt;
    case "device":
      return table.deviceNames?.[device] ?? "";
  }
}

/** Which weight a device holds, and how it counts in it; NaN where it holds none. */
export function weightValue(
  { cells, devicesPerRow }: Pick<SweepTable, "cells" | "devicesPerRow">,
  device: number,
  column: "weight_row" | "weight_column" | "sign" | "significance",
): number {
  if (cells === undefined) return Number.NaN;
  const cell = Math.floor(device / cells.devicesPerCell);
  const factor = cells.factors[device % cells.devicesPerCell]!;
  if (factor === 0 || Number.isNaN(cells.wantedMicrosiemens[cell]!)) return Number.NaN;
  const columns = devicesPerRow / cells.devicesPerCell;
  switch (column) {
    case "weight_row":
      return Math.floor(cell / columns);
    case "weight_column":
      return cell % columns;
    case "sign":
      return Math.sign(factor);
    case "significance":
      return Math.abs(factor);
  }
}

/** A 32-bit number without the tail that 64 bits give it. */
function microsiemens(value: number): Microsiemens {
  return Number.isNaN(value) ? value : Number(value.toPrecision(7));
}
