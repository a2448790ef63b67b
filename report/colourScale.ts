/** Red, green and blue, 0 … 255. */
export type Colour = readonly [red: number, green: number, blue: number];

/** Perceptually even, dark to bright: anchors of viridis (Smith & van der Walt, matplotlib). */
export const sequential: readonly Colour[] = [
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
export const diverging: readonly Colour[] = [
  [33, 102, 172],
  [146, 197, 222],
  [240, 240, 240],
  [244, 165, 130],
  [178, 24, 43],
];

/** The colour of a share, 0 … 1; what lies beyond has the colour of the end. */
export function colourAt(scale: readonly Colour[], share: number): [number, number, number] {
  const at = Math.min(1, Math.max(0, share)) * (scale.length - 1);
  const low = Math.min(scale.length - 2, Math.floor(at));
  const part = at - low;
  const mix = (c: 0 | 1 | 2): number => Math.round(scale[low]![c] * (1 - part) + scale[low + 1]![c] * part);
  return [mix(0), mix(1), mix(2)];
}
