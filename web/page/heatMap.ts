import { type Colour, colourAt, diverging, sequential } from "../../report/colourScale.ts";
import { isBroken, verdictNames, verdicts } from "../../src/program/method.ts";
import type { ShownTile } from "../liveState.ts";

/** One tile's devices, row-major: µS (NaN for none) and verdicts. */
export interface Devices {
  readonly targets: Float32Array;
  readonly readings: Float32Array;
  readonly verdicts: Uint8Array;
}

export const views = ["read", "target", "difference", "verdict"] as const;
export type View = (typeof views)[number];

/** Takes the bytes of `devicesOf` apart. */
export function devicesFrom(bytes: ArrayBuffer): Devices {
  const count = bytes.byteLength / 9;
  return {
    targets: new Float32Array(bytes, 0, count),
    readings: new Float32Array(bytes, 4 * count, count),
    verdicts: new Uint8Array(bytes, 8 * count, count),
  };
}

/** How a cell's devices are called, in their order on a row. */
export function deviceNames(devicesPerCell: number): readonly string[] {
  if (devicesPerCell === 2) return ["G+", "G−"];
  if (devicesPerCell === 4) return ["G+", "G−", "g+", "g−"];
  return Array.from({ length: devicesPerCell }, (_, d) => `device ${d + 1}`);
}

/** A colour for each group of verdicts, with its name. */
export const verdictGroups = [
  { name: "at work", colour: "--series-5", holds: (v: number) => v === verdicts.pending },
  { name: "in place", colour: "--in-place", holds: (v: number) => v === verdicts.inPlace },
  { name: "accepted", colour: "--series-2", holds: (v: number) => v === verdicts.accepted },
  { name: "fired, not read", colour: "--series-0", holds: (v: number) => v === verdicts.unverified },
  { name: "outside tolerance", colour: "--series-4", holds: (v: number) => v === verdicts.acceptedOutside },
  {
    name: "given up",
    colour: "--series-1",
    holds: (v: number) =>
      v === verdicts.unreachable || v === verdicts.budgetSpent || v === verdicts.uncertain,
  },
  { name: "broken", colour: "--series-3", holds: isBroken },
] as const;

export function verdictName(verdict: number): string {
  return verdictNames[verdict] ?? "unknown";
}

/** µS at which a difference has full colour: 99 % of the devices lie within. */
export function differenceRange({ readings, targets }: Devices): number {
  const sizes = readings.map((reading, i) => Math.abs(reading - targets[i]!)).filter((d) => !Number.isNaN(d));
  if (sizes.length === 0) return 1;
  sizes.sort();
  return Math.max(0.1, Math.ceil(10 * sizes[Math.floor(0.99 * (sizes.length - 1))]!) / 10);
}

/**
 * Draws one device of every cell, a pixel each.
 *
 * @param device  which of the cell's devices.
 * @param colourOf  what a variable of the page's style stands for.
 */
export function drawPanel(
  canvas: HTMLCanvasElement,
  shown: ShownTile,
  devices: Devices,
  view: View,
  device: number,
  colourOf: (variable: string) => Colour,
): void {
  const width = Math.floor(shown.devicesPerRow / shown.devicesPerCell);
  if (canvas.width !== width || canvas.height !== shown.rows) {
    canvas.width = width;
    canvas.height = shown.rows;
  }
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(width, shown.rows);
  const paint = painter(shown, devices, view, colourOf);
  for (let cell = 0; cell < width * shown.rows; cell++) {
    const colour = paint(deviceAt(shown, cell % width, Math.floor(cell / width), device));
    if (colour === undefined) continue;
    image.data[4 * cell] = colour[0];
    image.data[4 * cell + 1] = colour[1];
    image.data[4 * cell + 2] = colour[2];
    image.data[4 * cell + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

/** A device's place in its tile's arrays. */
export function deviceAt(shown: ShownTile, column: number, row: number, device: number): number {
  return row * shown.devicesPerRow + column * shown.devicesPerCell + device;
}

/** @returns the colour of a device; undefined for one that has none. */
function painter(
  shown: ShownTile,
  devices: Devices,
  view: View,
  colourOf: (variable: string) => Colour,
): (i: number) => Colour | undefined {
  const { targets, readings } = devices;
  const full = shown.maxConductanceMicrosiemens;
  if (view === "verdict") {
    const colours = verdictNames.map((_, verdict) => {
      const group = verdictGroups.find(({ holds }) => holds(verdict));
      return group && colourOf(group.colour);
    });
    return (i) => colours[devices.verdicts[i]!];
  }
  if (view === "difference") {
    const range = differenceRange(devices);
    return (i) => shade(diverging, 0.5 + (readings[i]! - targets[i]!) / (2 * range));
  }
  const values = view === "target" ? targets : readings;
  return (i) => (Number.isNaN(targets[i]!) ? undefined : shade(sequential, values[i]! / full));
}

function shade(scale: readonly Colour[], share: number): Colour | undefined {
  return Number.isNaN(share) ? undefined : colourAt(scale, share);
}
