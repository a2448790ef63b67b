import { expect, test } from "vitest";
import { refit } from "../calibration/refit.ts";
import { readOut } from "../bench/characterised.ts";
import { fitFates } from "../calibration/pool.ts";
import type { DriftSweep } from "../calibration/driftData.ts";
import { pcm90nmDefinition } from "../src/model/builtIn.ts";
import { asPowerLaw } from "../src/model/powerLaw.ts";
import { normalOf, Random, uniformOf } from "../src/random.ts";

test("devices that read a code or two, and first when they are old, are too small for a fit: not unlike all others", () => {
  const law = asPowerLaw(pcm90nmDefinition);
  const random = new Random(3);
  const devicesPerRow = 256;
  const devices = 12 * devicesPerRow;
  const started = Float64Array.from({ length: devices }, (_, i) => {
    const part = uniformOf(random.at(i, 0).word0);
    // A third conducts next to nothing.
    return i % 3 === 0 ? 0.05 + 0.03 * part : 2 + 20 * part;
  });
  const exponents = started.map((g, i) => 0.1 - 0.002 * g + 0.01 * normalOf(random.at(i, 1).word0));
  const sweeps = Array.from({ length: 14 }, (_, k): DriftSweep => {
    const age = 1500 * 10 ** (k / 3);
    return {
      conductanceMicrosiemens: Float32Array.from({ length: devices }, (_, i) => {
        const noisy =
          started[i]! * (age / 20) ** -exponents[i]! * (1 + 0.01 * normalOf(random.at(i, 2 + k).word0));
        return readOut.microsiemensPerCode * Math.round(noisy / readOut.microsiemensPerCode);
      }),
      flags: new Uint8Array(devices),
      rowTimesMicroseconds: new Float64Array(devices / devicesPerRow).fill(age * 1e6),
      averages: 16,
      celsius: undefined,
    };
  });
  const data = {
    devicesPerRow,
    targetsMicrosiemens: new Float32Array(devices).fill(Number.NaN),
    usable: new Uint8Array(devices).fill(1),
    picked: false,
    pulsedAtMicroseconds: new Float64Array(devices),
    sweeps,
  };
  const { fates } = refit([data], readOut, law).population;
  const small = [...fates].filter((_, i) => i % 3 === 0);
  const others = [...fates].filter((_, i) => i % 3 !== 0);
  const shareOf = (list: readonly number[], fate: number): number =>
    list.filter((one) => one === fate).length / list.length;
  expect(shareOf(small, fitFates.tooSmall)).toBeGreaterThan(0.99);
  expect(shareOf(others, fitFates.used)).toBeGreaterThan(0.9);
  expect(shareOf([...small, ...others], fitFates.restless)).toBe(0);
});
