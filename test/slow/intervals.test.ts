import { describe, expect, it } from "vitest";
import type { DriftData } from "../../calibration/driftData.ts";
import { fitFreeForm } from "../../calibration/freeForm/fitFreeForm.ts";
import { normalOf, Random, uniformOf } from "../../src/random.ts";

/** Share of standard deviates within ± 1.96. */
function covered(deviates: readonly number[]): number {
  return deviates.filter((z) => Math.abs(z) <= 1.96).length / deviates.length;
}

describe("95 % intervals of a table", () => {
  /** A mean that turns sharply at its lower end, a spread that grows, tails, and devices of a row that go together. */
  const mean = (g: number): number => 2 * Math.exp(-(g - 2) / 3) - 0.5 * Math.sin(g / 4);
  const width = (g: number): number => 0.4 + 0.05 * g;
  const ages = [1, 10, 100, 1000, 10_000];
  const [count, perRow] = [6400, 64];

  function read(seed: number): DriftData {
    const random = new Random(seed);
    const targetsMicrosiemens = Float32Array.from(
      { length: count },
      (_, i) => 2 + 28 * uniformOf(random.at(i, 0).word0),
    );
    const ofRow = (i: number): number => 0.15 * normalOf(random.at(Math.floor(i / perRow), 1).word0);
    /** Of variance 1: one in ten is twice as wide. */
    const own = (i: number): number => {
      const tail = uniformOf(random.at(i, 2).word0) < 0.1 ? 2 : 1;
      return (tail * normalOf(random.at(i, 3).word0)) / Math.sqrt(1.3);
    };
    return {
      devicesPerRow: perRow,
      targetsMicrosiemens,
      usable: new Uint8Array(count).fill(1),
      picked: false,
      pulsedAtMicroseconds: new Float64Array(count).fill(1e6),
      sweeps: ages.map((age, s) => ({
        conductanceMicrosiemens: targetsMicrosiemens.map(
          (g, i) => g + mean(g) + width(g) * (own(i) + ofRow(i)) + 0.1 * normalOf(random.at(i, 4 + s).word0),
        ),
        flags: new Uint8Array(count),
        rowTimesMicroseconds: new Float64Array(count / perRow).fill(1e6 * (1 + age)),
        averages: 1,
        celsius: 25,
      })),
    };
  }

  it("cover mean and spread 95 % of the time, to within chance, over the conductances", () => {
    const means: number[] = [];
    const spreads: number[] = [];
    for (let seed = 1; seed <= 24; seed++) {
      const { moments } = fitFreeForm([read(seed)]);
      const { conductance } = moments.knots;
      conductance.forEach((g, k) => {
        const at = 2 * conductance.length + k;
        const square = width(g) * width(g) * (1 + 0.15 * 0.15) + 0.01;
        means.push((moments.shift[at]! - mean(g)) / moments.shiftError[at]!);
        spreads.push((moments.square[at]! - square) / moments.squareError[at]!);
      });
    }
    // Smooth curves make about three of a chip's intervals independent: 72, so ± 2.6 % is one standard error.
    for (const deviates of [means, spreads]) {
      expect(covered(deviates)).toBeGreaterThan(0.88);
      expect(covered(deviates)).toBeLessThan(0.995);
    }
  });
});
