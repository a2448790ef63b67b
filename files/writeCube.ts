import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { verdictNames } from "../src/program/method.ts";
import { type SweepCube, sweepCube } from "../src/results/sweepCube.ts";
import type { SweepTable } from "../src/results/sweepTable.ts";
import { matArray, matHeader } from "./matArray.ts";
import { npzWriter } from "./npyWriter.ts";
import { type Header, toFile } from "./tableWriters.ts";

type CubeArray = Int32Array | Uint8Array | Float32Array | Float64Array;

interface Variable {
  readonly name: string;
  readonly dimensions: readonly Dimension[];
  readonly unit: string;
  readonly meaning: string;
  readonly data: CubeArray;
}

const dimensions = ["tile", "age", "row", "line"] as const;
type Dimension = (typeof dimensions)[number];

type Write = (path: string, header: Header, tables: AsyncIterable<SweepTable>) => Promise<number>;

/** HDF5 with dimension scales: `xarray.open_dataset` reads it as it is. @returns readings written. */
export const writeSweepsHdf5: Write = async (path, header, tables) => {
  const cube = await sweepCube(tables);
  // Loaded only where a cube is written, as it takes a fifth of a second. Its `Module` exists once it is ready.
  const hdf5 = await import("./hdf5Runtime.ts");
  await hdf5.ready;
  hdf5.Module.activate_throwing_error_handler();
  const file = new hdf5.File(resolve(path), "w");
  try {
    for (const [key, value] of Object.entries({ ...header, verdicts: verdictNames.join(",") }))
      file.create_attribute(key, value);
    for (const { name, dimensions: along, unit, meaning, data } of variablesOf(cube)) {
      const shape = along.map((dimension) => lengthOf(cube, dimension));
      // HDF5 has chunks of at least one element, so what is empty is not packed.
      const packed = along.length > 1 && data.length > 0;
      const dataset = file.create_dataset({
        name,
        data,
        shape,
        ...(packed && { chunks: shape.map((n, k) => (k < shape.length - 2 ? 1 : n)), compression: 4 }),
      });
      dataset.create_attribute("units", unit);
      dataset.create_attribute("long_name", meaning);
      if (along.length === 1 && name === along[0]) dataset.make_scale(name);
      else along.forEach((dimension, k) => dataset.attach_scale(k, dimension));
    }
  } finally {
    file.close();
  }
  return readingsOf(cube);
};

/** A MAT-file of Level 5, which MATLAB, Octave and scipy read. @returns readings written. */
export const writeSweepsMat: Write = async (path, header, tables) => {
  const cube = await sweepCube(tables);
  const parts = [matHeader()];
  for (const { name, dimensions: along, data } of variablesOf(cube))
    parts.push(
      matArray(
        name,
        along.map((dimension) => lengthOf(cube, dimension)),
        data,
      ),
    );
  for (const [key, value] of Object.entries({ ...header, verdicts: verdictNames.join(",") }))
    parts.push(matArray(`about_${key}`, [1, value.length], value));
  await writeFile(path, Buffer.concat(parts));
  return readingsOf(cube);
};

/**
 * A numpy archive: an array for each variable, and `about`, a JSON text in bytes, which has the header, the names of verdicts, and the
 * dimensions, unit and meaning of each array. @returns readings written.
 */
export const writeSweepsNpz: Write = (path, header, tables) =>
  toFile(path, async (file) => {
    const cube = await sweepCube(tables);
    const archive = npzWriter(file);
    const variables = variablesOf(cube);
    const arrays = Object.fromEntries(
      variables.map(({ name, dimensions: along, unit, meaning }) => [
        name,
        { dimensions: along, unit, meaning },
      ]),
    );
    const about = new TextEncoder().encode(JSON.stringify({ ...header, verdicts: verdictNames, arrays }));
    await archive.add("about", [about.length], about);
    for (const { name, dimensions: along, data } of variables)
      await archive.add(
        name,
        along.map((dimension) => lengthOf(cube, dimension)),
        data,
      );
    await archive.end();
    return readingsOf(cube);
  });

function variablesOf(cube: SweepCube): Variable[] {
  const read = dimensions;
  const device = ["tile", "row", "line"] as const;
  const of = (
    name: string,
    along: readonly Dimension[],
    data: CubeArray,
    unit: string,
    meaning: string,
  ): Variable => ({ name, dimensions: along, data, unit, meaning });
  return [
    of("tile", ["tile"], cube.tile, "", "number of the tile"),
    of("age", ["age"], cube.askedAgeSeconds, "s", "since the tile's last pulse, as asked for"),
    of("row", ["row"], cube.row, "", "row of cells in the tile"),
    of("line", ["line"], cube.line, "", "device of the row: column × devices a cell + device"),
    of("sweep", ["age"], cube.sweep, "", "which age, as in tables"),
    of("conductance_microsiemens", read, cube.conductanceMicrosiemens, "µS", "mean of the averaged reads"),
    of("age_seconds", read, cube.ageSeconds, "s", "since the device's own last pulse"),
    of("flag", read, cube.flag, "", "0 ok, 1 saturated, 2 invalid, 255 not read"),
    of("code", read, cube.code, "", "of the converter; -1 for none"),
    of(
      "row_time_microseconds",
      ["tile", "age", "row"],
      cube.rowTimeMicroseconds,
      "µs",
      "chip time of the read",
    ),
    of(
      "averages",
      ["tile", "age"],
      cube.averages,
      "",
      "reads that were averaged; 0 where the tile was not read",
    ),
    of("celsius", ["tile", "age"], cube.celsius, "°C", "the chip's temperature"),
    of("target_microsiemens", device, cube.targetMicrosiemens, "µS", "target"),
    of("verdict", device, cube.verdict, "", "place in verdicts; 255 for no device"),
    of("weight_row", device, cube.weightRow, "", "input of the weight, in the tile's part of its layer"),
    of("weight_column", device, cube.weightColumn, "", "output of the weight, likewise"),
    of("sign", device, cube.sign, "", "1 or -1: adds to its weight or takes from it"),
    of("significance", device, cube.significance, "", "F: how much a µS counts in the weight"),
    of(
      "pulsed_at_microseconds",
      device,
      cube.pulsedAtMicroseconds,
      "µs",
      "chip time of the device's last pulse",
    ),
  ];
}

function lengthOf(cube: SweepCube, dimension: Dimension): number {
  return dimension === "age" ? cube.askedAgeSeconds.length : cube[dimension].length;
}

function readingsOf({ flag }: SweepCube): number {
  return flag.reduce((count, value) => count + (value === 255 ? 0 : 1), 0);
}
