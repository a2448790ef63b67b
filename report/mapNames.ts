import type { Colour } from "./colourScale.ts";

/** What the devices of a cell are called, in their order on a row. */
export function deviceNames(devicesPerCell: number): string[] {
  if (devicesPerCell === 1) return ["G"];
  if (devicesPerCell === 2) return ["G+", "G−"];
  if (devicesPerCell === 4) return ["G+", "G−", "g+", "g−"];
  return Array.from({ length: devicesPerCell }, (_, device) =>
    devicesPerCell % 2 === 1
      ? `device ${device + 1}`
      : `G${(device >> 1) + 1}${device % 2 === 0 ? "+" : "−"}`,
  );
}

/** One a verdict, in their order: quiet where all is well, loud where it is not. */
export const verdictColours: readonly Colour[] = [
  [170, 176, 184],
  [64, 145, 108],
  [213, 94, 0],
  [230, 159, 0],
  [126, 170, 150],
  [170, 176, 184],
  [184, 86, 143],
  [160, 205, 120],
  [178, 24, 43],
  [33, 102, 172],
  [86, 180, 233],
  [240, 228, 66],
  [120, 60, 160],
  [90, 60, 30],
  [140, 201, 179],
];

/**
 * What the hatch of a map stands for: empty where nothing is hatched.
 *
 * @param readings  where the map shows what was read.
 * @param measures  whether devices were measured, which have no targets.
 */
export function hatchedFor(
  targets: Float32Array,
  { readings, measures = false }: { readonly readings?: Float32Array; readonly measures?: boolean } = {},
): string {
  const unread = readings?.some((reading, i) => Number.isNaN(reading) && !Number.isNaN(targets[i]!)) ?? false;
  return [
    ...(targets.some(Number.isNaN) ? [measures ? "not measured" : "no target"] : []),
    ...(unread ? ["not read"] : []),
  ].join(" or ");
}
