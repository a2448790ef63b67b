import { describe, expect, it } from "vitest";
import { clippedMoments, foldedNormalLaplace, normalDistribution } from "../src/model/normal.ts";
import { builtInDefinitions, pcm90nmDefinition } from "../src/model/builtIn.ts";
import type { ModelDefinition } from "../src/model/definition.ts";
import { modelOf, pcm90nm } from "../src/model/modelOf.ts";
import { powerLawOf } from "../src/model/powerLaw.ts";
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
    expect(powerLawOf(pcm90nmDefinition).driftExponent(25)).toEqual({ mean: 0.049, std: 0.008 });
    expect(powerLawOf(pcm90nmDefinition).driftExponent(0)).toEqual({ mean: 0.1, std: 0.045 });
    const { mean, std } = powerLawOf(pcm90nmDefinition).driftExponent(2.5);
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

const tabulated: ModelDefinition = {
  family: "tabulated-drift",
  name: "tabulated",
  base: pcm90nmDefinition,
  conductanceMicrosiemens: [0, 12, 25],
  driftExponentMean: [0.09, 0.02, 0.07],
  driftExponentStd: [0.03, 0.006, 0.025],
};

const measured: ModelDefinition = {
  family: "measured-moments",
  name: "measured",
  conductanceMicrosiemens: [1, 5, 20],
  timesSeconds: [1, 3600, 31_536_000],
  meanMicrosiemens: [
    [1, 5, 20],
    [0.8, 4.4, 18],
    [0.6, 4, 17],
  ],
  varianceMicrosiemensSquared: [
    [0.1, 0.4, 1],
    [0.2, 0.6, 2],
    [0.3, 0.8, 3],
  ],
};

describe.each([...builtInDefinitions, tabulated, measured].map((d) => [d.name, modelOf(d)] as const))(
  "the moments of %s",
  (name, model) => {
    it("agree with a Monte Carlo of the law itself (40,000 devices, 4 standard errors)", () => {
      const n = 40_000;
      const random = new Random(3).fork(name);
      let draws = 0;
      const normal = (): number => normalOf(random.at(draws++, 0).word0);
      for (const share of [0, 0.02, 0.2, 1]) {
        for (const time of [1, 3600, Math.min(31_536_000, model.knownTimesSeconds.to)]) {
          const { minConductanceMicrosiemens: min, maxConductanceMicrosiemens: max } = model;
          const target = min + share * (max - min);
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

    it("fall into parts that are never negative, also where a cause is left out, and add up to the variance", () => {
      const { minConductanceMicrosiemens: min, maxConductanceMicrosiemens: max } = model;
      const causes = ["programming", "drift", "read"] as const;
      for (const part of [model, ...causes.flatMap((cause) => model.without(cause) ?? [])]) {
        let least = 0;
        for (let step = 0; step <= 60; step++) {
          for (const time of [1, 86_400]) {
            const target = min + (step / 60) * (max - min);
            const { programming, drift, read } = part.varianceParts(target, time);
            least = Math.min(least, programming, drift, read);
            expect(programming + drift + read).toBeCloseTo(part.variance(target, time), 12);
          }
        }
        expect(least).toBe(0);
      }
    });

    it("refuse times of which nothing is known", () => {
      const { from, to } = model.knownTimesSeconds;
      if (from > 0) expect(() => model.mean(10, from / 2)).toThrow(/is known from/);
      if (to < Infinity) expect(() => model.variance(10, 2 * to)).toThrow(/is known from/);
    });
  },
);
