import { type Reading, readingFlags } from "../src/chip/driver.ts";
import type { Block } from "../src/chip/geometry.ts";
import { npyBytes } from "./npyWriter.ts";
import type { Column, Part } from "./tableColumn.ts";
import { type Header, toFile, writeCsv, writeParquet } from "./tableWriters.ts";

/** A block of one chip that was read; of a single device where it says which. */
export interface BlockReadOut {
  readonly chip: string;
  readonly serialNumber: string;
  readonly block: Block;
  /** Number of the device in its row; all where it is undefined. */
  readonly device?: number | undefined;
  readonly reading: Reading;
}

export const readOutFormats = ["csv", "npy", "parquet"] as const;
export type ReadOutFormat = (typeof readOutFormats)[number];

export const readOutColumns: readonly Column[] = [
  { name: "chip", type: "STRING", unit: "", meaning: "name of the kind of chip" },
  { name: "serial_number", type: "STRING", unit: "", meaning: "of the chip" },
  { name: "tile", type: "INT32", unit: "", meaning: "" },
  { name: "row", type: "INT32", unit: "", meaning: "of cells, in the tile" },
  {
    name: "line",
    type: "INT32",
    unit: "",
    meaning: "device of the row: column × devices a cell + device",
  },
  {
    name: "conductance_microsiemens",
    type: "FLOAT",
    unit: "µS",
    meaning: "mean of the averaged reads; empty where the converter gave nothing",
    optional: true,
  },
  {
    name: "code",
    type: "INT32",
    unit: "",
    meaning: "of the converter; empty where the board reckons conductances itself",
    optional: true,
  },
  { name: "flag", type: "STRING", unit: "", meaning: "ok, saturated or invalid" },
  {
    name: "read_at_microseconds",
    type: "DOUBLE",
    unit: "µs",
    meaning: "chip time of the row's reading",
    whole: true,
  },
];

const flagNames = Object.fromEntries(Object.entries(readingFlags).map(([name, flag]) => [flag, name]));

/** Writes what was read as a table of one row a device, or as an array of numpy. @returns devices. */
export function writeReadOut(
  path: string,
  format: ReadOutFormat,
  header: Header,
  blocks: readonly BlockReadOut[],
): Promise<number> {
  if (format === "npy") return writeArray(path, blocks);
  const write = format === "csv" ? writeCsv : writeParquet;
  return write(path, header, readOutColumns, partsOf(blocks));
}

/** µS as float32, NaN where nothing was measured; shape (tiles, rows, devices of a row). */
async function writeArray(path: string, blocks: readonly BlockReadOut[]): Promise<number> {
  const parts = blocks.map((read) => conductancesOf(read));
  const devices = parts.reduce((sum, part) => sum + part.length, 0);
  const rows = blocks[0]?.block.rowCount ?? 0;
  const shape = [parts.length, rows, rows === 0 ? 0 : (parts[0]?.length ?? 0) / rows];
  return toFile(path, async (file) => {
    const all = new Float32Array(devices);
    parts.reduce((at, part) => (all.set(part, at), at + part.length), 0);
    await file.appendFile(npyBytes(shape, all));
    return devices;
  });
}

/** µS of the devices that were asked for. */
export function conductancesOf({ device, reading }: BlockReadOut): Float32Array {
  const { conductanceMicrosiemens: all } = reading;
  return device === undefined ? all : all.slice(device, device + 1);
}

async function* partsOf(blocks: readonly BlockReadOut[]): AsyncIterable<Part> {
  for (const { chip, serialNumber, block, device, reading } of blocks) {
    const { conductanceMicrosiemens, flags, codes, rowTimesMicroseconds } = reading;
    const perRow = flags.length / block.rowCount;
    const placeOf = (row: number): number => device ?? row;
    const value = (row: number, column: string): number | string => {
      const i = placeOf(row);
      const inBlock = Math.floor(i / perRow);
      switch (column) {
        case "chip":
          return chip;
        case "serial_number":
          return serialNumber;
        case "tile":
          return block.tile;
        case "row":
          return block.rowStart + inBlock;
        case "line":
          return i % perRow;
        case "conductance_microsiemens":
          return Number(conductanceMicrosiemens[i]!.toPrecision(7));
        case "code":
          return flags[i] === readingFlags.invalid ? Number.NaN : (codes?.[i] ?? Number.NaN);
        case "flag":
          return flagNames[flags[i]!]!;
        default:
          return rowTimesMicroseconds[inBlock]!;
      }
    };
    yield await Promise.resolve({ count: device === undefined ? flags.length : 1, value });
  }
}
