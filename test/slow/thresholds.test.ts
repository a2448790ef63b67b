import { describe, expect, it } from "vitest";
import { fitThresholds } from "../../src/measure/thresholdFit.ts";
import { normalOf, Random, uniformOf } from "../../src/random.ts";

describe("thresholds of devices that scatter from pulse to pulse", () => {
  it("lie within their intervals in 93 to 97 of 100 devices, lapses and all", () => {
    const random = new Random(11).fork("thresholds");
    const truth: number[] = [];
    const trials = Array.from({ length: 400 }, (_, i) => {
      random.at(i, 0);
      const [d, sigma] = [0.12 * normalOf(random.word0), 0.07 * Math.exp(0.8 * normalOf(random.word1))];
      truth.push(d);
      const [excess, responded]: [number[], boolean[]] = [[], []];
      for (let ramp = 0, draw = 1; ramp < 6; ramp++) {
        for (let volts = -0.4; volts < 1; volts += 0.05) {
          random.at(i, draw++);
          const lapsed = uniformOf(random.word1) < 0.08;
          excess.push(volts);
          responded.push(!lapsed && volts > d + sigma * normalOf(random.word0));
          if (responded.at(-1)) break;
        }
      }
      return { excess, responded };
    });
    const { devices, mean, std } = fitThresholds(trials);
    const inside = devices.filter(({ low, high }, k) => truth[k]! >= low && truth[k]! <= high).length;
    expect(inside / 400).toBeGreaterThan(0.93);
    expect(inside / 400).toBeLessThan(0.975);
    expect(mean).toBeCloseTo(0, 1);
    expect(std).toBeCloseTo(0.12, 1);
  });
});
