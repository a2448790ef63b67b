import { countOf } from "../tensor.ts";
import type { Constant } from "./constant.ts";
import type { Fold, Made } from "./fold.ts";
import { commonShape, mostMade, placesIn } from "./places.ts";

/**
 * Products of constants, such as those of adapters that are added to a matrix: W + B A. Sums are taken in double precision and rounded
 * once.
 *
 * @param round  to the type of the numbers; undefined for types that are not multiplied.
 */
export function multiplying(
  round: (dataType: number) => ((value: number) => number) | undefined,
): Readonly<Record<string, Fold>> {
  const product = (a: Made, b: Made, factor: number): Made | undefined => {
    const rounded = a.dataType === b.dataType ? round(a.dataType) : undefined;
    const made = multiplied(a, b);
    if (rounded === undefined || made === undefined) return undefined;
    return { ...made, values: made.values.map((value) => rounded(factor * value)) };
  };
  return {
    MatMul: (_, [, b], a) => b && product(a, b, 1),
    Gemm(node, [, b, c], a) {
      if (b === undefined || a.shape.length !== 2 || b.shape.length !== 2) return undefined;
      const whole = (name: string): boolean => (node.attributes.get(name)?.whole ?? 0) !== 0;
      const made = product(
        whole("transA") ? turned(a) : a,
        whole("transB") ? turned(b) : b,
        node.attributes.get("alpha")?.real ?? 1,
      );
      if (made === undefined || c === undefined) return made;
      return added(made, c, node.attributes.get("beta")?.real ?? 1, round(made.dataType));
    },
  };
}

/** As MatMul has it: of more dimensions than two, the last two are matrices; a vector is a row in front, and a column behind. */
function multiplied(a: Made, b: Made): Made | undefined {
  if (a.shape.length === 0 || b.shape.length === 0) return undefined;
  const left = a.shape.length === 1 ? { ...a, shape: [1, ...a.shape] } : a;
  const right = b.shape.length === 1 ? { ...b, shape: [...b.shape, 1] } : b;
  const [rows, inner] = left.shape.slice(-2) as [number, number];
  const [height, columns] = right.shape.slice(-2) as [number, number];
  const batch = commonShape([left.shape.slice(0, -2), right.shape.slice(0, -2)]);
  if (inner !== height || batch === undefined) return undefined;
  const [matrices, size] = [countOf(batch), rows * columns];
  if (!(matrices * size <= mostMade) || !(matrices * size * inner <= mostMultiplied)) return undefined;
  const values = new Float64Array(matrices * size);
  const [from, by] = [left, right].map((one) => batchPlaces(one, batch));
  for (let m = 0; m < matrices; m++) {
    const [first, second] = [from!(m) * rows * inner, by!(m) * inner * columns];
    for (let r = 0; r < rows; r++) {
      const to = m * size + r * columns;
      for (let k = 0; k < inner; k++) {
        const factor = left.values[first + r * inner + k]!;
        const row = second + k * columns;
        for (let c = 0; c < columns; c++) values[to + c]! += factor * right.values[row + c]!;
      }
    }
  }
  const shape = [
    ...batch,
    ...(a.shape.length === 1 ? [] : [rows]),
    ...(b.shape.length === 1 ? [] : [columns]),
  ];
  return { shape, dataType: a.dataType, values };
}

/** Which matrix of a batch, one of which may stand for all. */
function batchPlaces({ shape }: Made, batch: readonly number[]): (m: number) => number {
  const own = shape.slice(0, -2);
  return placesIn({ shape: own, dataType: 0, values: new Float64Array(countOf(own)) }, batch);
}

function turned({ shape, dataType, values }: Constant): Made {
  const [rows, columns] = shape as [number, number];
  const made = Float64Array.from(values, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!);
  return { shape: [columns, rows], dataType, values: made };
}

function added(
  made: Made,
  c: Made,
  factor: number,
  round: ((value: number) => number) | undefined,
): Made | undefined {
  const shape = commonShape([made.shape, c.shape]);
  if (round === undefined || c.dataType !== made.dataType) return undefined;
  if (shape === undefined || countOf(shape) !== made.values.length) return undefined;
  const place = placesIn(c, shape);
  return { ...made, values: made.values.map((value, i) => round(value + factor * c.values[place(i)]!)) };
}

/** Some seconds' worth. */
const mostMultiplied = 2 ** 32;
