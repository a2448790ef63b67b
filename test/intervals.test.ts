import { describe, expect, it } from "vitest";
import type { LawPoint } from "../calibration/lawLikelihood.ts";
import { smoothSpread } from "../calibration/smoothSpread.ts";
import { normalOf, Random } from "../src/random.ts";

/** Share of standard deviates within ± 1.96. */
function covered(deviates: readonly number[]): number {
  return deviates.filter((z) => Math.abs(z) <= 1.96).length / deviates.length;
}

// test/slow/intervals.test.ts has those of a table.
describe("95 % intervals of a spread whose form is not known", () => {
  /** A steep beginning, a bump and a level end, as `verify` leaves them; measured with as much noise as there is spread. */
  const spread = (x: number): number =>
    0.15 + 0.3 * (1 - Math.exp(-x / 6)) + 0.06 * Math.exp(-((x - 12) * (x - 12)) / 4);
  const noise = 0.2;

  function points(seed: number): LawPoint[] {
    const random = new Random(seed);
    const count = 100;
    return Array.from({ length: 80 }, (_, k) => {
      const x = 1 + 0.3 * k;
      const std = Math.sqrt(spread(x) * spread(x) + noise);
      let squares = 0;
      for (let i = 0; i < count; i++) {
        const value = std * normalOf(random.at(k * count + i, 0).word0);
        squares += value * value;
      }
      return { x, count, seen: squares / count, noise };
    });
  }

  it("cover it 90 to 99 % of the time, over its range", () => {
    const deviates: number[] = [];
    for (let seed = 1; seed <= 20; seed++) {
      const law = smoothSpread(points(seed));
      for (let x = 1.5; x <= 24.5; x += 1) deviates.push((law.value(x) - spread(x)) / law.error(x));
    }
    // 480 intervals, about a quarter of them independent: ± 2 % is one standard error.
    expect(covered(deviates)).toBeGreaterThan(0.9);
    expect(covered(deviates)).toBeLessThan(0.99);
  });

  it("are of a curve that a model file holds to the digit", () => {
    const law = smoothSpread(points(1));
    const pieces = law.curve(25);
    for (const x of [1, 5.3, 12, 24.7]) {
      const piece = pieces.find(({ below }) => below === undefined || x / 25 < below)!;
      if (piece.kind !== "polynomial") throw new Error("it is straight between its knots");
      const [level = 0, slope = 0] = piece.coefficients;
      expect(level + (slope * x) / 25).toBeCloseTo(law.value(x), 10);
    }
  });

  it("end at nothing where measuring tells all that is seen", () => {
    const silent = points(1).map((point) => ({ ...point, seen: noise }));
    expect(smoothSpread(silent).value(12)).toBeLessThan(0.1);
  });
});
