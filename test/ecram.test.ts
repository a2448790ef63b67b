import { describe, expect, it } from "vitest";
import { EmulatedChip } from "../emulator/chip.ts";
import type { EcramPhysics } from "../emulator/ecramPhysics.ts";
import { type Conditions, findPreset, type Preset } from "../emulator/presets.ts";

const second = 1_000_000;

/** Devices that are all alike and take every step as the law has it, unless something else is asked for. */
function alike(changes: Partial<EcramPhysics> = {}, conditions: Conditions = {}): Preset {
  const preset = findPreset("ecram-64", { births: "sound", ...conditions })!;
  const physics = preset.physics as EcramPhysics;
  const none = { endSpread: 0, stepSpread: 0, asymmetrySpread: 0, slopeSpread: 0, restSpread: 0 };
  return { ...preset, physics: { ...physics, ...none, stepScatter: 0, lossLogSpread: 0, ...changes } };
}

const lasting = { lossPerLog: 0 };

function fire(
  chip: EmulatedChip,
  kind: "set" | "reset",
  code: number,
  at: number,
  widthNanoseconds = 1000,
): void {
  const codes = new Uint16Array(chip.devicesPerRow).fill(code);
  chip.pulseRow(0, 0, { kind, codes, widthNanoseconds, trailingNanoseconds: 0, gateCode: 0 }, at);
}

function truthOf(chip: EmulatedChip, at: number): number {
  return chip.truthOfBlock({ tile: 0, rowStart: 0, rowCount: 1 }, at)[0]!;
}

/** Where a device is brought by so many pulses of the highest code. */
function bring(chip: EmulatedChip, kind: "set" | "reset", pulses: number, at = 0): number {
  for (let n = 0; n < pulses; n++) fire(chip, kind, 32, at);
  return truthOf(chip, at);
}

describe("an electrochemical device", () => {
  it("takes a thousand steps of the published size over its range, and stops at its ends", () => {
    const chip = new EmulatedChip(alike(lasting), 7);
    const bottom = bring(chip, "reset", 60);
    let steps = 0;
    while (truthOf(chip, 0) < bottom + 21.9) {
      fire(chip, "set", 1, 0);
      steps++;
    }
    const top = bring(chip, "set", 10);
    expect(bottom).toBeCloseTo(0.896, 2);
    expect(top).toBeCloseTo(22.896, 2);
    expect(steps).toBeGreaterThan(950);
    expect(steps).toBeLessThan(1100);
  });

  it("steps down from the top nearly twice as far as up, and half as far from the bottom", () => {
    const stepFrom = (kind: "set" | "reset", end: "set" | "reset"): number => {
      const chip = new EmulatedChip(alike(lasting), 7);
      bring(chip, end, 60);
      // A little off the end, where steps would stop.
      fire(chip, end === "set" ? "reset" : "set", 3, 0);
      const from = truthOf(chip, 0);
      fire(chip, kind, 1, 0);
      return Math.abs(truthOf(chip, 0) - from);
    };
    expect(stepFrom("reset", "set") / stepFrom("set", "set")).toBeCloseTo(1.72 / 0.89, 1);
    expect(stepFrom("reset", "reset") / stepFrom("set", "reset")).toBeCloseTo(0.49 / 1.081, 1);
  });

  it("moves in proportion to the charge: of amplitude and width alike, and by two pulses as by one of both", () => {
    const moved = (pulses: readonly (readonly [number, number])[]): number => {
      const chip = new EmulatedChip(alike(lasting), 7);
      const from = truthOf(chip, 0);
      for (const [code, width] of pulses) fire(chip, "set", code, 0, width);
      return truthOf(chip, 0) - from;
    };
    const one = moved([[10, 1000]]);
    expect(moved([[5, 2000]])).toBeCloseTo(one, 5);
    expect(
      moved([
        [4, 1000],
        [6, 1000],
      ]),
    ).toBeCloseTo(one, 5);
    expect(moved([[20, 1000]]) / one).toBeCloseTo(2, 1);
  });

  it("scatters by three tenths of a step of one code, and √n less, relatively, by n codes", () => {
    const spread = (code: number): number => {
      const chip = new EmulatedChip(alike({ ...lasting, stepScatter: 0.3 }), 7);
      const from = truthOf(chip, 0);
      for (let row = 0; row < 64; row++) {
        const codes = new Uint16Array(128).fill(code);
        const pulse = {
          kind: "set",
          codes,
          widthNanoseconds: 1000,
          trailingNanoseconds: 0,
          gateCode: 0,
        } as const;
        chip.pulseRow(0, row, pulse, 0);
      }
      const moved = Array.from(chip.truthOfTile(0, 0), (g) => g - from);
      const mean = moved.reduce((sum, g) => sum + g, 0) / moved.length;
      return Math.sqrt(moved.reduce((sum, g) => sum + (g - mean) * (g - mean), 0) / moved.length) / mean;
    };
    // 8,192 devices: the standard error of a spread is 0.8 %.
    expect(spread(1) / 0.3).toBeCloseTo(1, 1);
    expect(spread(16) / (0.3 / 4)).toBeCloseTo(1, 1);
  });

  it("loses what pulses brought it with the logarithm of time, within 6 % of a decade's loss for thirty years", () => {
    const chip = new EmulatedChip(alike(), 7);
    const rest = truthOf(chip, 0);
    const brought = bring(chip, "set", 20) - rest;
    for (let seconds = 1; seconds < 1e9; seconds *= 2.3) {
      const left = (truthOf(chip, seconds * second) - rest) / brought;
      const law = 1 - 0.012 * (Math.log(seconds / 0.1) + 0.577 + Math.LN10 / 2);
      expect(Math.abs(left - law) / (0.012 * Math.LN10)).toBeLessThan(0.06);
    }
  });

  it("that is pulsed again goes on losing what it was brought before: a small step begins nothing anew", () => {
    const day = 86_400 * second;
    const [alone, again] = [new EmulatedChip(alike(), 7), new EmulatedChip(alike(), 7)];
    for (const chip of [alone, again]) bring(chip, "set", 20);
    fire(again, "set", 1, day);
    const step = truthOf(again, day) - truthOf(alone, day);
    const later = truthOf(again, 2 * day) - truthOf(alone, 2 * day);
    expect(step).toBeGreaterThan(0.015);
    expect(Math.abs(later - step)).toBeLessThan(0.25 * step);
  });

  it("loses 36 times as fast at 85 °C as at 25 °C", () => {
    const [cool, warm] = [{}, { temperatureCelsius: 85 }].map((conditions) => {
      const chip = new EmulatedChip(alike({}, conditions), 7);
      const rest = truthOf(chip, 0);
      const brought = bring(chip, "set", 20) - rest;
      return (seconds: number): number => (truthOf(chip, seconds * second) - rest) / brought;
    });
    // exp(0.55 eV/k (1/298.15 K − 1/358.15 K))
    expect(warm!(3600)).toBeCloseTo(cool!(3600 * 36.12), 4);
    expect(warm!(3600)).toBeLessThan(cool!(3600) - 0.02);
  });

  it("whose history is put back goes on to the last bit, in step, loss and noise", () => {
    const preset = findPreset("ecram-64")!;
    const chip = new EmulatedChip(preset, 7);
    fire(chip, "set", 32, 0);
    fire(chip, "reset", 11, 5 * second);
    const twin = new EmulatedChip(preset, 7);
    twin.relive(structuredClone(chip.history));
    const readings = [chip, twin].map((one) => {
      fire(one, "set", 3, 60 * second);
      const codes = new Uint16Array(one.devicesPerRow);
      one.readRow(0, 0, 4, 90 * second, codes);
      return [...codes];
    });
    expect(readings[1]).toEqual(readings[0]);
    expect(twin.pulsesFeltByTile(0)).toEqual(chip.pulsesFeltByTile(0));
    expect(twin.truthOfTile(0, 100 * second)).toEqual(chip.truthOfTile(0, 100 * second));
  });

  it("that is stuck or open gives what its fault says, whatever is fired", () => {
    const chip = new EmulatedChip(alike(), 7);
    chip.fail(0, 0, 0, 2);
    chip.fail(0, 0, 1, 1);
    chip.fail(0, 0, 2, 3);
    bring(chip, "set", 5);
    const [low, high, open] = chip.truthOfBlock({ tile: 0, rowStart: 0, rowCount: 1 }, 0);
    expect([low, high, open]).toEqual([expect.closeTo(0.896, 2), expect.closeTo(22.896, 2), 0]);
  });
});
