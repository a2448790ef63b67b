import { describe, expect, it } from "vitest";
import { clippedMoments, foldedNormalLaplace, normalDistribution } from "../src/model/normal.ts";
import { hermes1, hermes2, pcm90nm, pcm90nmLaw, withTabulatedDrift } from "../src/model/pcm.ts";
import { powerLawModel } from "../src/model/powerLaw.ts";
import { normalOf, Random } from "../src/random.ts";

describe("the normal distribution", () => {
  it.each([
    [0, 0.5],
    [1, 0.8413447460685429],
    [-2, 0.022750131948179195],
    [-6, 9.865876450376981e-10],
    [3.5, 0.9997673709209645],
    [-3.0000001, 0.0013498976],
  ])("is right at %f", (x, probability) => {
    expect(Math.abs(normalDistribution(x) / probability - 1)).toBeLessThan(1e-7);
  });

  it("joins its series and its fraction smoothly", () => {
    expect(normalDistribution(-3 - 1e-12) / normalDistribution(-3 + 1e-12)).toBeCloseTo(1, 9);
  });
});

describe("the 90 nm model", () => {
  it("has the published programming error at zero, half and full range", () => {
    expect(pcm90nm.programmingStd(0)).toBeCloseTo(0.26348, 10);
    expect(pcm90nm.programmingStd(12.5)).toBeCloseTo(0.952705, 10);
    expect(pcm90nm.programmingStd(25)).toBeCloseTo(1.05538, 10);
  });

  it("has the published drift exponents, clipped at both ends", () => {
    expect(pcm90nmLaw.driftExponent(25)).toEqual({ mean: 0.049, std: 0.008 });
    expect(pcm90nmLaw.driftExponent(0)).toEqual({ mean: 0.1, std: 0.045 });
    const { mean, std } = pcm90nmLaw.driftExponent(2.5);
    expect(mean).toBeCloseTo(0.0244 + 0.0155 * Math.log(10), 12);
    expect(std).toBeCloseTo(-0.0059 + 0.0125 * Math.log(10), 12);
  });

  it("has moments that never turn negative or infinite, from nothing to full range and over a century", () => {
    for (let target = 0; target <= 25; target += 0.25) {
      for (const time of [0, 1e-3, 1, 1e5, 3e9]) {
        expect(pcm90nm.mean(target, time)).toBeGreaterThan(0);
        expect(pcm90nm.variance(target, time)).toBeGreaterThan(0);
        expect(pcm90nm.variance(target, time)).toBeLessThan(100);
      }
    }
  });
});

describe("moments in closed form", () => {
  it("of a clipped normal: all of it, half of it, none of it", () => {
    expect(clippedMoments(10, 1).first).toBeCloseTo(10, 12);
    expect(clippedMoments(0, 1).first).toBeCloseTo(1 / Math.sqrt(2 * Math.PI), 12);
    expect(clippedMoments(0, 1).second).toBeCloseTo(0.5, 12);
    expect(clippedMoments(-10, 1).first).toBeCloseTo(0, 12);
    expect(clippedMoments(3, 0)).toEqual({ first: 3, second: 9 });
  });

  it("of drift by a folded normal exponent: no drift, and a sharp exponent", () => {
    expect(foldedNormalLaplace(0.05, 0.02, 0)).toBeCloseTo(1, 12);
    expect(foldedNormalLaplace(0.05, 1e-6, 10)).toBeCloseTo(Math.exp(-0.5), 8);
  });
});

const tabulated = powerLawModel(
  withTabulatedDrift(pcm90nmLaw, "tabulated", {
    conductanceMicrosiemens: [0, 12, 25],
    driftExponentMean: [0.09, 0.02, 0.07],
    driftExponentStd: [0.03, 0.006, 0.025],
  }),
);

describe.each([pcm90nm, hermes1, hermes2, tabulated].map((model) => [model.name, model] as const))(
  "the moments of %s",
  (name, model) => {
    it("agree with a Monte Carlo of the law itself (40,000 devices, 4 standard errors)", () => {
      const n = 40_000;
      const random = new Random(3).fork(name);
      let draws = 0;
      const normal = (): number => normalOf(random.at(draws++, 0).word0);
      for (const share of [0, 0.02, 0.2, 1]) {
        for (const time of [1, 3600, 31_536_000]) {
          const target = share * model.maxConductanceMicrosiemens;
          const reads = Float64Array.from({ length: n }, () => model.sample(target, time, normal));
          const mean = reads.reduce((sum, g) => sum + g, 0) / n;
          const squares = reads.map((g) => (g - mean) * (g - mean));
          const variance = squares.reduce((sum, s) => sum + s, 0) / n;
          const fourth = squares.reduce((sum, s) => sum + s * s, 0) / n;
          expect(Math.abs(model.mean(target, time) - mean)).toBeLessThan(4 * Math.sqrt(variance / n));
          const varianceError = Math.sqrt((fourth - variance * variance) / n);
          expect(Math.abs(model.variance(target, time) - variance)).toBeLessThan(4 * varianceError);
        }
      }
    });
  },
);
