import type { ChartPoint } from "./chart.ts";

/** So many are drawn as they are. */
const mostPoints = 1000;
const columnPixels = 2;

/**
 * The points of a long series that a drawing shows: of those that fall into one narrow column, the lowest and the highest of each
 * line, in their order. The others would lie on top of these; a page of years would take minutes and fifteen megabytes.
 *
 * @param placeOf  where on the x axis a point stands, from 0 to 1.
 * @param width    of the drawing, in pixels.
 */
export function thinned(
  points: readonly ChartPoint[],
  placeOf: (point: ChartPoint) => number,
  width: number,
): readonly ChartPoint[] {
  if (points.length <= mostPoints) return points;
  const columns = Math.ceil(width / columnPixels);
  const extremes = new Map<number, number[]>();
  points.forEach((point, i) => {
    const column = Math.floor(columns * placeOf(point));
    const found = extremes.get(column);
    if (found === undefined) return void extremes.set(column, [i, i, i, i]);
    if (point.y < points[found[0]!]!.y) found[0] = i;
    if (point.y > points[found[1]!]!.y) found[1] = i;
    if (point.low! < points[found[2]!]!.low!) found[2] = i;
    if (point.high! > points[found[3]!]!.high!) found[3] = i;
  });
  // The ends stand whatever lies beside them.
  const shown = new Set([0, ...[...extremes.values()].flat(), points.length - 1]);
  return points.filter((_, i) => shown.has(i));
}
