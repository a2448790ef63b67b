import { describe, expect, it } from "vitest";
import { readOut } from "../bench/characterised.ts";
import { logTimes } from "../bench/watched.ts";
import { fitDevices } from "../calibration/deviceFit.ts";
import type { DriftData } from "../calibration/driftData.ts";
import { fitLaw, type FittedLaw } from "../calibration/lawFit.ts";
import type { LeastSquaresFit } from "../calibration/leastSquares.ts";
import type { Population } from "../calibration/population.ts";
import { judge } from "../calibration/verdict.ts";
import { normalOf, Random } from "../src/random.ts";

type Ended = Pick<LeastSquaresFit, "stopped" | "iterations">;

const freedom = [new Uint16Array(400).fill(20)];
const ages = { from: 1, to: 86_400 };

/** 400 devices that obey their laws, whose law of mean exponents ended as is told. */
function population(ended: Ended, unconverged = 0): Population {
  const random = new Random(1);
  const normals = Float32Array.from({ length: 400 }, (_, i) => normalOf(random.at(i, 0).word0));
  const law = lawOf({ stopped: "cost", iterations: 5 });
  return {
    laws: {
      exponentMean: lawOf(ended),
      exponentSpread: law,
      programming: undefined,
      programmingShift: undefined,
      readNoise: law,
    },
    fates: new Uint8Array(400).fill(1),
    conductance: new Float32Array(400).fill(10),
    exponent: new Float32Array(400),
    exponentVariance: new Float32Array(400).fill(1),
    standing: normals,
    bend: normals,
    noiseRatio: new Float32Array(400).fill(1),
    picked: new Uint8Array(400),
    unpicked: true,
    unconverged,
    heldOut: new Uint8Array(400),
  };
}

function lawOf(ended: Ended): FittedLaw {
  const points = Array.from({ length: 12 }, (_, k) => ({
    x: 2 + 2 * k,
    count: 50,
    seen: 0.05 - 0.001 * k,
    noise: 1e-4,
  }));
  return { ...fitLaw("mean", points, 25), ended };
}

describe("a model whose fits stopped for a bad reason", () => {
  it("is believed where all its fits converged", () => {
    const { believe, checks, remarks } = judge(
      population({ stopped: "step", iterations: 9 }),
      freedom,
      ages,
      undefined,
      undefined,
    );
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(believe).toBe(true);
    expect(remarks).toEqual([]);
    expect(checks.find(({ name }) => name === "fits converged")?.says).toBe(
      "3 of 3 laws converged (3 at least)",
    );
  });

  it.each([
    ["iterations", 'the fit of the law "drift exponent, mean" stopped after 200 steps without converging'],
    ["singular", 'the data do not determine every parameter of the law "drift exponent, mean"'],
    ["start", 'the fit of the law "drift exponent, mean" could not start: its data are not finite numbers'],
  ] as const)("is not believed after %s, and says which law it was", (stopped, says) => {
    const verdict = judge(population({ stopped, iterations: 200 }), freedom, ages, undefined, undefined);
    expect(verdict.believe).toBe(false);
    expect(verdict.checks.filter(({ ok }) => !ok)).toEqual([
      { name: "fits converged", ok: false, says: `2 of 3 laws converged (3 at least): ${says}` },
    ]);
  });

  it("is not believed where the law of temperature did not converge", () => {
    const temperature = lawOf({ stopped: "iterations", iterations: 200 });
    const verdict = judge(
      population({ stopped: "cost", iterations: 5 }),
      freedom,
      ages,
      undefined,
      temperature,
    );
    expect(verdict.checks.find(({ ok }) => !ok)?.says).toContain('the law "ln G per kelvin"');
  });

  it("counts the devices whose own fit did not converge", () => {
    const { remarks } = judge(
      population({ stopped: "cost", iterations: 5 }, 3),
      freedom,
      ages,
      undefined,
      undefined,
    );
    expect(remarks).toEqual([
      "3 used devices with a fit that did not converge: drift or noise far from what was expected",
    ]);
  });
});

describe("the fit of a law", () => {
  it("says why it stopped, and that its form has parameters which one conductance does not determine", () => {
    const at = (x: (k: number) => number): Ended =>
      fitLaw(
        "mean",
        Array.from({ length: 12 }, (_, k) => ({ x: x(k), count: 50, seen: 0.05 + 0.001 * k, noise: 1e-4 })),
        25,
      ).ended;
    expect(["cost", "gradient", "step"]).toContain(at((k) => 2 + 2 * k).stopped);
    expect(at(() => 10).stopped).toBe("singular");
  });

  it("keeps no form whose parameters the data do not determine where there is another", () => {
    // Of sets of 60 noisy points, these among them, several are best fitted by a spline with a knot too many.
    const random = new Random(3);
    let determined = 0;
    for (let set = 26; set < 36; set++) {
      const points = Array.from({ length: 60 }, (_, k) => {
        const x = 1 + 0.4 * k;
        const wave = 0.03 + 0.002 * Math.sin(0.7 * x) + 0.001 * Math.abs(x - 9);
        return { x, count: 270, seen: wave + 1.3e-3 * normalOf(random.at(set, k).word0), noise: 2e-4 };
      });
      const law = fitLaw("mean", points, 25);
      if (law.ended.stopped !== "singular" && Number.isFinite(law.error(10))) determined++;
    }
    expect(determined).toBe(10);
  });
});

describe("the fit of a device", () => {
  it("tells that three steps were enough near its guess, and too few far from it", () => {
    const exponents = [0.05, 0.2, 3];
    const { converged, exponent } = fitDevices(drifting(exponents), readOut, {
      referenceAgeSeconds: 20,
      onsetSeconds: 1,
      exponent: () => 0.05,
      temperatureSlope: () => 0,
      referenceCelsius: 25,
    });
    expect([...converged]).toEqual([1, 1, 0]);
    expect(exponent[1]).toBeCloseTo(0.2, 1);
    expect(Math.abs(exponent[2]! - 3)).toBeGreaterThan(0.1);
  });
});

/** A row of devices of 10 µS that drift by the exponents, read with a percent of noise. */
function drifting(exponents: readonly number[]): DriftData {
  const random = new Random(2);
  const count = exponents.length;
  return {
    devicesPerRow: count,
    targetsMicrosiemens: new Float32Array(count).fill(10),
    picked: false,
    usable: new Uint8Array(count).fill(1),
    pulsedAtMicroseconds: new Float64Array(count),
    sweeps: logTimes(1, 86_400, 20).map((time, k) => ({
      conductanceMicrosiemens: Float32Array.from(
        exponents,
        (exponent, i) =>
          10 * Math.exp(-exponent * Math.log((time + 1) / 21)) * (1 + 0.01 * normalOf(random.at(i, k).word0)),
      ),
      flags: new Uint8Array(count),
      rowTimesMicroseconds: Float64Array.of(time * 1e6),
      averages: 16,
      celsius: 25,
    })),
  };
}
