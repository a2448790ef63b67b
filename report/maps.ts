import { encode } from "fast-png";
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

const devicesPerCell = 4;
const gap = 2;

/** Conductances from 0 to full range as a picture: G+ and G− above, g+ and g− below. A data URL. */
export function conductancePicture(map: ConductanceMap, conductances: Float32Array): string {
  return picture(map, sequential, (i) =>
    Number.isNaN(map.target[i]!) ? Number.NaN : conductances[i]! / map.maxConductanceMicrosiemens,
  );
}

/** Read back less target, on a range that holds 99 % of the devices. */
export function differencePicture(map: ConductanceMap): { picture: string; rangeMicrosiemens: number } {
  const sizes = map.readBack
    .map((g, i) => Math.abs(g - map.target[i]!))
    .filter((size) => !Number.isNaN(size));
  sizes.sort();
  const rangeMicrosiemens = Math.max(1, Math.ceil(sizes[Math.floor(0.99 * (sizes.length - 1))] ?? 1));
  const difference = (i: number): number =>
    0.5 + (map.readBack[i]! - map.target[i]!) / (2 * rangeMicrosiemens);
  return { picture: picture(map, diverging, difference), rangeMicrosiemens };
}

/** A bar that explains a scale, with what its ends mean. */
export function colourBar(scale: "sequential" | "diverging", low: string, high: string): string {
  const stops = (scale === "sequential" ? sequential : diverging).map((colour) => `rgb(${colour.join(",")})`);
  return `<div class="bar">${low}<i style="background:linear-gradient(90deg,${stops.join(",")})"></i>${high}</div>`;
}

/** @param shade  0 … 1 for a device, NaN for none. */
function picture(map: ConductanceMap, scale: readonly Colour[], shade: (device: number) => number): string {
  const columns = map.devicesPerRow / devicesPerCell;
  const width = 2 * columns + gap;
  const height = 2 * map.rows + gap;
  const data = new Uint8Array(4 * width * height);
  for (let i = 0; i < map.rows * map.devicesPerRow; i++) {
    const share = shade(i);
    if (Number.isNaN(share)) continue;
    const row = Math.floor(i / map.devicesPerRow);
    const column = Math.floor((i % map.devicesPerRow) / devicesPerCell);
    const device = i % devicesPerCell;
    const x = column + (device % 2 === 1 ? columns + gap : 0);
    const y = row + (device >= 2 ? map.rows + gap : 0);
    data.set([...colourAt(scale, share), 255], 4 * (y * width + x));
  }
  return `data:image/png;base64,${Buffer.from(encode({ width, height, data })).toString("base64")}`;
}

function colourAt(scale: readonly Colour[], share: number): [number, number, number] {
  const at = Math.min(1, Math.max(0, share)) * (scale.length - 1);
  const low = Math.min(scale.length - 2, Math.floor(at));
  const part = at - low;
  const mix = (c: 0 | 1 | 2): number => Math.round(scale[low]![c] * (1 - part) + scale[low + 1]![c] * part);
  return [mix(0), mix(1), mix(2)];
}
