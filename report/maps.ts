import { encode } from "fast-png";
import { type Colour, colourAt, diverging, sequential } from "./colourScale.ts";
import { deviceNames, verdictColours } from "./mapNames.ts";
import { verdictNames } from "../src/program/method.ts";
import { sortedSizes } from "../src/statistics.ts";
import type { FigureNumbers, SeriesNumbers } from "./chart.ts";
import type { ConductanceMap } from "./story.ts";

/** Conductances from 0 to full range: a picture for each device of a cell, as data URLs. */
export function conductancePictures(map: ConductanceMap, conductances: Float32Array): string[] {
  return pictures(map, (i) =>
    Number.isNaN(map.target[i]!)
      ? undefined
      : shaded(sequential, conductances[i]! / map.maxConductanceMicrosiemens),
  );
}

/** Read back less target, full colour at ± a range in µS. */
export function differencePictures(map: ConductanceMap, rangeMicrosiemens: number): string[] {
  return pictures(map, (i) =>
    shaded(diverging, 0.5 + (map.readBack[i]! - map.target[i]!) / (2 * rangeMicrosiemens)),
  );
}

/** How far the devices are from their targets, µS, ascending; devices without a target left out. */
export function sortedDifferences(map: ConductanceMap): Float32Array {
  return sortedSizes(map.readBack.map((conductance, i) => conductance - map.target[i]!));
}

/** A bar that explains a scale, with what its ends and its middle mean: HTML. */
export function colourBar(scale: "sequential" | "diverging", [low, middle, high]: readonly string[]): string {
  const stops = (scale === "sequential" ? sequential : diverging).map((colour) => `rgb(${colour.join(",")})`);
  return (
    `<div class="bar"><i style="background:linear-gradient(90deg,${stops.join(",")})"></i>` +
    `<span>${low}</span><span>${middle}</span><span>${high}</span></div>`
  );
}

/** How each device ended, each verdict in its colour. */
export function verdictPictures(map: ConductanceMap, verdicts: Uint8Array): string[] {
  return pictures(map, (i) => (Number.isNaN(map.target[i]!) ? undefined : verdictColours[verdicts[i]!]));
}

/** The same as numbers for the file; none of a tile that is too large for it, whose devices `mho export` writes. */
export function mapNumbers(map: ConductanceMap | undefined): FigureNumbers[] {
  if (map === undefined || map.target.length > mostDevicesInFile) return [];
  const { devicesPerCell, tile, chip } = map;
  const x = {
    name: `cell of tile ${tile}${chip === undefined ? "" : ` of ${chip}`}, row after row from ${map.rowStart} on, ${cellsPerRow(map)} a row`,
    unit: "",
  };
  const named = (values: ArrayLike<number>, what: string): SeriesNumbers[] =>
    deviceNames(devicesPerCell).map((name, device) => ({
      name: `${what} ${name}`,
      points: Array.from({ length: cellsPerRow(map) * map.rows }, (_, cell) => ({
        x: cell,
        y: values[cell * devicesPerCell + device]!,
      })).filter((_, cell) => !Number.isNaN(map.target[cell * devicesPerCell + device]!)),
    }));
  return [
    {
      figure: "conductance_map",
      x,
      y: { name: "conductance", unit: "microsiemens" },
      series: [...named(rounded(map.target), "target"), ...named(rounded(map.readBack), "read back")],
    },
    {
      figure: "error_map",
      x,
      y: { name: "read back less target", unit: "microsiemens" },
      series: named(rounded(map.readBack.map((g, i) => g - map.target[i]!)), "error"),
    },
    ...(map.verdicts === undefined
      ? []
      : [
          {
            figure: "verdict_map",
            x,
            y: { name: `verdict (${verdictNames.map((name, k) => `${k} ${name}`).join(", ")})`, unit: "" },
            series: named(map.verdicts, "verdict"),
          },
        ]),
  ];
}

const mostDevicesInFile = 65_536;

/** 32-bit numbers without the tail that 64 bits give them. */
function rounded(values: Float32Array): Float64Array {
  return Float64Array.from(values, (value) => Number(value.toPrecision(7)));
}

/** Cells side by side. */
export function cellsPerRow({
  devicesPerRow,
  devicesPerCell,
}: Pick<ConductanceMap, "devicesPerRow" | "devicesPerCell">): number {
  return Math.floor(devicesPerRow / devicesPerCell);
}

function shaded(scale: readonly Colour[], share: number): Colour | undefined {
  return Number.isNaN(share) ? undefined : colourAt(scale, share);
}

/** @param colour  of a device; undefined for none, which stays transparent. */
function pictures(map: ConductanceMap, colour: (device: number) => Colour | undefined): string[] {
  const width = cellsPerRow(map);
  return deviceNames(map.devicesPerCell).map((_, device) => {
    const data = new Uint8Array(4 * width * map.rows);
    for (let cell = 0; cell < width * map.rows; cell++) {
      const found = colour(cell * map.devicesPerCell + device);
      if (found !== undefined) data.set([...found, 255], 4 * cell);
    }
    const bytes = encode({ width, height: map.rows, data });
    return `data:image/png;base64,${Buffer.from(bytes).toString("base64")}`;
  });
}
