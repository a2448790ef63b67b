import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DeviceModel } from "../src/model/deviceModel.ts";
import { pcm90nm } from "../src/model/modelOf.ts";
import { CellScan } from "../src/optimize/cellScan.ts";
import { CellSolver } from "../src/optimize/cellSolver.ts";
import { fullScale, targetsOf } from "../src/optimize/dualPair.ts";
import { MomentTable } from "../src/optimize/momentTable.ts";
import { predict, type TranslationProblem } from "../src/optimize/prediction.ts";
import { errorBudget, limitOf, perfectTableOf } from "../src/optimize/errorBudget.ts";
import { finish, onSizes, type Solution, solveStrategy } from "../src/optimize/strategySolver.ts";
import { ladder, translate } from "../src/optimize/translate.ts";
import { columnSizesOf, weightSizesOf } from "../src/optimize/weightSizes.ts";
import { normalOf, Random } from "../src/random.ts";
import { gaussian, hermes2, problem, tabulated, times, timeWeights } from "./support/gaussianProblem.ts";

function lspFirst(model: DeviceModel, significance: number): number {
  const max = model.maxConductanceMicrosiemens;
  const scale = fullScale(1, significance, max);
  const rule = {
    rule: "lsp-first",
    significance,
    scaleMicrosiemensPerUnit: scale,
    maxConductanceMicrosiemens: max,
  };
  const targets = Float64Array.from(
    targetsOf(rule as Parameters<typeof targetsOf>[0], Float32Array.from(gaussian.sizes)),
  );
  return predict(problem(model), targets, [significance, 1], scale).tnmse;
}

function solved(model: DeviceModel, significance: number, over = 1): Solution {
  const scale = over * fullScale(1, significance, model.maxConductanceMicrosiemens);
  return solveStrategy(problem(model), [significance, 1], scale);
}

describe("a moment table", () => {
  it.each([pcm90nm, hermes2, tabulated].map((model) => [model.name, model] as const))(
    "follows %s to a thousandth of its range, and gives its slopes",
    (_, model) => {
      const table = new MomentTable(model, times);
      const max = model.maxConductanceMicrosiemens;
      fc.assert(
        fc.property(fc.double({ min: 0.001, max: 0.999, noNaN: true }), (share) => {
          const g = share * max;
          const h = 1e-5 * max;
          table.at(g);
          const slopes = table.mean[1].slice();
          times.forEach((time, t) => {
            expect(Math.abs(table.mean[0][t]! - model.mean(g, time))).toBeLessThan(1e-3 * max);
            expect(Math.abs(table.variance[0][t]! - model.variance(g, time))).toBeLessThan(1e-3 * max);
          });
          table.at(g + h);
          const above = table.mean[0].slice();
          table.at(g - h);
          above.forEach((m, t) =>
            expect(Math.abs((m - table.mean[0][t]!) / (2 * h) - slopes[t]!)).toBeLessThan(1e-3),
          );
        }),
        { numRuns: 30 },
      );
    },
  );
});

/** The best five cells of the scan's grid, none next to a better one: every cell looked at, in order. */
function plainValleys(factors: readonly number[], table: MomentTable, wanted: number): number[][] {
  const count = { 2: 33, 4: 9, 6: 5 }[factors.length]!;
  const levels = Array.from({ length: count }, (_, i) => {
    const share = i / (count - 1);
    return table.min + (table.max - table.min) * share * (0.5 + 0.5 * share);
  });
  const moments = levels.map((level) => {
    table.at(level);
    return { mean: table.mean[0].slice(), variance: table.variance[0].slice() };
  });
  let found: { loss: number; cell: number[] }[] = [];
  for (let n = 0; n < count ** factors.length; n++) {
    const cell = factors.map((_, i) => Math.floor(n / count ** (factors.length - 1 - i)) % count);
    let loss = 0;
    times.forEach((_, t) => {
      let miss = -wanted;
      let variance = 0;
      factors.forEach((factor, i) => {
        miss += factor * moments[cell[i]!]!.mean[t]!;
        variance += factor * factor * moments[cell[i]!]!.variance[t]!;
      });
      loss += timeWeights[t]! * (miss * miss + variance);
    });
    if (found.length === 5 && loss >= found[4]!.loss) continue;
    const near = found.findIndex((one) => one.cell.every((level, i) => Math.abs(level - cell[i]!) <= 1));
    if (near >= 0 && found[near]!.loss <= loss) continue;
    if (near >= 0) found.splice(near, 1);
    found = [...found, { loss, cell }].sort((a, b) => a.loss - b.loss).slice(0, 5);
  }
  return found.map(({ cell }) => cell.map((level) => levels[level]!));
}

describe("the scan for valleys", () => {
  it.each([[[1]], [[1.7, 1]], [[3, 1.7, 1]]])(
    "leaves out no cell that is among the best, with significances %j, whatever is asked for before",
    (significance) => {
      const table = new MomentTable(pcm90nm, times);
      const factors = significance.flatMap((factor) => [factor, -factor]);
      const ones = new Float64Array(times.length).fill(1);
      const scan = new CellScan(table, Float64Array.from(factors), timeWeights, ones, 0);
      for (const share of [0.03, 0.1, 0.4, 0.5, 0.97, 0.06, 1.3]) {
        const wanted = share * 25 * significance.reduce((sum, factor) => sum + factor, 0);
        expect(scan.valleys(wanted).map((cell) => [...cell])).toEqual(plainValleys(factors, table, wanted));
      }
    },
  );
});

describe("the best cell for a weight", () => {
  it("has the slopes that its loss shows, also where a pair shares its drift", () => {
    // A minimum inside the box is flat, which only right gradients find.
    const solver = new CellSolver(new MomentTable(tabulated, times), timeWeights, [2, 1], 0.7);
    for (const wanted of [5, 20, 45]) {
      const { conductances, loss } = solver.solve(wanted, undefined);
      for (let device = 0; device < 4; device++) {
        for (const step of [-0.02, 0.02]) {
          const moved = conductances.slice();
          moved[device] = Math.min(25, Math.max(0, moved[device]! + step));
          expect(solver.loss(wanted, moved)).toBeGreaterThanOrEqual(loss - 1e-9);
        }
      }
    }
  });

  it.each([
    ["pcm-90nm", pcm90nm],
    ["tabulated", tabulated],
  ])("is at least as good as every cell of a fine scan (%s)", (_, model) => {
    const solver = new CellSolver(new MomentTable(model, times), timeWeights, [2, 1]);
    solver.compensate(Float64Array.of(1, 1.07, 1.25, 1.4, 1.6, 1.8));
    const cell = new Float64Array(4);
    for (const wanted of [0, 3, 12, 24, 40, 70]) {
      const { conductances, loss } = solver.solve(wanted, undefined);
      expect(conductances.every((g) => g >= 0 && g <= 25)).toBe(true);
      expect(solver.loss(wanted, conductances)).toBeCloseTo(loss, 9);
      let least = Infinity;
      for (let n = 0; n < 17 * 17 * 17 * 17; n++) {
        for (let i = 0, rest = n; i < 4; i++, rest = Math.floor(rest / 17)) cell[i] = ((rest % 17) / 16) * 25;
        // Far from the weight nothing can win.
        if (Math.abs(2 * (cell[0]! - cell[1]!) + cell[2]! - cell[3]! - wanted) > 12) continue;
        least = Math.min(least, solver.loss(wanted, cell));
      }
      expect(loss).toBeLessThanOrEqual(least);
    }
  });

  it("cannot be bettered by a small step of any device", () => {
    const solver = new CellSolver(new MomentTable(tabulated, times), timeWeights, [2, 1]);
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 75, noNaN: true }),
        fc.nat(3),
        fc.boolean(),
        (wanted, device, up) => {
          const { conductances, loss } = solver.solve(wanted, undefined);
          conductances[device] = Math.min(25, Math.max(0, conductances[device]! + (up ? 0.05 : -0.05)));
          expect(solver.loss(wanted, conductances)).toBeGreaterThanOrEqual(loss - 1e-9);
        },
      ),
      { numRuns: 40 },
    );
  });
});

// test/slow/optimizer.test.ts has searches with other models, and of three pairs.
describe("strategies for Gaussian weights", () => {
  it("by today's rules come out at the figures known for them", () => {
    expect(lspFirst(pcm90nm, 1)).toBeCloseTo(0.085, 3);
    expect(Math.abs(lspFirst(pcm90nm, 3) / 0.0655 - 1)).toBeLessThan(0.01);
    expect(Math.abs(lspFirst(tabulated, 4) / 0.214 - 1)).toBeLessThan(0.01);
  });

  it("solved to the optimum beat every LSP-first rule at full range", () => {
    for (const model of [pcm90nm, hermes2, tabulated]) {
      for (const significance of [1, 2, 3, 4]) {
        expect(solved(model, significance).tnmse).toBeLessThanOrEqual(lspFirst(model, significance) * 1.0005);
      }
    }
  });

  it("take the best of the significances that input pulses allow", () => {
    const { significance, searchStopped } = translate(problem(pcm90nm), {
      pairs: 2,
      significance: { kind: "one-of", ratios: [1, 2, 4] },
      scale: "full",
    });
    expect(significance).toEqual([2, 1]);
    expect(searchStopped).toBe("best of 3 significances, full range");
  });

  it("err less with every pair more", () => {
    const errors = [1, 2, 3, 4].map(
      (pairs) =>
        translate(problem(pcm90nm), {
          pairs,
          significance: { kind: "given", factors: ladder(2, pairs) },
          scale: "full",
        }).tnmse,
    );
    errors.slice(1).forEach((error, i) => expect(error).toBeLessThan(errors[i]!));
  });

  it("gain by drift that the devices of a pair share, and agree with devices drawn so", () => {
    const shared = { ...problem(tabulated), pairDriftCorrelation: 0.8 };
    const apart = solveStrategy(problem(tabulated), [2, 1], 75);
    const together = solveStrategy(shared, [2, 1], 75);
    expect(together.tnmse).toBeLessThan(apart.tnmse);
    // A solution for independent devices is worse on shared ones than the solution made for them.
    const cells = onSizes(apart.curves, 4, gaussian);
    expect(predict(shared, cells, [2, 1], 75).tnmse).toBeGreaterThan(together.tnmse);
  });

  it("split their error by cause without a rest", () => {
    const given = problem(pcm90nm);
    const solution = solveStrategy(given, [2, 1], 1.3 * 75);
    const budget = errorBudget(given, pcm90nm, solution);
    times.forEach((_, t) => {
      const sum = Object.values(budget).reduce((total, part) => total + part[t], 0) as number;
      expect(Math.abs(sum / solution.tnmseByTime[t]! - 1)).toBeLessThan(0.002);
    });
    expect(Math.max(...budget.saturation)).toBeGreaterThan(0);
    expect(limitOf(given, perfectTableOf(pcm90nm, times), solution)!.tnmse).toBeLessThan(solution.tnmse);
  });

  it("hold nothing for a layer of zeros", () => {
    const weights = weightSizesOf(new Float32Array(20));
    const { curves, tnmse, stopped } = translate(
      { ...problem(pcm90nm), weights },
      { pairs: 2, significance: { kind: "free" }, scale: "full" },
    );
    expect([[...curves.sizes], [...curves.conductances], tnmse, stopped]).toEqual([
      [0],
      [0, 0, 0, 0],
      0,
      "nothing to program",
    ]);
  });

  it.each([
    ["hermes2", "mean-absolute", 1],
    ["hermes2", "least-squares", 1],
    ["tabulated", "mean-absolute", 1.4],
  ] as const)(
    "cannot be bettered by moving any of their points, α following it (%s, α by %s, %f of full range)",
    (name, rule, over) => {
      const model = name === "hermes2" ? hermes2 : tabulated;
      const given: TranslationProblem = { ...problem(model), rule };
      const scale = over * 3.5 * model.maxConductanceMicrosiemens;
      const { curves, tnmse, stopped } = finish(given, solveStrategy(given, [2.5, 1], scale));
      expect(stopped).toBe("error settled");
      const { sizes, conductances } = curves;
      for (let i = 0; i < conductances.length; i += 7) {
        for (const step of [-0.1, 0.1]) {
          const moved = conductances.slice();
          moved[i] = Math.min(given.table.max, Math.max(given.table.min, moved[i]! + step));
          const other = predict(
            given,
            onSizes({ sizes, conductances: moved }, 4, given.weights),
            [2.5, 1],
            scale,
          );
          expect(other.tnmse).toBeGreaterThan(0.9998 * tnmse);
        }
      }
    },
  );

  it("with a scale a column never err more than with one a layer, whichever way devices drift", () => {
    const random = new Random(5).fork("columns");
    const values = Float32Array.from({ length: 64 * 32 }, (_, i) => normalOf(random.at(i, 0).word0) / 4);
    const layer = { inputs: 64, outputs: 32, values };
    for (const [model, mayFill] of [
      [pcm90nm, true],
      [tabulated, false],
    ] as const) {
      const given = { ...problem(model), weights: weightSizesOf(values) };
      const layout = { pairs: 2, significance: { kind: "given", factors: [2, 1] } } as const;
      const one = translate(given, { ...layout, scale: "full" });
      const columns = { ...given, weights: columnSizesOf([layer]).weights };
      const own = translate(columns, { ...layout, scale: "within" });
      expect(own.tnmse).toBeLessThan(one.tnmse);
      expect(own.searchStopped).toMatch(
        mayFill ? /, full range$/ : /scale found to 2 %, \d+(\.\d)? % of full range$/,
      );
    }
  });

  it("clip outliers where asked to, and show the cost", () => {
    const values = Float32Array.from({ length: 1000 }, (_, i) => (i === 0 ? 10 : (i % 100) / 100));
    const weights = weightSizesOf(values, { clipPercentile: 99 });
    expect(weights.clip).toBeCloseTo(0.99, 6);
    const given = { ...problem(pcm90nm), weights };
    const solution = translate(given, {
      pairs: 2,
      significance: { kind: "given", factors: [2, 1] },
      scale: "full",
    });
    expect(solution.scaleMicrosiemensPerUnit).toBeCloseTo(75 / weights.clip, 6);
    expect(errorBudget(given, pcm90nm, solution).saturation[0]).toBeGreaterThan(0.05);
  });

  it("raise both devices of a pair together where a device at rest is the noisier one", () => {
    const restless: DeviceModel = {
      ...pcm90nm,
      mean: (target) => target,
      variance: (target) => 4 * (1 - target / 25),
    };
    const { curves } = solved(restless, 2);
    expect(Math.min(...curves.conductances.subarray(4, 8))).toBeGreaterThan(20);
  });

  it("keep α at 1 when nothing drifts and nothing errs", () => {
    const perfect: DeviceModel = {
      ...pcm90nm,
      programmingStd: () => 0,
      mean: (target) => target,
      variance: () => 0,
    };
    const { compensation, tnmse } = solved(perfect, 2);
    compensation.forEach((alpha) => expect(alpha).toBeCloseTo(1, 6));
    expect(tnmse).toBeLessThan(1e-6);
  });

  it("err as predicted when devices are drawn afresh (20,000 weights, 4 standard errors)", () => {
    const {
      curves,
      compensation,
      significance,
      tnmseByTime,
      scaleMicrosiemensPerUnit: scale,
    } = solved(pcm90nm, 3);
    const random = new Random(12).fork("weights");
    let draws = 0;
    const normal = (): number => normalOf(random.at(draws++, 0).word0);
    const n = 20_000;
    const sizes = Float64Array.from({ length: n }, () => Math.min(1, Math.abs(normal() / 4))).sort();
    const cells = onSizes(curves, 4, { sizes });
    times.forEach((time, t) => {
      let sum = 0;
      let squares = 0;
      sizes.forEach((size, k) => {
        const [a, b, c, d] = Array.from(cells.subarray(4 * k, 4 * k + 4), (g) =>
          pcm90nm.sample(g, time, normal),
        );
        const held = significance[0]! * (a! - b!) + significance[1]! * (c! - d!);
        const error = (compensation[t]! * held) / scale - size;
        sum += 100 * error * error;
        squares += 1e4 * error * error * error * error;
      });
      const standardError = Math.sqrt((squares / n - (sum / n) * (sum / n)) / n);
      expect(Math.abs(sum / n - tnmseByTime[t]!)).toBeLessThan(4 * standardError);
    });
  });
});
