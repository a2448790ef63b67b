import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { published } from "../bench/loop.ts";
import { fitConverter } from "../calibration/converterFit.ts";
import type { DeviceBeliefs } from "../calibration/deviceBelief.ts";
import { ein, noiseCovariance } from "../calibration/noiseKernel.ts";
import { PulsesSeen } from "../calibration/pulsesSeen.ts";
import { type DriftLaws, PowerLawForesight } from "../calibration/powerLawForesight.ts";
import { fitPulseResponse } from "../calibration/pulseResponse.ts";
import { expectedOnceReached, planTrim } from "../calibration/trimPlan.ts";
import type { TrimTask } from "../calibration/trimTask.ts";
import { Converter } from "../emulator/converter.ts";
import { findPreset } from "../emulator/presets.ts";
import { NoiseBank } from "../emulator/noise.ts";
import { isPcm } from "../src/chip/technologies/pcm.ts";
import { readChipDescription } from "../files/chipDescription.ts";
import { secondsBetweenReads } from "../src/model/deviceModel.ts";
import { modelOf } from "../src/model/modelOf.ts";
import { powerLawOf, readStd } from "../src/model/powerLaw.ts";
import { normalOf, Random } from "../src/random.ts";

describe("the covariance of 1/f noise", () => {
  it("rests on Ein(x) = γ + ln x + E1(x), as an integral gives it", () => {
    for (const x of [1e-4, 0.01, 0.3, 1, 7, 30, 1e4]) {
      // ∫ (1 − e^−t)/t dt from 0 to x, by the midpoint rule in ln t.
      const steps = 200_000;
      const from = Math.log(1e-9);
      const width = (Math.log(x) - from) / steps;
      let sum = 1e-9;
      for (let k = 0; k < steps; k++) sum += -Math.expm1(-Math.exp(from + (k + 0.5) * width)) * width;
      expect(ein(x) / sum).toBeCloseTo(1, 4);
    }
  });

  it("is what a model makes of the mean of reads, within 1 %", () => {
    for (const [time, reads] of [
      [1, 16],
      [3600, 16],
      [86_400, 4],
    ] as const) {
      const ages = Float64Array.from({ length: reads }, (_, k) => time + 20 + k * secondsBetweenReads);
      const each = noiseCovariance(ages, Array<number>(reads).fill(1), 250e-9, 0);
      const ofMean = each.reduce((sum, c) => sum + c, 0) / (reads * reads);
      const law = { ...powerLawOf(published), reads };
      const std = readStd(law, 10, time) / law.readStrength(10);
      expect((std * std) / ofMean).toBeCloseTo(1, 2);
    }
  });

  it("is that of the emulated devices, which share no code with it (8,000 devices, 4 standard errors)", () => {
    const ages = [1, 10, 1000, 86_400];
    const devices = 8000;
    const bank = new NoiseBank(devices);
    const random = new Random(3);
    const seen = ages.map(() => new Float64Array(devices));
    ages.forEach((age, k) => {
      const moment = random.fork(`at ${age}`);
      const seconds = age - (ages[k - 1] ?? 0);
      for (let i = 0; i < devices; i++) seen[k]![i] = bank.moveOne(i, i, bank.step(seconds), moment);
    });
    const expected = noiseCovariance(Float64Array.from(ages), [1, 1, 1, 1], 250e-9, 20e-6);
    for (let a = 0; a < 4; a++) {
      for (let b = 0; b <= a; b++) {
        const found = seen[a]!.reduce((sum, x, i) => sum + x * seen[b]![i]!, 0) / devices;
        const [aa, bb, ab] = [expected[5 * a]!, expected[5 * b]!, expected[4 * a + b]!];
        const error = Math.sqrt((aa * bb + ab * ab) / devices);
        // Sixteen processes follow the law within 1.5 %.
        expect(Math.abs(found - ab)).toBeLessThan(4 * error + 0.015 * ab);
      }
    }
  });
});

describe("a fit of converters from known resistors", () => {
  it("finds offset, gain and bend of worn converters within four standard errors, and undoes them", () => {
    const { readout } = findPreset("pcm-64", { converter: "worn" })!;
    const ideal = { microsiemensPerCode: 0.04, offsetCodes: 0, codes: 1024 };
    for (let seed = 1; seed <= 8; seed++) {
      const random = new Random(seed);
      const converter = new Converter(readout, random.fork("converter"));
      const looks = Array.from({ length: 30 }, (_, look) =>
        Uint16Array.from(readout.references, (g, k) => {
          let sum = 0;
          for (let n = 0; n < 16; n++)
            sum += converter.code(g + 0.02 * normalOf(random.at(look * 100 + k, n).word0));
          return Math.round(sum / 16);
        }),
      );
      const fit = fitConverter(readout.references, looks, ideal)!;
      expect(fit.differs).toBe(true);
      expect(Math.abs(fit.offsetCodes - converter.offsetCodes)).toBeLessThan(4 * fit.offsetError);
      expect(Math.abs(fit.gain - converter.gain)).toBeLessThan(4 * fit.gainError);
      expect(Math.abs(fit.nonLinearity - readout.nonLinearity)).toBeLessThan(4 * fit.nonLinearityError);
      // Beneath its lowest code a converter says nothing.
      for (const g of [2, 8, 14, 20, 24]) {
        expect(Math.abs(fit.microsiemensOfCode[converter.code(g)]! - g)).toBeLessThan(0.04);
      }
    }
  });

  it("leaves converters alone that are as described, and says nothing of two resistors", () => {
    const ideal = { microsiemensPerCode: 0.04, offsetCodes: 3, codes: 1024 };
    const resistors = [0, 5, 10, 20];
    const look = Uint16Array.from(resistors, (g) => Math.round(g / 0.04) + 3);
    const fit = fitConverter(resistors, [look, look], ideal)!;
    expect(fit.differs).toBe(false);
    expect(fit.offsetCodes).toBeCloseTo(3, 6);
    expect(fitConverter([1, 2], [Uint16Array.of(25, 50)], ideal)).toBeUndefined();
  });
});

describe("a fit of the pulse response", () => {
  it("finds the curve, and tells what differs between devices from what differs between pulses", async () => {
    const { pulses } = await readChipDescription("chips/pcm-64.json");
    if (!isPcm(pulses)) throw new Error("a phase-change chip was meant");
    const random = new Random(11);
    const at = (i: number, n: number): number => normalOf(random.at(i, n).word0);
    const seen = new PulsesSeen();
    const few = new PulsesSeen();
    for (let device = 0; device < 3000; device++) {
      const own = 275 + 20 * at(device, 0);
      for (let n = 1; n <= 4; n++) {
        const amplitude = 200 + 160 * ((random.at(device, 50 + n).word0 >>> 0) / 2 ** 32);
        const quenched = 0.12 + 29.88 / (1 + Math.exp((amplitude - own - 5 * at(device, n)) / 26));
        for (const pulses of device < 25 ? [seen, few] : [seen])
          pulses.add(device, amplitude, quenched, n === 1);
      }
    }
    const found = fitPulseResponse(seen, pulses.reset)!;
    expect(Math.abs(found.halfwayMicroamperes - 275)).toBeLessThan(4 * found.halfwayError);
    expect(found.halfwayError).toBeLessThan(2);
    expect(found.deviceSpreadMicroamperes).toBeGreaterThan(18.5);
    expect(found.deviceSpreadMicroamperes).toBeLessThan(21.5);
    expect(found.cycleSpreadMicroamperes).toBeGreaterThan(4.5);
    expect(found.cycleSpreadMicroamperes).toBeLessThan(5.5);
    expect(fitPulseResponse(few, pulses.reset)).toBeUndefined();
  });
});

/** How a refit has it that devices of the published model drift. */
const asFound: DriftLaws = {
  law: { referenceAgeSeconds: 20, onsetSeconds: 1 },
  population: { laws: { exponentSpread: { value: () => 0.01 } } },
};

/** Cells of a pair each, whose devices are known to stand at what is given and to drift by `exponent`. */
function trimTask(devices: readonly number[], wanted: readonly number[], exponent: number): TrimTask {
  const count = devices.length;
  const beliefs: DeviceBeliefs = {
    logA: Float64Array.from(devices, (g) => Math.log(Math.max(g, 0.01))),
    exponent: new Float64Array(count).fill(exponent),
    varianceLogA: new Float64Array(count).fill(1e-6),
    covariance: new Float64Array(count),
    varianceExponent: new Float64Array(count).fill(1e-6),
    lawless: new Uint8Array(count),
  };
  return {
    cells: { devicesPerCell: 2, factors: [1, -1], wantedMicrosiemens: Float32Array.from(wanted) },
    foresight: new PowerLawForesight(beliefs, asFound),
    model: modelOf(published),
    agesSeconds: new Float64Array(count).fill(3600),
    timesSeconds: [1, 3600, 86_400],
    timeWeights: new Float64Array(3).fill(1 / 3),
    reads: 0,
    movable: new Uint8Array(count).fill(1),
  };
}

describe("a trim", () => {
  it("moves the one device that is far off, and none that is where it should be", () => {
    // All cells hold 10 but the third, whose minus device conducts 4 µS too much.
    const devices = Array.from({ length: 40 }, (_, i): number => (i % 2 === 0 ? 10.01 : 0.01));
    devices[5] = 4.01;
    const plan = planTrim(trimTask(devices, Array<number>(20).fill(10), 0.01));
    const moved = [...plan.targetsMicrosiemens.entries()].filter(([, g]) => !Number.isNaN(g));
    expect(plan.devices).toBe(1);
    expect(Math.floor(moved[0]![0] / 2)).toBe(2);
    expect(plan.expectedAfter).toBeLessThan(0.5 * plan.expectedBefore);
  });

  it("never expects to do harm, whatever stands and is wanted, and leaves what may not be moved", () => {
    const conductance = fc.double({ min: 0.01, max: 25, noNaN: true });
    const cell = fc.tuple(
      conductance,
      conductance,
      fc.double({ min: -25, max: 25, noNaN: true }),
      fc.boolean(),
    );
    fc.assert(
      fc.property(fc.array(cell, { minLength: 2, maxLength: 12 }), (cells) => {
        const task = trimTask(
          cells.flatMap(([plus, minus]) => [plus, minus]),
          cells.map(([, , wanted]) => wanted),
          0.05,
        );
        cells.forEach(([, , , fixed], c) => fixed && task.movable.fill(0, 2 * c, 2 * c + 2));
        const plan = planTrim(task);
        expect(plan.expectedAfter).toBeLessThanOrEqual(plan.expectedBefore * 1.000001);
        plan.targetsMicrosiemens.forEach((g, i) => {
          if (task.movable[i] === 0) expect(g).toBeNaN();
          else if (!Number.isNaN(g)) expect(g >= 0 && g <= 25).toBe(true);
        });
        const untouched = new Float32Array(task.movable.length).fill(Number.NaN);
        expect(expectedOnceReached(task, untouched)).toBeCloseTo(plan.expectedBefore, 6);
      }),
      { numRuns: 60 },
    );
  });
});
