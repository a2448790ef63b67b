import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { refuseOutsideLimits } from "../drivers/limits.ts";
import { withinRowCurrent } from "../src/run/rowCurrent.ts";
import { describePcm64 } from "./support/chips.ts";

describe("the current of a row", () => {
  it("stays within the chip's limit: rows that want more are pulsed in parts, every device once", async () => {
    const described = await describePcm64();
    const rest = { kind: "reset", widthNanoseconds: 100, trailingNanoseconds: 0, gateCode: 0 } as const;
    const block = { tile: 0, rowStart: 0, rowCount: 2 };
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 512, maxLength: 512 }),
        fc.double({ min: 0.5, max: 60, noNaN: true }),
        (given, most) => {
          const description = { ...described, limits: { ...described.limits, maxRowMilliamperes: most } };
          const codes = Uint16Array.from(given);
          const parts = withinRowCurrent({ ...rest, codes }, description);
          const sum = new Uint16Array(512);
          for (const part of parts) {
            refuseOutsideLimits(description, block, part);
            part.codes.forEach((code, i) => (sum[i]! += code));
          }
          expect(sum).toEqual(codes);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("beyond the limit is refused before a byte leaves", async () => {
    const description = await describePcm64();
    const order = { codes: new Uint16Array(256).fill(1000), widthNanoseconds: 100 };
    const limits = { ...description.limits, maxRowMilliamperes: 100 };
    const block = { tile: 0, rowStart: 0, rowCount: 1 };
    expect(() => refuseOutsideLimits({ ...description, limits }, block, order)).toThrow(
      /a row would draw 125\.4 mA, and 100 mA are allowed/,
    );
  });
});
