import type { Column, Part } from "../files/tableColumn.ts";
import { verdictNames } from "../src/program/method.ts";
import { type SweepTable, weightValue } from "../src/results/sweepTable.ts";
import type { TileMemory } from "../src/run/journal.ts";
import type { RunPlan } from "../src/run/plan.ts";

/** A table of a run beside its reads: its columns, and a part of rows. */
type Cell = number | string;

export const text = (name: string, meaning: string): Column => ({
  name,
  type: "STRING",
  unit: "",
  meaning,
  optional: true,
});
const real = (name: string, unit: string, meaning: string): Column => ({
  name,
  type: "DOUBLE",
  unit,
  meaning,
  optional: true,
});
export const whole = (name: string, meaning: string): Column => ({
  name,
  type: "INT32",
  unit: "",
  meaning,
  optional: true,
});

/** One row: what the run is, and the chip that it is of. */
export const runColumns: readonly Column[] = [
  text("name", "the run's id in the workspace that it was written from"),
  text("title", ""),
  text("chip_name", ""),
  text("serial_number", ""),
  text("wafer", "as noted; empty where it was not"),
  text("die", "likewise"),
  text("firmware", "of the board"),
  whole("tiles", "of the chip"),
  whole("rows", "of cells, in a tile"),
  whole("columns", "of cells, in a tile"),
  whole("devices_per_cell", ""),
  text("description_sha256", "of the chip's description; empty where the run kept none"),
  text("method", ""),
  text("model", "that the run was planned with"),
  text("corrects", "the run whose devices this one corrects, by its id in that workspace"),
  { ...text("started_at", "wall time, UTC"), type: "TIMESTAMP" },
  text("outcome", "done, interrupted or failed"),
  text("operator", ""),
  text("tags", "with commas between them"),
  whole("devices", "that were given a target"),
  whole("turns", ""),
  whole("sweeps", "that were taken, of single tiles"),
  real("pulses", "", ""),
  real("yield_percent", "%", "empty where no device was read back"),
  real("error_percent", "%", "root mean square weight error at the last age, of the largest weight"),
  real("error_age_seconds", "s", "that age"),
  text("origin", "SHA-256 of what the run began with"),
  text("digest", "SHA-256 of its journal"),
  text("software", "that wrote this"),
];

export function runPart(values: ReadonlyMap<string, Cell>): Part {
  return { count: 1, value: (_, column) => values.get(column) ?? "" };
}

/** One row a sweep of a tile: how it was taken, and by which converter. */
export const readoutColumns: readonly Column[] = [
  whole("sweep", "which age: 0 for the first, the same for all tiles"),
  whole("tile", ""),
  whole("row_start", "first row of cells that was read"),
  whole("rows", "how many"),
  real("asked_age_seconds", "s", "since the tile's last pulse, as asked for"),
  whole("averages", "reads that the chip averaged"),
  real("celsius", "°C", "of the chip; empty where it was not measured"),
  real("supply_volts", "V", "likewise"),
  real("bake_celsius", "°C", "at which the devices were kept, where they were baked"),
  { ...text("taken_at", "wall time, UTC"), type: "TIMESTAMP" },
  real("boot", "", "the chip's, when it was read"),
  real("microsiemens_per_code", "µS", "of the converter; empty for a board without codes"),
  real("offset_codes", "", "likewise"),
  whole("codes", "that the converter has; the last one is saturated"),
  real("read_volts", "V", "that the converter reads with, where it is known"),
  text("reference_codes", "of the tile's known resistors, with commas between them"),
];

export function readoutPart(tables: readonly Omit<SweepTable, "verdicts">[]): Part {
  return { count: tables.length, value: (row, column) => readoutValue(tables[row]!, column) };
}

function readoutValue({ number, sweep, rowStart }: Omit<SweepTable, "verdicts">, column: string): Cell {
  const { converter, environment } = sweep;
  switch (column) {
    case "sweep":
      return number;
    case "tile":
      return sweep.tile;
    case "row_start":
      return rowStart;
    case "rows":
      return sweep.rowTimesMicroseconds.length;
    case "asked_age_seconds":
      return sweep.timeSeconds;
    case "averages":
      return sweep.averages;
    case "celsius":
      return environment?.celsius ?? Number.NaN;
    case "supply_volts":
      return environment?.supplyVolts ?? Number.NaN;
    case "bake_celsius":
      return sweep.bakeCelsius ?? Number.NaN;
    case "taken_at":
      return sweep.takenAt;
    case "boot":
      return sweep.boot;
    case "microsiemens_per_code":
      return converter?.microsiemensPerCode ?? Number.NaN;
    case "offset_codes":
      return converter?.offsetCodes ?? Number.NaN;
    case "codes":
      return converter?.codes ?? Number.NaN;
    case "read_volts":
      return converter?.readVolts ?? Number.NaN;
    default:
      return sweep.referenceCodes?.join(",") ?? "";
  }
}

const weight = ["weight_row", "weight_column", "sign"] as const;

/** One row a device of the run's tiles: what was meant, and how it ended. */
export const deviceColumns: readonly Column[] = [
  whole("tile", ""),
  whole("row", "of cells, in the tile"),
  whole("device", "of the row: column × devices a cell + device"),
  { ...real("target_microsiemens", "µS", "empty where there was none"), type: "FLOAT" },
  text("verdict", "by name, as in docs/programming.md"),
  whole("pulses", "that it was given in this run"),
  whole("uncertain_pulses", "how many of these may not have fired"),
  { ...real("last_read_microsiemens", "µS", "that the last verdict stands on"), type: "FLOAT" },
  whole("last_code", "amplitude code of the last pulse; 0 for none"),
  real("pulsed_at_microseconds", "µs", "chip time of the last pulse in this run"),
  whole("weight_row", "input of the weight, in the tile's part of its layer; empty where it holds none"),
  whole("weight_column", "output of the weight, likewise"),
  whole("sign", "1 or -1: whether the device adds to its weight or takes from it"),
  real("significance", "", "F: how much a µS of the device counts in its weight"),
  text("name", "what the files of an imported run call the device"),
];

export async function* deviceParts(
  { tiles, imported }: Pick<RunPlan, "tiles" | "imported">,
  memories: readonly TileMemory[],
): AsyncIterable<Part> {
  for (const [k, memory] of memories.entries()) {
    const { targetsMicrosiemens, cells } = tiles[k]!;
    const names = imported?.deviceNames[k]?.split("\n");
    const { block, devicesPerRow } = memory;
    const value = (i: number, column: string): Cell => {
      switch (column) {
        case "tile":
          return block.tile;
        case "row":
          return block.rowStart + Math.floor(i / devicesPerRow);
        case "device":
          return i % devicesPerRow;
        case "target_microsiemens":
          return targetsMicrosiemens[i]!;
        case "verdict":
          return verdictNames[memory.verdicts[i]!]!;
        case "pulses":
          return memory.pulses[i]!;
        case "uncertain_pulses":
          return memory.uncertainPulses[i]!;
        case "last_read_microsiemens":
          return memory.lastReadMicrosiemens[i]!;
        case "last_code":
          return memory.lastCodes[i]!;
        case "pulsed_at_microseconds":
          return memory.pulsedAtMicroseconds[i]!;
        case "significance":
          return weightValue({ cells, devicesPerRow }, i, "significance");
        case "name":
          return names?.[i] ?? "";
        default:
          return weightValue(
            { cells, devicesPerRow },
            i,
            weight.find((one) => one === column)!,
          );
      }
    };
    yield { count: memory.verdicts.length, value };
  }
}
