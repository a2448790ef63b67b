import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EmulatedChip } from "../emulator/chip.ts";
import { PacketFirmware } from "../emulator/packetFirmware.ts";
import { PcmHeat, readingElectronvolts, warmPcm } from "../emulator/pcmHeat.ts";
import { type Conditions, findPreset, noDefects } from "../emulator/presets.ts";
import { RramHeat, rramRelaxation, warmRram } from "../emulator/rramHeat.ts";
import {
  acceleration,
  type Bake,
  EffectiveClock,
  heatOf,
  TemperatureCourse,
} from "../emulator/temperature.ts";

const second = 1e6;
const hour = 3600 * second;
const day = 24 * hour;
const course = (changes: object = {}): TemperatureCourse =>
  new TemperatureCourse({ meanCelsius: 25, swingCelsius: 0, periodSeconds: 86_400, ...changes });
const bakeOf = (celsius: number, from: number, length: number): Bake => ({
  celsius,
  fromMicroseconds: from,
  toMicroseconds: from + length,
});
const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, x) => sum + x, 0) / values.length;

/** A chip of sound devices whose rows were each pulsed once, at 1 s. */
function pulsed(name: string, conditions: Conditions, amplitudes: readonly number[] = [500]): EmulatedChip {
  const chip = new EmulatedChip({ ...findPreset(name, conditions)!, defects: noDefects }, 7);
  amplitudes.forEach((code, row) => {
    const codes = new Uint16Array(chip.devicesPerRow).fill(code);
    const pulse = {
      kind: "reset",
      codes,
      widthNanoseconds: 100,
      trailingNanoseconds: 0,
      gateCode: 0,
    } as const;
    chip.pulseRow(0, row, pulse, second);
  });
  return chip;
}
const truth = (chip: EmulatedChip, at: number, rowCount = 1): Float32Array =>
  chip.truthOfBlock({ tile: 0, rowStart: 0, rowCount }, at);
function read(chip: EmulatedChip, at: number): Uint16Array {
  const codes = new Uint16Array(chip.devicesPerRow);
  chip.readRow(0, 0, 16, at, codes);
  return codes;
}

describe("effective time", () => {
  const instant = fc.integer({ min: 0, max: 1e15 });
  const twoOrdered = fc
    .tuple(instant, instant)
    .map(([a, b]) => (a < b ? ([a, b] as const) : ([b, a] as const)));

  it("is real time to the last digit at 25 °C, before a bake and after it too", () => {
    const clock = new EffectiveClock(course({ bakes: [bakeOf(85, day, hour)] }), 1.06);
    fc.assert(
      fc.property(twoOrdered, ([a, b]) => {
        expect(clock.ahead((a / 1e15) * day, (b / 1e15) * day)).toBe(0);
        expect(clock.ahead(2 * day + a, 2 * day + b)).toBe(0);
      }),
    );
  });

  it("goes forward at any temperature, and by parts as by the whole", () => {
    fc.assert(
      fc.property(
        fc.double({ min: -40, max: 150, noNaN: true }),
        fc.double({ min: 0, max: 20, noNaN: true }),
        fc.double({ min: 0.1, max: 2.4, noNaN: true }),
        fc.tuple(fc.nat(9e11), fc.nat(9e11), fc.nat(9e11)),
        (meanCelsius, swingCelsius, electronvolts, times) => {
          const bakes = [bakeOf(85, 2e11, 3e11)];
          const clock = new EffectiveClock(course({ meanCelsius, swingCelsius, bakes }), electronvolts);
          const [a, b, c] = times.sort((x, y) => x - y) as [number, number, number];
          const whole = c - a + clock.ahead(a, c);
          const parts = b - a + clock.ahead(a, b) + (c - b + clock.ahead(b, c));
          expect(Math.abs(whole - parts)).toBeLessThanOrEqual(1e-9 * (Math.abs(whole) + 1e12));
          expect(whole).toBeGreaterThanOrEqual(-1e-3);
        },
      ),
    );
  });

  it("under a swing and in the oven is what a sum over a million steps gives, and room time before the chip's began (5e-6 of it)", () => {
    const bakes = [bakeOf(60, 1.2 * day, 0.5 * day)];
    const swinging = course({ meanCelsius: 30, swingCelsius: 15, bakes });
    const [from, to, steps] = [-0.5 * day, 2.77 * day, 1_000_000];
    let sum = 0;
    for (let k = 0; k < steps; k++) {
      const at = from + ((k + 0.5) / steps) * (to - from);
      const celsius = at < 0 ? 25 : swinging.celsius(at);
      sum += (acceleration(1.06, heatOf(celsius)) * (to - from)) / steps;
    }
    expect((to - from + new EffectiveClock(swinging, 1.06).ahead(from, to)) / sum).toBeCloseTo(1, 5);
    const still = new EffectiveClock(course({ meanCelsius: 85 }), 1.06);
    expect(still.ahead(-day, 0)).toBe(0);
    expect((second + still.ahead(0, second)) / second).toBeCloseTo(acceleration(1.06, heatOf(85)), 6);
  });
});

describe("a warm phase-change device", () => {
  const warmth = (celsius: number): number => acceleration(readingElectronvolts, heatOf(celsius));

  it("of 15 µS reads 25.1 µS at 85 °C, and one of 25 µS reads 28.9: in their order, and below the 30 µS of their tops", () => {
    expect(warmPcm(15, 30, warmth(85))).toBeCloseTo(25.08, 1);
    expect(warmPcm(25, 30, warmth(85))).toBeCloseTo(28.87, 1);
    const rising = (g: number): number => 100 * (Math.log(warmPcm(g, 30, warmth(26))) - Math.log(g));
    expect(rising(1)).toBeCloseTo(3.1, 1);
    expect(rising(25)).toBeCloseTo(0.54, 1);
  });

  it("reads more the more it conducts, and less than its top, at any temperature", () => {
    const share = fc.double({ min: 0.001, max: 0.999, noNaN: true });
    fc.assert(
      fc.property(share, share, fc.double({ min: -60, max: 300, noNaN: true }), (a, b, celsius) => {
        fc.pre(Math.abs(a - b) > 1e-6);
        const [low, high] = a < b ? [a, b] : [b, a];
        const [warmLow, warmHigh] = [low, high].map((g) => warmPcm(30 * g, 30, warmth(celsius)));
        expect(warmLow).toBeLessThan(warmHigh!);
        expect(warmHigh).toBeLessThan(30);
        expect(warmLow).toBeGreaterThan(0);
      }),
    );
  });

  it("shows it through the converter: rows of ascending conductance stay in their order at 85 °C, and below 31 µS", () => {
    const chip = pulsed("pcm-64", { temperatureCelsius: 85 }, [640, 590, 540, 500, 460, 420, 380]);
    const codes = new Uint16Array(chip.devicesPerRow);
    const means = Array.from({ length: 7 }, (_, row) => {
      chip.readRow(0, row, 16, 2 * second + row, codes);
      return 0.04 * mean(codes);
    });
    means.slice(1).forEach((g, k) => expect(g).toBeGreaterThan(means[k]!));
    expect(means.at(-1)).toBeLessThan(31);
  });
});

describe("a phase-change chip that was baked", () => {
  const bakes = [bakeOf(85, hour, 64 * hour)];

  it("reads the same bytes as any other before it", () => {
    const [baked, never] = [pulsed("pcm-64", { bakes }), pulsed("pcm-64", {})];
    for (const at of [2 * second, 0.5 * hour, 0.99 * hour]) expect(read(baked, at)).toEqual(read(never, at));
  });

  it("is as old after 64 h at 85 °C as another after seven years", () => {
    const [baked, never] = [pulsed("pcm-64", { bakes }), pulsed("pcm-64", {})];
    const age = new PcmHeat(course({ bakes })).age(second, 70 * hour);
    expect(age / 3.15576e7).toBeGreaterThan(6);
    expect(age / 3.15576e7).toBeLessThan(9);
    const [after, old] = [truth(baked, 70 * hour), truth(never, second + age * second)];
    after.forEach((g, i) => expect(g / old[i]!).toBeCloseTo(1, 5));
    expect(mean(after)).toBeLessThan(0.75 * mean(truth(never, 70 * hour)));
  });

  it("reads hot in the oven, and shows the mark when it is cool, while what is pulsed after it begins anew", () => {
    const chip = pulsed("pcm-64", { bakes });
    const before = mean(read(chip, 0.9 * hour));
    expect(chip.temperature(2 * hour)).toBe(85);
    expect(mean(read(chip, 2 * hour))).toBeGreaterThan(1.3 * before);
    expect(chip.temperature(66 * hour)).toBe(25);
    expect(mean(read(chip, 66 * hour))).toBeLessThan(0.7 * before);
    const codes = new Uint16Array(chip.devicesPerRow).fill(500);
    const pulse = {
      kind: "reset",
      codes,
      widthNanoseconds: 100,
      trailingNanoseconds: 0,
      gateCode: 0,
    } as const;
    chip.pulseRow(0, 0, pulse, 67 * hour);
    expect(mean(truth(chip, 67 * hour + 20 * second))).toBeGreaterThan(
      1.2 * mean(truth(pulsed("pcm-64", {}), hour)),
    );
  });

  it("crystallises by its own energy: half of what was amorphous in ten years at 110 °C, nothing in 64 h at 85, all in a day at 180", () => {
    const share = (celsius: number, length: number): number =>
      new PcmHeat(course({ bakes: [bakeOf(celsius, 0, length)] })).crystallised(0, length);
    expect(share(110, 3652.5 * day)).toBeCloseTo(0.5, 6);
    expect(share(85, 64 * hour)).toBeLessThan(1e-9);
    expect(share(180, day)).toBeGreaterThan(0.9999);
    expect(share(25, 3652.5 * day)).toBe(0);
    const chip = pulsed("pcm-64", { bakes: [bakeOf(180, hour, day)] });
    expect(Math.min(...truth(chip, 2 * day))).toBeGreaterThan(24);
  });

  it("has no swing of its own in the oven, and drifts by the law of its birth there", () => {
    const swinging = pulsed("pcm-64", { bakes, swingCelsius: 5, births: "saturating" });
    expect(swinging.temperature(2 * hour)).toBe(85);
    // An hour in the oven is more than the day after which its drift has come to its end.
    expect(truth(swinging, 3 * hour)).toEqual(truth(swinging, 60 * hour));
  });
});

describe("ReRAM that was baked", () => {
  // From techA-bake.tsv.gz by bench/bake.ts: what cells of 0.1 … 0.6 of the range moved, squared, against 2 h at 100 °C.
  const measured = [
    { celsius: 140, seconds: 4494, grown: 1.47 },
    { celsius: 180, seconds: 5262, grown: 2.29 },
  ];
  const places = [0.15, 0.25, 0.35, 0.45, 0.55];

  it.each(measured)(
    "at $celsius °C has moved so much more than at 100 °C as real cells have (8 %)",
    ({ celsius, seconds, grown }) => {
      const ratios = places.map((r) => rramRelaxation(r, celsius, seconds) / rramRelaxation(r, 100, 7165));
      expect(Math.exp(mean(ratios.map(Math.log))) / grown).toBeGreaterThan(0.92);
      expect(Math.exp(mean(ratios.map(Math.log))) / grown).toBeLessThan(1.08);
    },
  );

  it.each([
    [220, 4566, 0.852],
    [260, 5199, 0.47],
  ])("keeps at %d °C as much of its mean as real cells of 0.5 … 0.7 keep (2 %)", (celsius, seconds, left) => {
    const heat = new RramHeat(course({ bakes: [bakeOf(celsius, 0, seconds * second)] }));
    expect(heat.kept(0, seconds * second)).toBeCloseTo(left, 2);
    expect(heat.kept(seconds * second, 2 * seconds * second)).toBe(1);
  });

  /** Spread of what devices of one amplitude moved, from right after their pulse to an instant. */
  const moved = (conditions: Conditions, at: number): number => {
    const amplitudes = Array.from({ length: 32 }, () => 560);
    const chip = pulsed("rram-128", conditions, amplitudes);
    const look = (when: number): Float32Array => {
      const codes = new Uint16Array(chip.devicesPerRow);
      for (let row = 0; row < 32; row++) chip.readRow(0, row, 1, when, codes);
      return truth(chip, when, 32).slice();
    };
    const start = look(second);
    const changes = Array.from(look(at), (g, i) => Math.abs(g - start[i]!)).sort((a, b) => a - b);
    return changes[Math.floor(0.68 * changes.length)]!;
  };

  it("walks through the oven: its 8,192 devices have moved as the walk says (10 %), and go on from there when cool", () => {
    const cold = moved({}, 70 * hour);
    const baked = moved({ bakes: [bakeOf(140, hour, 64 * hour)] }, 70 * hour);
    const heat = new RramHeat(course({ bakes: [bakeOf(140, hour, 64 * hour)] }));
    const walked = (of: RramHeat): number => of.walked(second, second, 70 * hour, 0.05);
    const foreseen = Math.sqrt(walked(heat) / walked(new RramHeat(course())));
    expect(foreseen).toBeGreaterThan(1.9);
    expect(baked / cold / foreseen).toBeGreaterThan(0.9);
    expect(baked / cold / foreseen).toBeLessThan(1.1);
    expect(heat.walked(second, 66 * hour, 70 * hour, 0.05)).toBeLessThan(0.01);
  });

  it("reads more the more it conducts, and low conductances rise most, at any temperature", () => {
    const g = fc.double({ min: 0.1, max: 140, noNaN: true });
    fc.assert(
      fc.property(g, g, fc.double({ min: -60, max: 300, noNaN: true }), (a, b, celsius) => {
        fc.pre(Math.abs(a - b) > 1e-6);
        const [low, high] = a < b ? [a, b] : [b, a];
        expect(warmRram(low, heatOf(celsius))).toBeLessThan(warmRram(high, heatOf(celsius)));
      }),
    );
    expect(warmRram(5, heatOf(85)) / 5).toBeGreaterThan(1.3);
    expect(warmRram(40, heatOf(85)) / 40).toBeCloseTo(1.11, 1);
    expect(warmRram(100, heatOf(85)) / 100).toBeLessThan(1);
  });
});

describe("a bake by hand", () => {
  it("leaves its mark on a chip that is switched off and on again, and does not overlap another", () => {
    const preset = { ...findPreset("pcm-64")!, defects: noDefects };
    const firmware = new PacketFirmware(preset, 7);
    const codes = new Uint16Array(firmware.chip.devicesPerRow).fill(500);
    const pulse = {
      kind: "reset",
      codes,
      widthNanoseconds: 100,
      trailingNanoseconds: 0,
      gateCode: 0,
    } as const;
    firmware.chip.pulseRow(0, 0, pulse, 0);
    const cool = firmware.bake(85, 64 * hour) as number;
    expect(cool).toBe(64 * hour);
    expect(firmware.history.chipTimeMicroseconds).toBe(cool);
    const again = new PacketFirmware(preset, 7);
    again.relive(firmware.history);
    expect(truth(again.chip, cool + hour)).toEqual(truth(firmware.chip, cool + hour));
    const forgotten = new PacketFirmware(preset, 7);
    const { bakes, ...older } = firmware.history.chip;
    expect(bakes).toHaveLength(1);
    forgotten.relive({ ...firmware.history, chip: older });
    expect(mean(truth(forgotten.chip, cool + hour))).toBeGreaterThan(
      1.2 * mean(truth(again.chip, cool + hour)),
    );
    expect(() => firmware.chip.bake(bakeOf(60, 63 * hour, hour))).toThrow(/one oven at a time/);
    expect(firmware.bake(85, 0)).toMatchObject({ refused: "limit" });
  });
});
