import { describe, expect, it } from "vitest";
import { builtInDefinitions, pcm90nmDefinition, reramWan2022Definition } from "../src/model/builtIn.ts";
import type { FreeFormDefinition, ModelDefinition } from "../src/model/definition.ts";
import type { DeviceModel, ErrorCause } from "../src/model/deviceModel.ts";
import { FreeFormLaw } from "../src/model/freeFormLaw.ts";
import { modelOf } from "../src/model/modelOf.ts";
import { clippedMoments, foldedNormalLaplace } from "../src/model/normal.ts";
import { powerLawOf } from "../src/model/powerLaw.ts";
import { normalOf, Random } from "../src/random.ts";

const tabulated: ModelDefinition = {
  family: "tabulated-drift",
  name: "tabulated",
  base: pcm90nmDefinition,
  conductanceMicrosiemens: [0, 12, 25],
  driftExponentMean: [0.09, 0.02, 0.07],
  driftExponentStd: [0.03, 0.006, 0.025],
};

const ages = [1, 100, 10_000, 1_000_000];

/** Courses of two kinds, a walk, and something that comes and goes; at 20 µS more of it than at 4. */
const table: FreeFormDefinition = {
  family: "free-form",
  name: "table",
  minConductanceMicrosiemens: 4,
  maxConductanceMicrosiemens: 20,
  referenceAgeSeconds: 1,
  timeZeroSeconds: 0,
  onsetSeconds: 0,
  conductanceMicrosiemens: [4, 20],
  agesSeconds: ages,
  measuredToSeconds: 1_000_000,
  continuedBy: "measured",
  shiftMicrosiemens: ages.map((_, s) => [-0.1 * s, -0.4 * s]),
  walkMicrosiemensSquared: ages.map((_, s) => [0.05 + 0.04 * s, 0.1 + 0.09 * s]),
  coursesMicrosiemensSquared: [0.02, 0.08].map((strength) =>
    ages.flatMap((_, s) => ages.slice(0, s + 1).map((_, t) => strength * (1 + s * t))),
  ),
  passingMicrosiemensSquared: ages.map(() => [0.01, 0.03]),
  whiteNoise: true,
  readVarianceMicrosiemensSquared: ages.map((_, s) => [0.02, 0.02 + 0.01 * s]),
  tailShares: [0.5],
  tailMicrosiemens: [ages.map(() => [0, 0])],
};

const models = [...builtInDefinitions, tabulated, table].map((d) => [d.name, modelOf(d)] as const);
const count = 30_000;

/** Reads of devices of one target, one row a time. */
function drawn(model: DeviceModel, target: number, times: readonly number[], seed = 1): Float64Array[] {
  const { driftDeviates, readDeviates, draw } = model.courses(times);
  const random = new Random(seed).fork(model.name);
  const deviates = new Float64Array(1 + driftDeviates + readDeviates);
  const reads = new Float64Array(times.length);
  const rows = times.map(() => new Float64Array(count));
  for (let n = 0; n < count; n++) {
    for (let k = 0; k < deviates.length; k++) deviates[k] = normalOf(random.at(n, k).word0);
    draw(target, deviates, reads);
    rows.forEach((row, t) => (row[n] = reads[t]!));
  }
  return rows;
}

const meanOf = (values: Float64Array): number => values.reduce((sum, v) => sum + v, 0) / values.length;

/** Covariance of two rows, and its standard error. */
function covarianceOf(a: Float64Array, b: Float64Array): { covariance: number; error: number } {
  const [ma, mb] = [meanOf(a), meanOf(b)];
  const products = a.map((value, n) => (value - ma) * (b[n]! - mb));
  const covariance = meanOf(products);
  const square = meanOf(products.map((p) => (p - covariance) * (p - covariance)));
  return { covariance, error: Math.sqrt(square / count) };
}

const timesOf = ({ knownTimesSeconds: { to } }: DeviceModel): number[] => [1, 3600, Math.min(31_536_000, to)];

describe.each(models)("devices of %s, drawn over all times at once", (_, model) => {
  it("have at each time the mean and the variance of the model (4 standard errors)", () => {
    const { minConductanceMicrosiemens: min, maxConductanceMicrosiemens: max } = model;
    const times = timesOf(model);
    for (const share of [0.02, 0.3, 1]) {
      const target = min + share * (max - min);
      drawn(model, target, times).forEach((row, t) => {
        const { covariance: variance, error } = covarianceOf(row, row);
        expect(Math.abs(meanOf(row) - model.mean(target, times[t]!))).toBeLessThan(
          4 * Math.sqrt(variance / count),
        );
        expect(Math.abs(variance - model.variance(target, times[t]!))).toBeLessThan(4 * error);
      });
    }
  });

  it("lose exactly the variance of a cause that is left out", () => {
    const { minConductanceMicrosiemens: min, maxConductanceMicrosiemens: max } = model;
    const target = min + 0.6 * (max - min);
    const times = timesOf(model);
    for (const cause of ["programming", "drift", "read"] as const satisfies readonly ErrorCause[]) {
      const rest = model.without(cause);
      if (rest === undefined) continue;
      expect(rest.varianceParts(target, times[1]!)[cause]).toBeCloseTo(0, 12);
      drawn(rest, target, times).forEach((row, t) => {
        const { covariance: variance, error } = covarianceOf(row, row);
        expect(Math.abs(variance - rest.variance(target, times[t]!))).toBeLessThan(4 * error + 1e-12);
      });
    }
  });

  it("are refused at times of which nothing is known", () => {
    const { to } = model.knownTimesSeconds;
    if (to < Infinity) expect(() => model.courses([1, 2 * to])).toThrow(/is known from/);
  });
});

describe("how the reads of one device hang together", () => {
  const expectCovariance = (
    model: DeviceModel,
    target: number,
    times: readonly [number, number],
    expected: number,
  ): void => {
    const [a, b] = drawn(model, target, times, 2) as [Float64Array, Float64Array];
    const { covariance, error } = covarianceOf(a, b);
    expect(Math.abs(covariance - expected)).toBeLessThan(4 * error);
    // The test would see it if ages were drawn apart.
    expect(Math.abs(expected)).toBeGreaterThan(8 * error);
  };

  it("by one programming error and one exponent of a power law", () => {
    const law = powerLawOf(pcm90nmDefinition);
    const model = modelOf(pcm90nmDefinition);
    const [target, s, t] = [15, 3600, 86_400 * 360];
    const { mean, std } = law.driftExponent(target);
    const logAge = (time: number): number => Math.log((time + law.t0Seconds) / law.t0Seconds);
    const { second } = clippedMoments(target, law.programmingStd(target));
    const both = second * foldedNormalLaplace(mean, std, logAge(s) + logAge(t));
    expectCovariance(model, target, [s, t], both - model.mean(target, s) * model.mean(target, t));
  });

  it("by what was there at the first time, and by the steps until the earlier one, of measured spreads", () => {
    const model = modelOf(reramWan2022Definition);
    const [target, s, t] = [20, 3600, 86_400];
    // So far from zero nothing is clipped, and the spread grows.
    expect(model.variance(target, t)).toBeGreaterThan(model.variance(target, s));
    expectCovariance(model, target, [s, t], model.variance(target, s));
  });

  it("by one deviate of relaxation, where spreads grow with ln t", () => {
    const model = modelOf(builtInDefinitions.find(({ name }) => name === "reram-cmo-2")!);
    const [target, s, t] = [40, 60, 86_400];
    const of = (time: number) => model.varianceParts(target, time);
    const expected = of(s).programming + Math.sqrt(of(s).drift * of(t).drift);
    expectCovariance(model, target, [s, t], expected);
  });

  it.each([
    [4, 1, 1_000_000],
    [11, 100, 10_000],
    [17, 30, 500_000],
  ])("by the covariance of a table: %f µS at %f and %f s", (target, s, t) => {
    const law = new FreeFormLaw(table);
    expectCovariance(modelOf(table), target, [s, t], law.covariance(target, s, t));
  });

  it("by programming alone, where moments are all that was measured", () => {
    const model = modelOf(builtInDefinitions.find(({ name }) => name === "ecram-li")!);
    const [target, s, t] = [10, 60, 600];
    const of = (time: number) => Math.sqrt(model.varianceParts(target, time).programming);
    const { covariance, error } = covarianceOf(
      ...(drawn(model, target, [s, t]) as [Float64Array, Float64Array]),
    );
    expect(Math.abs(covariance - of(s) * of(t))).toBeLessThan(4 * error);
    expect(covariance).toBeLessThan(0.8 * model.variance(target, s));
  });
});
