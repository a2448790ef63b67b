import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  halfSquares,
  hasConverged,
  leastSquares,
  type LeastSquaresProblem,
  type StopReason,
} from "../calibration/leastSquares.ts";
import { inverseOf } from "../calibration/matrix.ts";
import { type ReferenceProblem, referenceProblems } from "./nistStrd.ts";

describe("damped least squares", () => {
  for (const problem of referenceProblems) {
    problem.starts.forEach((start, k) => {
      it(`solves NIST's ${problem.name} from start ${k + 1} to six digits, standard deviations included`, () => {
        const fit = leastSquares(ofReference(problem), Float64Array.from(start), { iterations: 500 });
        expect(hasConverged(fit)).toBe(true);
        expect((2 * fit.cost) / problem.squares).toBeCloseTo(1, 9);
        problem.certified.forEach((certified, a) => {
          const deviation = Math.sqrt(fit.covariance![a * (start.length + 1)]! * fit.dispersion);
          expect(Math.abs(fit.parameters[a]! / certified - 1)).toBeLessThan(5e-7);
          expect(Math.abs(deviation / problem.deviations[a]! - 1)).toBeLessThan(5e-7);
        });
      });
    });
  }

  it("solves a straight line as the closed form does, from any start, with the covariance of given σ", () => {
    const place = fc.double({ min: -100, max: 100, noNaN: true });
    const point = fc.record({
      x: fc.integer({ min: -100, max: 100 }),
      y: place,
      sigma: fc.double({ min: 0.1, max: 10, noNaN: true }),
    });
    const points = fc.uniqueArray(point, {
      minLength: 3,
      maxLength: 20,
      selector: ({ x }) => x,
    });
    fc.assert(
      fc.property(points, place, place, (data, a0, b0) => {
        const fit = leastSquares(straightLine(data), Float64Array.of(a0, b0));
        const [w, x, xx, y, xy] = sums(data);
        const determinant = w * xx - x * x;
        expect(hasConverged(fit)).toBe(true);
        expect(fit.parameters[0]).toBeCloseTo((xx * y - x * xy) / determinant, 4);
        expect(fit.parameters[1]).toBeCloseTo((w * xy - x * y) / determinant, 4);
        expect(fit.covariance![0]! / (xx / determinant)).toBeCloseTo(1, 6);
        expect(fit.covariance![3]! / (w / determinant)).toBeCloseTo(1, 6);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it("returns the cost and the covariance of the very point it returns, wherever it is stopped, never worse than the start", () => {
    const number = fc.double({ min: -2, max: 2, noNaN: true });
    const limits = fc.record({
      iterations: fc.integer({ min: 0, max: 25 }),
      cost: fc.constantFrom(0, 1, 100),
    });
    const reasons = new Map<StopReason, number>();
    fc.assert(
      fc.property(number, number, limits, (a0, b0, tolerances) => {
        const start = Float64Array.of(a0, b0);
        const fit = leastSquares(rosenbrock, start, tolerances);
        const r = new Float64Array(2);
        expect(fit.cost).toBe(rosenbrock.evaluate(fit.parameters, r));
        expect(fit.cost).toBeLessThanOrEqual(rosenbrock.evaluate(start, r));
        const j = new Float64Array(4);
        rosenbrock.jacobian(fit.parameters, j);
        const [ja, jb, jc, jd] = [j[0]!, j[1]!, j[2]!, j[3]!];
        const inverse = inverseOf(
          Float64Array.of(ja * ja + jc * jc, ja * jb + jc * jd, ja * jb + jc * jd, jb * jb + jd * jd),
          2,
        )!;
        fit.covariance!.forEach((value, k) => expect(value / inverse[k]! || 1).toBeCloseTo(1, 6));
        expect([...start]).toEqual([a0, b0]);
        reasons.set(fit.stopped, (reasons.get(fit.stopped) ?? 0) + 1);
      }),
      { seed: 2, numRuns: 500 },
    );
    expect(reasons.get("iterations")).toBeGreaterThan(50);
    expect(reasons.get("cost")).toBeGreaterThan(50);
  });

  it("takes no step that does not lower the cost: a longer fit is never worse", () => {
    const rest = (iterations: number): number =>
      leastSquares(rosenbrock, Float64Array.of(-1.2, 1), { iterations }).cost;
    const costs = Array.from({ length: 30 }, (_, k) => rest(k));
    costs.forEach((cost, k) => expect(cost).toBeLessThanOrEqual(costs[k - 1] ?? Infinity));
    expect(new Set(costs).size).toBeLessThan(costs.length - 1);
  });

  it("does not ask in which units a parameter is", () => {
    const [misra1a] = referenceProblems;
    const problem = ofReference(misra1a!);
    for (const unit of [1 / 1_048_576, 1024, 1_073_741_824]) {
      const inUnits = inOtherUnits(problem, unit);
      const fit = leastSquares(problem, Float64Array.from(misra1a!.starts[1]!));
      const other = leastSquares(
        inUnits,
        Float64Array.of(misra1a!.starts[1]![0]!, misra1a!.starts[1]![1]! / unit),
      );
      expect(other.iterations).toBe(fit.iterations);
      expect((other.parameters[1]! * unit) / fit.parameters[1]!).toBeCloseTo(1, 9);
      expect((other.covariance![3]! * unit * unit) / fit.covariance![3]!).toBeCloseTo(1, 7);
    }
  });

  it("never goes to where a cost is infinite, and takes a prior as a further residual", () => {
    const visited: number[] = [];
    const fit = leastSquares(
      {
        residuals: 2,
        evaluate([x], out) {
          visited.push(x!);
          if (x! < 0) return Infinity;
          out[0] = Math.sqrt(x!) - 0.1;
          out[1] = (x! - 1) / 1000;
          return halfSquares(out);
        },
        jacobian: ([x], out) => out.set([0.5 / Math.sqrt(x!), 1e-3]),
      },
      Float64Array.of(1),
    );
    expect(Math.min(...visited)).toBeLessThan(0);
    expect(fit.parameters[0]).toBeCloseTo(0.01, 4);
    expect(hasConverged(fit)).toBe(true);
  });
});

describe("the reason for stopping", () => {
  const start = Float64Array.of(-1.2, 1);
  const cases: [StopReason, LeastSquaresProblem, Parameters<typeof leastSquares>[2]][] = [
    ["gradient", rosenbrockOff(1), { gradient: 1e-6 }],
    ["cost", rosenbrockOff(1), { cost: 1e-3 }],
    ["step", rosenbrockOff(1), { gradient: 0, step: 1e-3 }],
    ["iterations", rosenbrockOff(1), { iterations: 3 }],
    ["singular", forgetful(0), {}],
    ["singular", forgetful(1), {}],
    ["singular", forgetful(1 / 3), {}],
    ["singular", forgetful(0.7), {}],
    ["start", { ...forgetful(1), evaluate: () => Number.NaN }, {}],
  ];
  it.each(cases)("is %s", (reason, problem, tolerances) => {
    const fit = leastSquares(problem, start, tolerances);
    expect(fit.stopped).toBe(reason);
    expect(fit.covariance === undefined).toBe(reason === "singular" || reason === "start");
    expect(hasConverged(fit)).toBe(["gradient", "cost", "step"].includes(reason));
  });

  it("is a step at a kink from which no step goes down, and not a cost that a strongly damped step left unchanged", () => {
    // A residual that falls towards x = 5, and jumps up behind it.
    const fit = leastSquares(
      {
        residuals: 1,
        evaluate([x], out) {
          out[0] = x! < 5 ? 10 - x! : x! - 4;
          return halfSquares(out);
        },
        jacobian: ([x], out) => out.set([x! < 5 ? -1 : 1]),
      },
      Float64Array.of(8),
      { cost: 1e-6, step: 1e-7 },
    );
    expect(fit.stopped).toBe("step");
    expect(fit.parameters[0]).toBeGreaterThanOrEqual(5);
    expect(fit.parameters[0]).toBeLessThan(5 + 1e-5);
  });
});

function ofReference(problem: ReferenceProblem): LeastSquaresProblem {
  const { x, y } = problem;
  return {
    residuals: x.length,
    evaluate(p, out) {
      x.forEach((at, k) => (out[k] = problem.value(p, at) - y[k]!));
      return halfSquares(out);
    },
    jacobian(p, out) {
      x.forEach((at, k) => out.set(problem.gradient(p, at), k * p.length));
    },
  };
}

interface Point {
  readonly x: number;
  readonly y: number;
  readonly sigma: number;
}

function straightLine(data: readonly Point[]): LeastSquaresProblem {
  return {
    residuals: data.length,
    evaluate(p, out) {
      data.forEach(({ x, y, sigma }, k) => (out[k] = (p[0]! + p[1]! * x - y) / sigma));
      return halfSquares(out);
    },
    jacobian(_, out) {
      data.forEach(({ x, sigma }, k) => out.set([1 / sigma, x / sigma], 2 * k));
    },
  };
}

/** Of weights, and of weights times x, x², y and xy. */
function sums(data: readonly Point[]): [number, number, number, number, number] {
  const sumOf = (value: (point: Point) => number): number =>
    data.reduce((sum, point) => sum + value(point) / (point.sigma * point.sigma), 0);
  return [
    sumOf(() => 1),
    sumOf(({ x }) => x),
    sumOf(({ x }) => x * x),
    sumOf(({ y }) => y),
    sumOf(({ x, y }) => x * y),
  ];
}

/** A bent valley: r = (10 (b − a²), 1 − a). Least at (1, 1). */
const rosenbrock: LeastSquaresProblem = {
  residuals: 2,
  evaluate([a, b], out) {
    out.set([10 * (b! - a! * a!), 1 - a!]);
    return halfSquares(out);
  },
  jacobian: ([a], out) => out.set([-20 * a!, 10, -1, 0]),
};

/** The same, with a residual that no parameter can lower. */
function rosenbrockOff(off: number): LeastSquaresProblem {
  return {
    residuals: 3,
    evaluate(p, out) {
      rosenbrock.evaluate(p, out);
      out[2] = off;
      return halfSquares(out);
    },
    jacobian(p, out) {
      rosenbrock.jacobian(p, out);
      out.set([0, 0], 4);
    },
  };
}

/** r depends on a + b alone, or with `share` = 0 on a alone. */
function forgetful(share: number): LeastSquaresProblem {
  return {
    residuals: 3,
    evaluate([a, b], out) {
      for (let k = 0; k < 3; k++) out[k] = (k + 1) * (a! + share * b!) - 1;
      return halfSquares(out);
    },
    jacobian(_, out) {
      for (let k = 0; k < 3; k++) out.set([k + 1, (k + 1) * share], 2 * k);
    },
  };
}

/** The second parameter counted in units of `unit`. */
function inOtherUnits(problem: LeastSquaresProblem, unit: number): LeastSquaresProblem {
  const own = (p: Float64Array): Float64Array => Float64Array.of(p[0]!, p[1]! * unit);
  return {
    residuals: problem.residuals,
    evaluate: (p, out) => problem.evaluate(own(p), out),
    jacobian(p, out) {
      problem.jacobian(own(p), out);
      for (let k = 0; k < problem.residuals; k++) out[2 * k + 1]! *= unit;
    },
  };
}
