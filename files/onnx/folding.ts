import { roundToBfloat, roundToEven, roundToHalf } from "../halves.ts";
import { countOf } from "../tensor.ts";
import type { Constant } from "./constant.ts";
import type { Fold, Made } from "./fold.ts";
import type { Node } from "./graph.ts";
import { multiplying } from "./multiplying.ts";
import { picking } from "./picking.ts";
import { axesOf, axisOf, commonShape, placesIn } from "./places.ts";
import { reducing } from "./reducing.ts";
import { dataTypes } from "./tensor.ts";

/**
 * What a node makes of constants, rounded as its type rounds. Undefined for operators that are not in the list below, and for uses of
 * them that are not.
 */
export function folded(
  node: Node,
  inputs: readonly (Constant | undefined)[],
  output = 0,
): Constant | undefined {
  const [first] = inputs;
  // ONNX Runtime's own quantiser has these two in its own domain, too.
  const known =
    node.domain === "" || (node.domain === "com.microsoft" && /^(?:De)?[qQ]uantizeLinear$/.test(node.op));
  const fold = known && Object.hasOwn(folds, node.op) ? folds[node.op]! : undefined;
  if (fold === undefined || first === undefined) return undefined;
  const made = output === 0 || node.op === "Split" ? fold(node, inputs, first, output) : undefined;
  if (made === undefined || made.values.length !== countOf(made.shape)) return undefined;
  const largest = inputs.reduce<Constant>(
    (a, b) => (b !== undefined && b.sourceCount > a.sourceCount ? b : a),
    first,
  );
  return { ...made, source: largest.source, sourceCount: largest.sourceCount };
}

const same: Fold = (_, __, first) => first;

const folds: Readonly<Record<string, Fold>> = {
  ...picking,
  ...reducing((dataType) => conversions[dataType]),
  ...multiplying((dataType) => conversions[dataType]),
  Identity: same,
  Dropout: same,
  Cast(node, _, { shape, values }) {
    const to = node.attributes.get("to")?.whole ?? 0;
    const convert = conversions[to];
    return convert && { shape, dataType: to, values: values.map(convert) };
  },
  Transpose(node, _, first) {
    const rank = first.shape.length;
    const given = node.attributes.get("perm")?.wholes;
    const order = given ?? first.shape.map((_size, d) => rank - 1 - d);
    return isOrder(order, rank) ? transposed(first, order) : undefined;
  },
  Reshape(node, [, wanted], first) {
    if (wanted === undefined) return undefined;
    const keepsZero = node.attributes.get("allowzero")?.whole === 1;
    const sizes = Array.from(wanted.values, (size, d) =>
      size === 0 && !keepsZero ? (first.shape[d] ?? -2) : size,
    );
    const known = sizes.filter((size) => size !== -1).reduce((product, size) => product * size, 1);
    return { ...first, shape: sizes.map((size) => (size === -1 ? first.values.length / known : size)) };
  },
  Flatten(node, _, first) {
    const axis = axisOf(node.attributes.get("axis")?.whole ?? 1, first.shape.length);
    const rows = first.shape.slice(0, axis).reduce((product, size) => product * size, 1);
    return { ...first, shape: [rows, rows === 0 ? 0 : first.values.length / rows] };
  },
  Squeeze(node, [, given], first) {
    const axes = axesOf(node, given, first.shape.length);
    if (axes?.some((axis) => first.shape[axis] !== 1)) return undefined;
    return { ...first, shape: first.shape.filter((size, d) => !(axes?.includes(d) ?? size === 1)) };
  },
  Unsqueeze(node, [, given], first) {
    const count = given?.values.length ?? node.attributes.get("axes")?.wholes.length ?? 0;
    const rank = first.shape.length + count;
    const axes = rank <= 64 ? axesOf(node, given, rank) : undefined;
    if (axes === undefined) return undefined;
    let next = 0;
    return {
      ...first,
      shape: Array.from({ length: rank }, (_size, d) => (axes.includes(d) ? 1 : (first.shape[next++] ?? -1))),
    };
  },
  Trilu(node, [, given], first) {
    const [rows = 0, columns = 0] = first.shape.slice(-2);
    const upper = (node.attributes.get("upper")?.whole ?? 1) !== 0;
    const from = given?.values[0] ?? 0;
    const keeps = (r: number, c: number): boolean => (upper ? c - r >= from : c - r <= from);
    const values = first.values.map((value, i) =>
      keeps(Math.floor(i / columns) % rows, i % columns) ? value : 0,
    );
    return first.shape.length < 2 ? undefined : { ...first, values };
  },
  Neg: each((value) => -value),
  Abs: each(Math.abs),
  Sqrt: each(Math.sqrt),
  Reciprocal: each((value) => 1 / value),
  Exp: each(Math.exp),
  Log: each(Math.log),
  Tanh: each(Math.tanh),
  Sigmoid: each((value) => 1 / (1 + Math.exp(-value))),
  Relu: each((value) => Math.max(0, value)),
  Round: each(roundToEven),
  Floor: each(Math.floor),
  Ceil: each(Math.ceil),
  Sign: each(Math.sign),
  Add: both((a, b) => a + b),
  Sub: both((a, b) => a - b),
  Mul: both((a, b) => a * b),
  Div: both((a, b) => a / b),
  Sum: several((a, b) => a + b),
  Max: several(Math.max),
  Min: several(Math.min),
  Clip(node, [, least, most], first) {
    const of = (one: Constant | undefined, name: string): number | undefined =>
      one === undefined ? node.attributes.get(name)?.real : one.values[0];
    const [low, high] = [of(least, "min") ?? -Infinity, of(most, "max") ?? Infinity];
    return each((value) => Math.min(high, Math.max(low, value)))(node, [], first, 0);
  },
  Pow(node, inputs, first) {
    const power = inputs[1]?.values;
    if (power === undefined || !power.every((exponent) => Object.hasOwn(powers, exponent))) return undefined;
    return both((a, b) => powers[b]!(a))(node, inputs, first, 0);
  },
  QuantizeLinear(node, inputs, first) {
    const [, scale, zero] = inputs;
    const to = zero?.dataType ?? node.attributes.get("output_dtype")?.whole ?? 2;
    const [least, most] = ranges[to] ?? [];
    if (scale === undefined || least === undefined || most === undefined) return undefined;
    return scaled(node, first, scale, zero, to, (value, step, shift) =>
      Math.min(most, Math.max(least, roundToEven(Math.fround(value / step)) + shift)),
    );
  },
  DequantizeLinear(node, [, scale, zero], first) {
    if (scale === undefined) return undefined;
    return scaled(node, first, scale, zero, scale.dataType, (value, step, shift) => (value - shift) * step);
  },
};

/** Without Math.pow, whose last digit depends on the version of Node. */
const powers: Readonly<Record<number, (value: number) => number>> = {
  [-2]: (value) => 1 / (value * value),
  [-1]: (value) => 1 / value,
  [-0.5]: (value) => 1 / Math.sqrt(value),
  0: () => 1,
  0.5: Math.sqrt,
  1: (value) => value,
  2: (value) => value * value,
  3: (value) => value * value * value,
  4: (value) => value * value * (value * value),
};

const ranges: Readonly<Record<number, readonly [number, number]>> = {
  2: [0, 255],
  3: [-128, 127],
  4: [0, 65_535],
  5: [-32_768, 32_767],
  21: [0, 15],
  22: [-8, 7],
};

const conversions: Readonly<Record<number, (value: number) => number>> = {
  [dataTypes.float]: Math.fround,
  [dataTypes.double]: (value) => value,
  [dataTypes.half]: roundToHalf,
  [dataTypes.bfloat]: roundToBfloat,
  6: Math.trunc,
  7: Math.trunc,
};

function each(work: (value: number) => number): Fold {
  return (_, __, { shape, dataType, values }) => {
    const round = conversions[dataType];
    return round && { shape, dataType, values: values.map((value) => round(work(value))) };
  };
}

/** One of both has the result's size: a small file must not name a large product. */
function both(work: (a: number, b: number) => number): Fold {
  return (_, [, second], first) => {
    const round = second && first.dataType === second.dataType ? conversions[first.dataType] : undefined;
    if (second === undefined || round === undefined) return undefined;
    const shape = commonShape([first.shape, second.shape]);
    if (shape === undefined) return undefined;
    const count = countOf(shape);
    if (count !== Math.max(first.values.length, second.values.length)) return undefined;
    const [a, b] = [placesIn(first, shape), placesIn(second, shape)];
    const values = new Float64Array(count);
    for (let i = 0; i < count; i++) values[i] = round(work(first.values[a(i)]!, second.values[b(i)]!));
    return { shape, dataType: first.dataType, values };
  };
}

/** Any number of inputs, one after the other. */
function several(work: (a: number, b: number) => number): Fold {
  return (node, inputs, first) => {
    let made: Made | undefined = first;
    for (const one of inputs.slice(1))
      made = one && made && both(work)(node, [first, one], { ...first, ...made }, 0);
    return made;
  };
}

/** Quantising and its reverse: one scale and zero for all, for each slice of an axis, or for each block of it. */
function scaled(
  node: Node,
  { shape, values }: Constant,
  scale: Constant,
  zero: Constant | undefined,
  dataType: number,
  work: (value: number, step: number, shift: number) => number,
): Made | undefined {
  const place = scalePlaces(node, shape, scale);
  const round = Object.hasOwn(ranges, dataType) ? (value: number): number => value : conversions[dataType];
  if (place === undefined || round === undefined) return undefined;
  if (zero !== undefined && zero.values.length !== scale.values.length) return undefined;
  return {
    shape,
    dataType,
    values: values.map((value, i) => {
      const one = place(i);
      return round(work(value, scale.values[one]!, zero?.values[one] ?? 0));
    }),
  };
}

function scalePlaces(
  node: Node,
  shape: readonly number[],
  scale: Constant,
): ((i: number) => number) | undefined {
  if (scale.values.length === 1) return () => 0;
  const axis = axisOf(node.attributes.get("axis")?.whole ?? 1, shape.length);
  const after = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  const size = shape[axis] ?? 0;
  if (scale.shape.length === 1) {
    return scale.values.length === size ? (i) => Math.floor(i / after) % size : undefined;
  }
  const block = node.attributes.get("block_size")?.whole ?? 0;
  const blocks = Math.ceil(size / block);
  const fits = block > 0 && scale.shape.every((length, d) => length === (d === axis ? blocks : shape[d]));
  if (!fits || scale.shape.length !== shape.length) return undefined;
  return (i) => {
    const [inside, rest] = [i % after, Math.floor(i / after)];
    return (Math.floor(rest / size) * blocks + Math.floor((rest % size) / block)) * after + inside;
  };
}

function transposed({ shape, dataType, values }: Constant, order: readonly number[]) {
  const made = order.map((d) => shape[d]!);
  const strides = shape.map((_, d) => shape.slice(d + 1).reduce((product, size) => product * size, 1));
  const turned = new Float64Array(values.length);
  const place = made.map(() => 0);
  let from = 0;
  for (let to = 0; to < turned.length; to++) {
    turned[to] = values[from]!;
    for (let d = made.length - 1; d >= 0; d--) {
      from += strides[order[d]!]!;
      if (++place[d]! < made[d]!) break;
      from -= strides[order[d]!]! * made[d]!;
      place[d] = 0;
    }
  }
  return { shape: made, dataType, values: turned };
}

function isOrder(order: readonly number[], rank: number): boolean {
  return (
    rank <= 64 &&
    order.length === rank &&
    new Set(order).size === rank &&
    order.every((d) => d >= 0 && d < rank)
  );
}
