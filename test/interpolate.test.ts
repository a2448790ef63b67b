import fc from "fast-check";
import { expect, it } from "vitest";
import { interpolate } from "../src/model/definition.ts";

it("a value between two points never lies beyond them, rounding included: a target of 0 is not −1e-17", () => {
  const value = fc.double({ min: 0, max: 40, noNaN: true });
  fc.assert(
    fc.property(value, value, fc.double({ min: 0, max: 1, noNaN: true }), (from, to, part) => {
      const found = interpolate([0.1, 0.7], [from, to], 0.1 + 0.6 * part);
      expect(found).toBeGreaterThanOrEqual(Math.min(from, to));
      expect(found).toBeLessThanOrEqual(Math.max(from, to));
    }),
    { numRuns: 5000, seed: 1 },
  );
});
