import { describe, expect, it } from "vitest";
import type { Births } from "../emulator/birthKinds.ts";
import { EmulatedChip } from "../emulator/chip.ts";
import { birthsOf, type Conditions, findPreset, noDefects, type PcmPhysics } from "../emulator/presets.ts";
import { parseAddress } from "../lab/address.ts";

/**
 * Each law of birth, shown by the noise-free conductances of chips whose devices are all sound otherwise. `plain` is the same chip
 * with usual births: the draws are the same, so that ratios show the law alone.
 */
const second = 1e6;
const day = 86_400;
const year = 365 * day;

function chipOf(name: string, conditions: Conditions): EmulatedChip {
  return new EmulatedChip({ ...findPreset(name, conditions)!, defects: noDefects }, 7);
}

function fire(chip: EmulatedChip, row: number, kind: "reset" | "set", code: number, at: number): void {
  const codes = new Uint16Array(chip.devicesPerRow).fill(code);
  chip.pulseRow(0, row, { kind, codes, widthNanoseconds: 100, trailingNanoseconds: 0, gateCode: 0 }, at);
}

/** Noise-free conductances of a row at an age after one pulse of an amplitude. */
function pcm(births: Births, code = 560, conditions: Conditions = {}) {
  const chip = chipOf("pcm-64", { ...conditions, births });
  fire(chip, 0, "reset", code, second);
  return (ageSeconds: number): Float32Array =>
    chip.truthOfBlock({ tile: 0, rowStart: 0, rowCount: 1 }, Math.round((1 + ageSeconds) * second));
}

const logs = (a: Float32Array, b: Float32Array): number[] => Array.from(a, (g, i) => Math.log(g / b[i]!));
const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, x) => sum + x, 0) / values.length;
const std = (values: ArrayLike<number>): number => {
  const centre = mean(values);
  return Math.sqrt(mean(Array.from(values, (x) => (x - centre) * (x - centre))));
};

describe("drift of births that saturate", () => {
  it.each([
    ["saturating", day],
    ["saturating-1e5", 1e5],
    ["saturating-3e5", 3e5],
  ] as const)("%s is the usual one up to %d s, and none after it", (births, end) => {
    const [odd, usual] = [pcm(births), pcm("usual")];
    for (const age of [1, 3600, 0.999 * end]) expect(odd(age)).toEqual(usual(age));
    expect(odd(2 * end)).toEqual(odd(year));
    expect(mean(logs(usual(end), odd(year)))).toBeCloseTo(0, 4);
    expect(mean(logs(usual(year), odd(year)))).toBeLessThan(-0.1);
  });
});

describe("drift of births that accelerate", () => {
  it("is the usual one up to 20 s, 1.83 times as steep at a day and 2.4 times at a year", () => {
    const [odd, usual] = [pcm("accelerating"), pcm("usual")];
    expect(odd(19.9)).toEqual(usual(19.9));
    const steeper = (age: number): number =>
      mean(logs(odd(1.1 * age), odd(age))) / mean(logs(usual(1.1 * age), usual(age)));
    expect(steeper(day)).toBeCloseTo(1.84, 1);
    expect(steeper(year)).toBeCloseTo(2.43, 1);
  });
});

describe("wavy births", () => {
  it("drift by an exponent that goes up and down by 30 % five times over the range", () => {
    const { drift } = findPreset("pcm-64", { births: "wavy" })!.physics as PcmPhysics;
    const usual = (findPreset("pcm-64")!.physics as PcmPhysics).drift;
    const ratios = Array.from(
      { length: 400 },
      (_, k) => drift.exponentMean((k + 0.5) / 400) / usual.exponentMean((k + 0.5) / 400),
    );
    const crossings = ratios.filter((ratio, k) => k > 0 && ratio > 1 !== ratios[k - 1]! > 1);
    expect(crossings).toHaveLength(9);
    expect(Math.max(...ratios)).toBeCloseTo(1.3, 3);
    expect(Math.min(...ratios)).toBeCloseTo(0.7, 3);
  });

  it("show it in what they do: the devices of 11 µS drift more than those of 14 µS by 1.5 times and more", () => {
    const exponents = [480, 500, 520, 540].flatMap((code) => {
      const at = pcm("wavy", code);
      const start = at(20);
      return logs(at(year), start).map((log, i) => [start[i]!, -log / Math.log((year + 1) / 21)] as const);
    });
    const near = (g: number): number =>
      mean(exponents.filter(([start]) => Math.abs(start - g) < 0.7).map(([, exponent]) => exponent));
    expect(near(11.25) / near(13.75)).toBeGreaterThan(1.5);
  });
});

describe("lognormal births", () => {
  it("drift by an exponent whose logarithm scatters by 0.5 and not in one direction more than in the other (256 devices)", () => {
    const at = pcm("lognormal");
    const exponents = logs(at(20), at(year)).map((log) => Math.log(log));
    // The mean depends on the conductance, which adds to the spread.
    expect(std(exponents)).toBeGreaterThan(0.42);
    expect(std(exponents)).toBeLessThan(0.65);
    const centre = mean(exponents);
    const skew = mean(exponents.map((x) => ((x - centre) / std(exponents)) ** 3));
    expect(Math.abs(skew)).toBeLessThan(0.6);
    expect(std(logs(pcm("usual")(20), pcm("usual")(year)).map((log) => Math.log(log)))).toBeLessThan(0.42);
  });
});

describe("unsensed births", () => {
  it("swing by 2 K, and the board says nothing of it", () => {
    const chip = chipOf("pcm-64", { births: "unsensed" });
    expect(chip.isSensed).toBe(false);
    expect(chip.temperature(21_600 * second)).toBeCloseTo(27, 9);
    expect(chipOf("pcm-64", { births: "stranger", swingCelsius: 2 }).isSensed).toBe(true);
    expect(chipOf("pcm-64", { births: "stranger", swingCelsius: 2, sensor: "none" }).isSensed).toBe(false);
  });
});

describe("births of rram-128", () => {
  const programmed = (births: Births): EmulatedChip => {
    const chip = chipOf("rram-128", { births });
    for (let n = 0; n < 8; n++) {
      fire(chip, n, "reset", 560, second);
      fire(chip, n, "set", 420, 2 * second);
    }
    return chip;
  };
  const read = (chip: EmulatedChip, seconds: number): Float32Array => {
    const codes = new Uint16Array(chip.devicesPerRow);
    for (let n = 0; n < 8; n++) chip.readRow(0, n, 1, Math.round(seconds * second) + n, codes);
    return chip.truthOfBlock({ tile: 0, rowStart: 0, rowCount: 8 }, Math.round(seconds * second) + 8);
  };

  it("telegraph: three tenths of the devices switch between two values, the thinner the filament the further", () => {
    const [odd, usual] = [programmed("telegraph"), programmed("usual")];
    const [a, b] = [3, 4].map(() => new Float32Array(2048)) as [Float32Array, Float32Array];
    for (let n = 0; n < 60; n++) {
      // The walk is the same, so that the ratio shows the switching alone.
      const [now, still] = [read(odd, 10 + 40 * n), read(usual, 10 + 40 * n)];
      now.forEach((g, i) => {
        const share = still[i]! > 0 ? g / still[i]! - 1 : 0;
        if (share > 1e-4) a[i]! = share;
        if (share < 1e-4) b[i]! = 1;
      });
    }
    const switched = [...a.keys()].filter((i) => a[i]! > 0);
    expect(Math.abs(switched.length / 2048 - 0.3)).toBeLessThan(0.05);
    expect(switched.every((i) => a[i]! > 0.02 && a[i]! < 1.1)).toBe(true);
    expect(switched.filter((i) => b[i] === 1).length / switched.length).toBeGreaterThan(0.8);
  });

  it("heavy: the median device relaxes no more than usually, and one in a hundred four times as far as one in six", () => {
    const moved = (births: Births): number[] => {
      const chip = programmed(births);
      const start = read(chip, 2.001);
      const changes = Array.from(read(chip, 1e5), (g, i) => Math.abs(g - start[i]!));
      return changes.filter((_, i) => start[i]! > 8 && start[i]! < 35).sort((p, q) => p - q);
    };
    const [odd, usual] = [moved("heavy"), moved("usual")];
    const quantile = (changes: number[], share: number): number =>
      changes[Math.floor(share * changes.length)]!;
    const tail = (changes: number[]): number => quantile(changes, 0.99) / quantile(changes, 5 / 6);
    expect(quantile(odd, 0.5) / quantile(usual, 0.5)).toBeLessThan(1.1);
    expect(tail(odd)).toBeGreaterThan(3.5);
    expect(tail(usual)).toBeLessThan(3.2);
  });
});

describe("cycling", () => {
  it("lowers thresholds and makes drift stronger with the logarithm of the pulses, where a chip is so made", () => {
    const after = (pulses: number, conditions: Conditions): { left: number; drift: number } => {
      const chip = chipOf("pcm-64", conditions);
      for (let n = 1; n <= pulses; n++) fire(chip, 0, "reset", 500, n * second);
      const at = (age: number): Float32Array =>
        chip.truthOfBlock({ tile: 0, rowStart: 0, rowCount: 1 }, (pulses + age) * second);
      return { left: mean(at(20)), drift: mean(logs(at(20), at(year))) };
    };
    const cycled = { cyclingPulses: 20 };
    // 60 pulses of 20 are two doublings: thresholds 8 % down, drift 40 % up, and some more as less is left.
    expect(after(60, cycled).left).toBeLessThan(after(60, {}).left - 3);
    expect(after(60, cycled).drift / after(60, {}).drift).toBeGreaterThan(1.4);
    expect(after(1, cycled).drift / after(1, {}).drift).toBeLessThan(1.1);
  });

  it("lets a ReRAM device be set by less, and relax more", () => {
    const set = (conditions: Conditions): Float32Array => {
      const chip = chipOf("rram-128", conditions);
      for (let n = 1; n <= 60; n++) fire(chip, 0, "reset", 560, n * second);
      fire(chip, 0, "set", 340, 61 * second);
      return chip.truthOfBlock({ tile: 0, rowStart: 0, rowCount: 1 }, 61 * second);
    };
    expect(mean(set({ cyclingPulses: 20 }))).toBeGreaterThan(mean(set({})) + 3);
  });
});

describe("an address", () => {
  it.each([
    ["pcm-64", "pcm"],
    ["rram-128", "rram"],
    ["ecram-64", "ecram"],
  ] as const)("of %s takes every birth of its technology, and each is another chip", (name, technology) => {
    const variants = birthsOf(technology).map((births) => {
      expect(parseAddress(`emulator:${name}?births=${births}`).births).toBe(births);
      return findPreset(name, { births })!.variant;
    });
    expect(new Set(variants).size).toBe(variants.length);
  });

  it("refuses births of another technology with those that there are", () => {
    expect(() => parseAddress("emulator:rram-128?births=saturating")).toThrow(
      /births must be sound or usual or telegraph or heavy or pristine or mortal, and saturating is not/,
    );
  });

  it("takes a board without sensors, disturb and cycling", () => {
    const address = parseAddress(
      "emulator:pcm-64?sensor=none&read_disturb=1e-6&half_select=1e-5&cycling=1000",
    );
    const { array, physics, variant } = findPreset("pcm-64", address)!;
    expect(array).toMatchObject({ readDisturb: 1e-6, halfSelectDisturb: 1e-5 });
    expect(array.temperature.isSensed).toBe(false);
    expect(physics.cyclingPulses).toBe(1000);
    expect(variant).toBe("sensorless-read0.000001-half0.00001-cycling1000");
  });
});
