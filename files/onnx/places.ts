import { countOf } from "../tensor.ts";
import type { Constant } from "./constant.ts";
import type { Made } from "./fold.ts";
import type { Node } from "./graph.ts";

/** Where the element of a larger shape stands in a tensor that is repeated to fill it. */
export function placesIn({ shape, values }: Made, whole: readonly number[]): (i: number) => number {
  if (values.length === countOf(whole)) return (i) => i;
  if (values.length === 1) return () => 0;
  const offset = whole.length - shape.length;
  return (i) => {
    let [rest, place, unit] = [i, 0, 1];
    for (let d = whole.length - 1; d >= offset; d--) {
      const size = shape[d - offset]!;
      if (size > 1) place += (rest % whole[d]!) * unit;
      rest = Math.floor(rest / whole[d]!);
      unit *= size;
    }
    return place;
  };
}

/** The shape that several shapes are repeated to; undefined where they do not fit each other. */
export function commonShape(shapes: readonly (readonly number[])[]): readonly number[] | undefined {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  if (rank > mostDimensions) return undefined;
  const made: number[] = [];
  for (let d = 0; d < rank; d++) {
    const sizes = shapes.map((shape) => shape[d - rank + shape.length] ?? 1);
    const size = sizes.find((one) => one !== 1) ?? 1;
    if (sizes.some((one) => one !== size && one !== 1)) return undefined;
    made.push(size);
  }
  return made;
}

/** The elements whose index along each dimension stands in that dimension's list, in the order of the lists. */
export function selected(
  { shape, dataType, values }: Made,
  lists: readonly (readonly number[])[],
): Made | undefined {
  const made = lists.map((list) => list.length);
  const count = countOf(made);
  if (
    lists.length !== shape.length ||
    !(count <= mostMade) ||
    lists.some((list, d) => list.some((i) => !(i >= 0 && i < shape[d]!)))
  )
    return undefined;
  const strides = shape.map((_, d) => shape.slice(d + 1).reduce((product, size) => product * size, 1));
  const chosen = new Float64Array(count);
  const place = made.map(() => 0);
  for (let to = 0; to < count; to++) {
    let from = 0;
    for (let d = 0; d < made.length; d++) from += strides[d]! * lists[d]![place[d]!]!;
    chosen[to] = values[from]!;
    for (let d = made.length - 1; d >= 0 && ++place[d]! === made[d]!; d--) place[d] = 0;
  }
  return { shape: made, dataType, values: chosen };
}

/** Every index along each dimension; of a tensor of nothing, none: its other dimensions may be of any size. */
export function allOf({ shape, values }: Made): number[][] {
  return values.length === 0 ? [] : shape.map((size) => Array.from({ length: size }, (_, i) => i));
}

export function axisOf(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/** The axes that a node names by an attribute or, since later versions, by an input; undefined where it names none that there are. */
export function axesOf(node: Node, given: Constant | undefined, rank: number): number[] | undefined {
  const axes = given === undefined ? node.attributes.get("axes")?.wholes : [...given.values];
  const found = axes?.map((axis) => axisOf(axis, rank));
  return found?.every((axis) => axis >= 0 && axis < rank) ? found : undefined;
}

export const mostDimensions = 64;

/** A small file must not name a large tensor. */
export const mostMade = 2 ** 25;
