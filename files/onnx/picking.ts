import { countOf } from "../tensor.ts";
import type { Constant } from "./constant.ts";
import type { Fold, Made } from "./fold.ts";
import {
  allOf,
  axesOf,
  axisOf,
  commonShape,
  mostDimensions,
  mostMade,
  placesIn,
  selected,
} from "./places.ts";

/** Operators that pick, repeat and join numbers, and change none. */
export const picking: Readonly<Record<string, Fold>> = {
  Concat(node, inputs, first) {
    const parts = inputs.filter((part): part is Constant => part !== undefined);
    const axis = axisOf(node.attributes.get("axis")?.whole ?? 0, first.shape.length);
    return parts.length === inputs.length ? joined(parts, axis) : undefined;
  },

  Split(node, [, given], first, output) {
    const axis = axisOf(node.attributes.get("axis")?.whole ?? 0, first.shape.length);
    const size = first.shape[axis];
    if (size === undefined || first.values.length === 0) return undefined;
    const parts = node.outputs.length;
    const each = Math.ceil(size / parts);
    const sizes =
      given !== undefined
        ? [...given.values]
        : (node.attributes.get("split")?.wholes.length ?? 0) > 0
          ? node.attributes.get("split")!.wholes
          : Array.from({ length: parts }, (_, n) => Math.min(each, size - n * each));
    if (sizes.length !== parts || sizes.reduce((sum, one) => sum + one, 0) !== size) return undefined;
    const from = sizes.slice(0, output).reduce((sum, one) => sum + one, 0);
    const own = sizes[output]!;
    if (!(own >= 0)) return undefined;
    return along(
      first,
      axis,
      Array.from({ length: own }, (_, i) => from + i),
    );
  },

  Slice(node, [, starts, ends, given, steps], first) {
    const wholes = (name: string): readonly number[] | undefined => node.attributes.get(name)?.wholes;
    const [from, to] = [
      starts ? [...starts.values] : wholes("starts"),
      ends ? [...ends.values] : wholes("ends"),
    ];
    if (from === undefined || to?.length !== from.length || first.values.length === 0) return undefined;
    const named = given !== undefined || (wholes("axes")?.length ?? 0) > 0;
    const axes = named ? axesOf(node, given, first.shape.length) : from.map((_, d) => d);
    if (axes?.length !== from.length || new Set(axes).size !== axes.length) return undefined;
    const lists = allOf(first);
    for (const [n, axis] of axes.entries()) {
      const list = steppedFrom(from[n]!, to[n]!, steps?.values[n] ?? 1, first.shape[axis] ?? 0);
      if (list === undefined) return undefined;
      lists[axis] = list;
    }
    return selected(first, lists);
  },

  Gather(node, [, indices], first) {
    const axis = axisOf(node.attributes.get("axis")?.whole ?? 0, first.shape.length);
    const size = first.shape[axis];
    if (indices === undefined || size === undefined) return undefined;
    const list = Array.from(indices.values, (index) => axisOf(index, size));
    const made = along(first, axis, list);
    const shape = [...first.shape.slice(0, axis), ...indices.shape, ...first.shape.slice(axis + 1)];
    return made && shape.length <= mostDimensions ? { ...made, shape } : undefined;
  },

  Tile(_, [, repeats], first) {
    if (repeats?.values.length !== first.shape.length || first.values.length === 0) return undefined;
    const sizes = first.shape.map((size, d) => size * repeats.values[d]!);
    if (!(countOf(sizes) <= mostMade)) return undefined;
    return selected(
      first,
      sizes.map((size, d) => Array.from({ length: size }, (__, i) => i % first.shape[d]!)),
    );
  },

  Expand(_, [, wanted], first) {
    const shape = wanted && commonShape([first.shape, [...wanted.values]]);
    return shape && repeated(first, shape);
  },

  Where(_, [, yes, no], condition) {
    const shape = yes && no && commonShape([condition.shape, yes.shape, no.shape]);
    if (shape === undefined || yes!.dataType !== no!.dataType || !(countOf(shape) <= mostMade))
      return undefined;
    const [c, a, b] = [placesIn(condition, shape), placesIn(yes!, shape), placesIn(no!, shape)];
    const values = Float64Array.from({ length: countOf(shape) }, (__, i) =>
      condition.values[c(i)] === 0 ? no!.values[b(i)]! : yes!.values[a(i)]!,
    );
    return { shape, dataType: yes!.dataType, values };
  },
};

function along(first: Constant, axis: number, list: readonly number[]): Made | undefined {
  const lists: (readonly number[])[] = allOf(first);
  lists[axis] = list;
  return selected(first, lists);
}

function repeated(first: Constant, shape: readonly number[]): Made | undefined {
  const count = countOf(shape);
  if (!(count <= mostMade)) return undefined;
  const place = placesIn(first, shape);
  const values = Float64Array.from({ length: count }, (_, i) => first.values[place(i)]!);
  return { shape, dataType: first.dataType, values };
}

function joined(parts: readonly Constant[], axis: number): Made | undefined {
  const [first] = parts;
  const fits = parts.every(
    ({ shape, dataType }) =>
      dataType === first!.dataType &&
      shape.length === first!.shape.length &&
      shape.every((size, d) => d === axis || size === first!.shape[d]),
  );
  if (!fits || first!.shape[axis] === undefined) return undefined;
  const size = parts.reduce((sum, { shape }) => sum + shape[axis]!, 0);
  const shape = first!.shape.map((one, d) => (d === axis ? size : one));
  const count = countOf(shape);
  if (!(count <= mostMade)) return undefined;
  const values = new Float64Array(count);
  const inner = shape.slice(axis + 1).reduce((product, one) => product * one, 1);
  let at = 0;
  for (const part of parts) {
    const run = part.shape[axis]! * inner;
    for (let from = 0, to = at; from < part.values.length; from += run, to += size * inner)
      values.set(part.values.subarray(from, from + run), to);
    at += run;
  }
  return { shape, dataType: first!.dataType, values };
}

/** The indices of a slice, whose ends may lie outside, as Python has it. */
function steppedFrom(start: number, end: number, step: number, size: number): number[] | undefined {
  if (!Number.isSafeInteger(step) || step === 0) return undefined;
  const [least, most] = step > 0 ? [0, size] : [-1, size - 1];
  const inside = (place: number): number => Math.min(most, Math.max(least, axisOf(place, size)));
  const [from, to] = [inside(start), inside(end)];
  const list: number[] = [];
  for (let i = from; step > 0 ? i < to : i > to; i += step) list.push(i);
  return list;
}
