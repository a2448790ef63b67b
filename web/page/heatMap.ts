import { type Colour, colourAt, diverging, sequential } from "../../report/colourScale.ts";
import { verdictColours } from "../../report/mapNames.ts";
import { verdictNames } from "../../src/program/method.ts";
import type { ShownTile } from "../liveState.ts";
import { type Devices, drawn, gridOf } from "../shownDevices.ts";

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

/** Verdicts that devices have, with how many have each, the commonest first. */
export function verdictsOf(shown: ShownTile, devices: Devices): { verdict: number; devices: number }[] {
  const isDrawn = drawn(shown, devices);
  const counts = verdictNames.map((_, verdict) => ({ verdict, devices: 0 }));
  devices.verdicts.forEach((verdict, i) => {
    const count = counts[verdict];
    if (count !== undefined && isDrawn(i)) count.devices++;
  });
  return counts.filter((one) => one.devices > 0).sort((a, b) => b.devices - a.devices);
}

export function verdictName(verdict: number): string {
  return verdictNames[verdict] ?? "unknown";
}

/** µS at which a difference has full colour: 99 % of the devices lie within. A film keeps that of the devices as they are now. */
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
 * @param range   of a difference, µS.
 */
export function drawPanel(
  canvas: HTMLCanvasElement,
  shown: ShownTile,
  devices: Devices,
  { view, device, range }: { readonly view: View; readonly device: number; readonly range: number },
): void {
  const { columns, rows, cells } = gridOf(shown, devices);
  if (canvas.width !== columns || canvas.height !== rows) {
    canvas.width = columns;
    canvas.height = rows;
  }
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(columns, rows);
  const paint = painter(shown, devices, view, range);
  for (let cell = 0; cell < cells; cell++) {
    const colour = paint(cell * shown.devicesPerCell + device);
    if (colour === undefined) continue;
    image.data[4 * cell] = colour[0];
    image.data[4 * cell + 1] = colour[1];
    image.data[4 * cell + 2] = colour[2];
    image.data[4 * cell + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

/** @returns the colour of a device; undefined for one that has none. */
function painter(
  shown: ShownTile,
  devices: Devices,
  view: View,
  range: number,
): (i: number) => Colour | undefined {
  const { targets, readings } = devices;
  const full = shown.maxConductanceMicrosiemens;
  const isDrawn = drawn(shown, devices);
  if (view === "verdict") return (i) => (isDrawn(i) ? verdictColours[devices.verdicts[i]!] : undefined);
  if (view === "difference") return (i) => shade(diverging, 0.5 + (readings[i]! - targets[i]!) / (2 * range));
  const values = view === "target" ? targets : readings;
  return (i) => (isDrawn(i) ? shade(sequential, values[i]! / full) : undefined);
}

function shade(scale: readonly Colour[], share: number): Colour | undefined {
  return Number.isNaN(share) ? undefined : colourAt(scale, share);
}
