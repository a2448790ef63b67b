import { encode } from "fast-png";
import { sortedSizes } from "./statistics.ts";
import type { ConductanceMap } from "./story.ts";

type Colour = readonly [red: number, green: number, blue: number];

/** Perceptually even, dark to bright: anchors of viridis (Smith & van der Walt, matplotlib). */
const sequential: readonly Colour[] = [
  [68, 1, 84],
  [71, 44, 122],
  [59, 81, 139],
  [44, 113, 142],
  [33, 144, 141],
  [39, 173, 129],
  [92, 200, 99],
  [170, 220, 50],
  [253, 231, 37],
];

/** Blue below, red above, grey in between. */
const diverging: readonly Colour[] = [
  [33, 102, 172],
  [146, 197, 222],
  [240, 240, 240],
  [244, 165, 130],
  [178, 24, 43],
];

/** The devices of a cell, in their order on a row. */
export const deviceNames = ["G+", "G−", "g+", "g−"];

/** Conductances from 0 to full range: a picture for each device of a cell, as data URLs. */
export function conductancePictures(map: ConductanceMap, conductances: Float32Array): string[] {
  return pictures(map, sequential, (i) =>
    Number.isNaN(map.target[i]!) ? Number.NaN : conductances[i]! / map.maxConductanceMicrosiemens,
  );
}

/** Read back less target, full colour at ± a range in µS. */
export function differencePictures(map: ConductanceMap, rangeMicrosiemens: number): string[] {
  return pictures(map, diverging, (i) => 0.5 + (map.readBack[i]! - map.target[i]!) / (2 * rangeMicrosiemens));
}

/** How far the devices are from their targets, µS, ascending; devices without a target left out. */
export function sortedDifferences(map: ConductanceMap): Float32Array {
  return sortedSizes(map.readBack.map((conductance, i) => conductance - map.target[i]!));
}

/** A bar that explains a scale, with what its ends mean. `low` and `high` are HTML. */
export function colourBar(scale: "sequential" | "diverging", low: string, high: string): string {
  const stops = (scale === "sequential" ? sequential : diverging).map((colour) => `rgb(${colour.join(",")})`);
  return (
    `<div class="bar"><span>${low}</span>` +
    `<i style="background:linear-gradient(90deg,${stops.join(",")})"></i><span>${high}</span></div>`
  );
}

/** @param shade  0 … 1 for a device, NaN for none, which stays transparent. */
function pictures(
  map: ConductanceMap,
  scale: readonly Colour[],
  shade: (device: number) => number,
): string[] {
  const width = Math.floor(map.devicesPerRow / deviceNames.length);
  return deviceNames.map((_, device) => {
    const data = new Uint8Array(4 * width * map.rows);
    for (let cell = 0; cell < width * map.rows; cell++) {
      const row = Math.floor(cell / width);
      const share = shade(row * map.devicesPerRow + (cell % width) * deviceNames.length + device);
      if (!Number.isNaN(share)) data.set([...colourAt(scale, share), 255], 4 * cell);
    }
    const bytes = encode({ width, height: map.rows, data });
    return `data:image/png;base64,${Buffer.from(bytes).toString("base64")}`;
  });
}

function colourAt(scale: readonly Colour[], share: number): [number, number, number] {
  const at = Math.min(1, Math.max(0, share)) * (scale.length - 1);
  const low = Math.min(scale.length - 2, Math.floor(at));
  const part = at - low;
  const mix = (c: 0 | 1 | 2): number => Math.round(scale[low]![c] * (1 - part) + scale[low + 1]![c] * part);
  return [mix(0), mix(1), mix(2)];
}
