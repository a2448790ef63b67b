import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sizesOfShares } from "../src/ranks.ts";
import { quantile, sortedSizes } from "../src/statistics.ts";

describe("the sizes at some shares", () => {
  const value = fc.oneof(
    fc.float({ noDefaultInfinity: true }),
    fc.constantFrom(0, -0, 1, -1, Number.NaN, Infinity, -Infinity),
  );
  const parts = fc.array(fc.array(value, { maxLength: 40 }), { maxLength: 5 });
  const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 6 });

  it("are those of the sorted list, wherever it is cut into parts", () => {
    // Few are sorted and many are counted: with so many that count for nothing, these few are counted.
    const nothing = new Float32Array(1 << 17).fill(Number.NaN);
    fc.assert(
      fc.property(parts, shares, fc.boolean(), (lists, wanted, counted) => {
        const sorted = sortedSizes(Float32Array.from(lists.flat()));
        const { count, sizes } = sizesOfShares(
          [
            ...lists.map((list) => Float32Array.from(list)),
            ...(counted ? [nothing, Float32Array.of(Number.NaN)] : []),
          ],
          wanted,
        );
        expect(count).toBe(sorted.length);
        expect([...sizes]).toEqual(wanted.map((share) => quantile(sorted, share)));
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  it("leave the values as they are, and take a part of a longer list", () => {
    const list = Float32Array.of(9, -3, 1, -2, Number.NaN, 9);
    const part = list.subarray(1, 5);
    for (const more of [[], [new Float32Array(1 << 17).fill(Number.NaN)]])
      expect([...sizesOfShares([part, ...more], [0, 0.5, 1]).sizes]).toEqual([1, 2, 3]);
    expect([...list]).toEqual([9, -3, 1, -2, Number.NaN, 9]);
  });
});
