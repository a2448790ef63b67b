import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { placesOfCodes, rowsOfCodes } from "../src/chip/codes.ts";

const codes = fc.array(
  fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 0xffff })),
  // Not the short ones alone that fast-check prefers: zeros are passed over sixteen at a time.
  { maxLength: 64, size: "max" },
);

describe("codes of a block", () => {
  it("tells which are not 0, wherever in memory they begin", () => {
    fc.assert(
      fc.property(codes, fc.integer({ min: 0, max: 4 }), (values, before) => {
        const within = new Uint16Array(before + values.length);
        within.fill(7, 0, before);
        within.set(values, before);
        const expected = values.flatMap((code, place) => (code === 0 ? [] : [place]));
        expect(placesOfCodes(within.subarray(before))).toEqual(expected);
      }),
    );
  });

  it("tells the same of a plain list and of other numbers, which a script may give", () => {
    fc.assert(
      fc.property(codes, (values) => {
        const expected = placesOfCodes(Uint16Array.from(values));
        for (const given of [values, Float32Array.from(values), Uint32Array.from(values)])
          expect(placesOfCodes(given as unknown as Uint16Array)).toEqual(expected);
      }),
    );
  });

  it("tells which rows have one that is not 0, each once", () => {
    fc.assert(
      fc.property(fc.array(codes, { maxLength: 6 }), (rows) => {
        const perRow = 64;
        const block = Uint16Array.from(
          rows.flatMap((row) => [...row, ...Array<number>(perRow - row.length).fill(0)]),
        );
        const expected = rows.flatMap((row, k) => (row.some((code) => code !== 0) ? [k] : []));
        expect(rowsOfCodes(block, rows.length)).toEqual(expected);
      }),
    );
  });
});
