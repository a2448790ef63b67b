import type { Fold } from "./fold.ts";
import { axesOf } from "./places.ts";

/**
 * What operators such as ReduceMean make of numbers along some axes.
 *
 * @param round  to the type of the numbers; undefined for types that are not reduced.
 */
export function reducing(
  round: (dataType: number) => ((value: number) => number) | undefined,
): Readonly<Record<string, Fold>> {
  const over =
    (
      begin: number,
      add: (sum: number, value: number) => number,
      end: (sum: number, count: number) => number,
    ): Fold =>
    (node, [, given], first) => {
      const { shape, values, dataType } = first;
      const rounded = round(dataType);
      const named =
        given === undefined ? (node.attributes.get("axes")?.wholes.length ?? 0) : given.values.length;
      const axes = named > 0 ? axesOf(node, given, shape.length) : shape.map((_, d) => d);
      if (rounded === undefined || axes === undefined || values.length === 0) return undefined;
      if (named === 0 && node.attributes.get("noop_with_empty_axes")?.whole === 1) return first;
      const kept = shape.map((size, d) => (axes.includes(d) ? 1 : size));
      const count = kept.reduce((product, size) => product * size, 1);
      const sums = new Float64Array(count).fill(begin);
      const strides = kept.map((size, d) =>
        size === 1 ? 0 : kept.slice(d + 1).reduce((product, one) => product * one, 1),
      );
      for (let i = 0; i < values.length; i++) {
        let [rest, to] = [i, 0];
        for (let d = shape.length - 1; d >= 0; d--) {
          to += (rest % shape[d]!) * strides[d]!;
          rest = Math.floor(rest / shape[d]!);
        }
        sums[to] = add(sums[to]!, values[i]!);
      }
      const each = values.length / count;
      const keeps = (node.attributes.get("keepdims")?.whole ?? 1) !== 0;
      return {
        shape: keeps ? kept : kept.filter((_, d) => !axes.includes(d)),
        dataType,
        values: sums.map((sum) => rounded(end(sum, each))),
      };
    };
  return {
    ReduceSum: over(
      0,
      (sum, value) => sum + value,
      (sum) => sum,
    ),
    ReduceMean: over(
      0,
      (sum, value) => sum + value,
      (sum, count) => sum / count,
    ),
    ReduceMax: over(-Infinity, Math.max, (sum) => sum),
    ReduceMin: over(Infinity, Math.min, (sum) => sum),
    ReduceL1: over(
      0,
      (sum, value) => sum + Math.abs(value),
      (sum) => sum,
    ),
    ReduceL2: over(0, (sum, value) => sum + value * value, Math.sqrt),
    ReduceSumSquare: over(
      0,
      (sum, value) => sum + value * value,
      (sum) => sum,
    ),
  };
}
