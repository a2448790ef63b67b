import { describe, expect, it } from "vitest";
import { type DriftLawGuess, fitDevices } from "../calibration/deviceFit.ts";
import type { DriftData } from "../calibration/driftData.ts";
import { atEffectiveTimes, barrierAt, isHastened } from "../calibration/effectiveAges.ts";
import { logTimes } from "../bench/watched.ts";
import { normalOf, Random } from "../src/random.ts";

const readOut = { readSeconds: 250e-9, spacingMicroseconds: 20, microsiemensPerCode: 0.04 };
const law: DriftLawGuess = {
  referenceAgeSeconds: 20,
  onsetSeconds: 1,
  exponent: () => 0.05,
  temperatureSlope: () => 0,
  referenceCelsius: 25,
};
const rate = (electronvolts: number, celsius: number): number =>
  Math.exp((electronvolts / 8.617333262e-5) * (1 / 298.15 - 1 / (celsius + 273.15)));

/** 600 devices that drift by effective time, in a room that swings once a day, and reads that do not care how warm it is. */
function watched(electronvolts: number, swing: number): DriftData {
  const random = new Random(3);
  const celsiusAt = (second: number): number => 25 + swing * Math.sin((2 * Math.PI * second) / 86_400);
  const times = logTimes(10, 86_400, 32);
  let effective = 0;
  let at = 0;
  const sweeps = times.map((time, j) => {
    const steps = 500;
    for (let n = 0; n < steps; n++) {
      const second = at + ((n + 0.5) / steps) * (time - at);
      effective += (rate(electronvolts, celsiusAt(second)) * (time - at)) / steps;
    }
    at = time;
    const conductanceMicrosiemens = Float32Array.from({ length: 600 }, (_, i) => {
      const noise = 1 + 0.005 * normalOf(random.at(i, j).word0);
      return (5 + i / 50) * Math.exp(-0.05 * Math.log((effective + 1) / 21)) * noise;
    });
    return {
      conductanceMicrosiemens,
      flags: new Uint8Array(600),
      rowTimesMicroseconds: new Float64Array(1).fill(time * 1e6),
      averages: 16,
      celsius: celsiusAt(time),
    };
  });
  return {
    devicesPerRow: 600,
    targetsMicrosiemens: Float32Array.from({ length: 600 }, (_, i) => 5 + i / 50),
    usable: new Uint8Array(600).fill(1),
    picked: false,
    pulsedAtMicroseconds: new Float64Array(600),
    sweeps,
  };
}

describe("effective ages", () => {
  it("count warm hours for more, by the temperatures of the sweeps (5 % of what they add)", () => {
    const { sweeps } = atEffectiveTimes(watched(1, 5), 1, 25);
    let effective = 0;
    for (let at = 5; at < 86_400; at += 10) {
      effective += 10 * rate(1, 25 + 5 * Math.sin((2 * Math.PI * at) / 86_400));
    }
    const added = sweeps.at(-1)!.rowTimesMicroseconds[0]! / 1e6 - 86_400;
    expect(effective - 86_400).toBeGreaterThan(8000);
    // The swing of a whole day goes both ways; the warm half alone adds 27,000 s.
    expect(Math.abs(added - (effective - 86_400))).toBeLessThan(0.05 * 27_000);
  });

  it("are real ages where temperatures do not differ, are not known, or do not matter", () => {
    const still = watched(1, 0);
    expect(atEffectiveTimes(still, 1, 25)).toBe(still);
    const warm = watched(1, 5);
    expect(atEffectiveTimes(warm, 0, 25)).toBe(warm);
    const unknown = { ...warm, sweeps: warm.sweeps.map((sweep) => ({ ...sweep, celsius: undefined })) };
    expect(atEffectiveTimes(unknown, 1, 25)).toBe(unknown);
  });

  it("leave no trace of a swing in the exponents, which are 4 % off by real ages (0.7 %)", () => {
    const data = watched(1.06, 5);
    const meanExponent = (of: DriftData): number => {
      const { exponent } = fitDevices(of, readOut, law);
      return exponent.reduce((sum, one) => sum + one, 0) / exponent.length;
    };
    expect(Math.abs(meanExponent(data) / 0.05 - 1)).toBeGreaterThan(0.03);
    expect(Math.abs(meanExponent(atEffectiveTimes(data, 1.06, 25)) / 0.05 - 1)).toBeLessThan(0.007);
  });
});

describe("whether drift is hastened by warmth", () => {
  it("shows in the noise, either way", () => {
    expect(isHastened([watched(1.06, 5)], 1.06, readOut, law)).toBe(true);
    expect(isHastened([watched(0, 5)], 1.06, readOut, law)).toBe(false);
    expect(isHastened([watched(1.06, 0)], 1.06, readOut, law)).toBe(false);
  });

  it("has a barrier of 1.06 eV to overcome after a day at 25 °C, and 0.06 eV more at ten times the age", () => {
    expect(barrierAt(86_400, 25)).toBeCloseTo(1.061, 3);
    expect(barrierAt(864_000, 25) - barrierAt(86_400, 25)).toBeCloseTo(0.059, 3);
  });
});
