import { describe, expect, it } from "vitest";
import { EmulatedChip } from "../emulator/chip.ts";
import {
  findPreset,
  manyOutliers,
  noDefects,
  type PcmPhysics,
  pcm64,
  type Preset,
} from "../emulator/presets.ts";
import type { RowPulse } from "../emulator/tile.ts";
import { throughColumn, throughWires } from "../emulator/wires.ts";
import { Random, uniformOf } from "../src/random.ts";

const second = 1_000_000;
const sound: Preset = { ...pcm64(1), defects: noDefects };
const physics = sound.physics as PcmPhysics;
const withArray = (changes: Partial<Preset["array"]>): Preset => ({
  ...sound,
  array: { ...sound.array, droop: 0, ...changes },
});

function fire(chip: EmulatedChip, row: number, changes: Partial<RowPulse>, at = second): void {
  const codes = new Uint16Array(chip.devicesPerRow).fill(500);
  chip.pulseRow(
    0,
    row,
    { kind: "reset", codes, widthNanoseconds: 100, trailingNanoseconds: 0, gateCode: 0, ...changes },
    at,
  );
}

const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
const row = (truth: Float32Array, n: number): Float32Array => truth.subarray(n * 256, (n + 1) * 256);
const flat = (chip: EmulatedChip, code: number): Uint16Array =>
  new Uint16Array(chip.devicesPerRow).fill(code);

function readRow(chip: EmulatedChip, n: number, at: number, averages = 64): Float64Array {
  const codes = new Uint16Array(chip.devicesPerRow);
  chip.readRow(0, n, averages, at, codes);
  return Float64Array.from(codes, (code) => code * chip.preset.readout.microsiemensPerCode);
}

describe("pulses for phase-change devices", () => {
  it("SET in part: each climbs towards the top and never falls, and a long one restores it", () => {
    const chip = new EmulatedChip(sound, 7);
    fire(chip, 0, { codes: flat(chip, 900) });
    const codes = flat(chip, 306);
    let before = mean(row(chip.truthOfTile(0, 21 * second), 0));
    for (let n = 1; n <= 5; n++) {
      fire(chip, 0, { kind: "set", codes, widthNanoseconds: 150 }, n * 100 * second);
      const now = mean(row(chip.truthOfTile(0, (n * 100 + 20) * second), 0));
      expect(now).toBeGreaterThan(before + 0.5);
      before = now;
    }
    fire(chip, 0, { kind: "set", codes, widthNanoseconds: 5000 }, 1000 * second);
    expect(mean(row(chip.truthOfTile(0, 1020 * second), 0))).toBeGreaterThan(28);
  });

  it("melt more the longer they are, and crystallise by a slow trailing edge", () => {
    const after = (changes: Partial<RowPulse>): number => {
      const chip = new EmulatedChip(sound, 7);
      fire(chip, 0, changes);
      return mean(row(chip.truthOfTile(0, 21 * second), 0));
    };
    expect(after({ widthNanoseconds: 300 })).toBeLessThan(after({}) - 2);
    expect(after({ trailingNanoseconds: 200 })).toBeGreaterThan(after({}) + 2);
  });

  it("are weaker at the far end of a row that is pulsed together, and not where a device is alone", () => {
    const chip = new EmulatedChip({ ...sound, array: { ...sound.array, droop: 0.08 } }, 7);
    for (let n = 0; n < 40; n++) fire(chip, n, {});
    const together = Float64Array.from({ length: 40 }, (_, n) => {
      const found = row(chip.truthOfTile(0, 21 * second), n);
      return mean(found.subarray(192)) - mean(found.subarray(0, 64));
    });
    expect(mean(together)).toBeGreaterThan(1);
  });

  it("wear out weak devices, which then stick", () => {
    const weak: Preset = { ...sound, defects: { ...noDefects, weak: 1, weakEndurance: 3 } };
    const chip = new EmulatedChip(weak, 7);
    for (let n = 0; n < 30; n++) fire(chip, 0, { codes: flat(chip, 100) }, (n + 1) * second);
    expect(Math.max(...row(chip.truthOfTile(0, 60 * second), 0))).toBeLessThan(2);
  });

  it("find the shares of stuck, open and odd devices that the preset names (16,384 devices, 4 standard errors)", () => {
    const born: Preset = {
      ...sound,
      defects: { ...noDefects, open: 0.02, stuckLow: 0.03 },
    };
    const chip = new EmulatedChip(born, 7);
    const truth = chip.truthOfTile(0, second);
    const near = (count: number, share: number): void =>
      expect(Math.abs(count / 16_384 - share)).toBeLessThan(4 * Math.sqrt(share / 16_384));
    near(truth.filter((g) => g === 0).length, 0.02);
    near(truth.filter((g) => g > 0 && g < 5).length, 0.03);
  });
});

describe("births outside every family of models", () => {
  const odd = (name: keyof typeof manyOutliers): EmulatedChip => {
    const none = { curved: 0, telegraph: 0, fastDrifting: 0, crystallising: 0 };
    return new EmulatedChip({ ...sound, physics: { ...physics, outliers: { ...none, [name]: 1 } } }, 7);
  };
  const pulsed = (chip: EmulatedChip): EmulatedChip => {
    fire(chip, 0, { codes: flat(chip, 560) });
    return chip;
  };
  const at = (chip: EmulatedChip, seconds: number): Float32Array =>
    row(chip.truthOfTile(0, second + seconds * second), 0).slice();

  it("drift along a bend: the slope of the first decades is not that of the last", () => {
    const chip = pulsed(odd("curved"));
    const [a, b, c] = [at(chip, 20), at(chip, 20 * 1000), at(chip, 20 * 1e6)];
    const bends = a.map((g, i) => Math.log(g / b[i]!) - Math.log(b[i]! / c[i]!));
    expect(Math.max(...bends.map(Math.abs))).toBeGreaterThan(0.1);
  });

  it("switch between two values, 2 to 10 % apart", () => {
    const chip = pulsed(odd("telegraph"));
    const plain = pulsed(new EmulatedChip(sound, 7));
    const jumps = at(chip, 1000).map((g, i) => g / at(plain, 1000)[i]!);
    expect(jumps.filter((jump) => jump > 1.019 && jump < 1.101).length).toBeGreaterThan(80);
    expect(jumps.filter((jump) => Math.abs(jump - 1) < 1e-5).length).toBeGreaterThan(80);
  });

  it("drift twice as fast, or crystallise of a sudden", () => {
    const fast = pulsed(odd("fastDrifting"));
    const plain = pulsed(new EmulatedChip(sound, 7));
    const lost = (chip: EmulatedChip): number => mean(at(chip, 20)) / mean(at(chip, 3e7));
    expect(Math.log(lost(fast)) / Math.log(lost(plain))).toBeGreaterThan(1.8);
    const sudden = pulsed(odd("crystallising"));
    const crystallised = (seconds: number): number => at(sudden, seconds).filter((g) => g > 20).length;
    expect(crystallised(3600)).toBeLessThan(10);
    expect(crystallised(3e9)).toBeGreaterThan(200);
  });
});

describe("a preset", () => {
  it("takes the conditions that an address names, and no other name", () => {
    const preset = findPreset("pcm-64", {
      tiles: 3,
      births: "odd",
      temperatureCelsius: 60,
      swingCelsius: 5,
      wireOhmsPerCell: 2,
    })!;
    expect(preset.geometry.tiles).toBe(3);
    expect((preset.physics as PcmPhysics).outliers).toEqual(manyOutliers);
    expect(preset.array).toMatchObject({
      wireOhmsPerCell: 2,
      temperature: { meanCelsius: 60, swingCelsius: 5 },
    });
    expect(findPreset("pcm-64", { births: "sound" })!.defects).toEqual(noDefects);
    expect(findPreset("toString")).toBeUndefined();
    const chip = new EmulatedChip(preset, 7);
    expect(chip.temperature(21_600 * second)).toBeCloseTo(65, 9);
  });
});

describe("reading through the array", () => {
  it("warms: low conductances rise by 3 % a kelvin, high ones by far less", () => {
    const ratio = (code: number): number => {
      const at25 = new EmulatedChip(withArray({}), 7);
      const at35 = new EmulatedChip(
        withArray({ temperature: { meanCelsius: 35, swingCelsius: 0, periodSeconds: 1 } }),
        7,
      );
      for (const chip of [at25, at35]) fire(chip, 0, { codes: flat(chip, code) });
      return mean(readRow(at35, 0, 21 * second)) / mean(readRow(at25, 0, 21 * second));
    };
    expect(ratio(640)).toBeGreaterThan(1.2);
    expect(ratio(350)).toBeLessThan(1.1);
  });

  it("disturbs a little every time, where a chip is so made", () => {
    const chip = new EmulatedChip(withArray({ readDisturb: 1e-4 }), 7);
    fire(chip, 0, { codes: flat(chip, 640) });
    const before = mean(row(chip.truthOfTile(0, 2 * second), 0));
    for (let n = 0; n < 20; n++) readRow(chip, 0, 2 * second + n * 100);
    expect(mean(row(chip.truthOfTile(0, 2 * second), 0))).toBeGreaterThan(before + 1);
  });

  it("half-selects the other rows of a pulsed column, where there are no selectors", () => {
    const chip = new EmulatedChip(withArray({ halfSelectDisturb: 0.01 }), 7);
    fire(chip, 0, { codes: flat(chip, 640) });
    const before = mean(row(chip.truthOfTile(0, 2 * second), 0));
    for (let n = 1; n < 20; n++) fire(chip, n, {}, 2 * second);
    expect(mean(row(chip.truthOfTile(0, 2 * second), 0))).toBeGreaterThan(before + 2);
  });

  it("saturates at the converter's last code, and bends, shifts and scales as the converter does", () => {
    const readout = { ...sound.readout, nonLinearity: 0.02, offsetSpreadCodes: 20, gainSpread: 0.05 };
    const off = new EmulatedChip({ ...sound, readout }, 7);
    const plain = new EmulatedChip(sound, 7);
    expect(mean(readRow(off, 0, 0))).not.toBeCloseTo(mean(readRow(plain, 0, 0)), 1);
    const small = new EmulatedChip({ ...sound, readout: { ...sound.readout, codes: 100 } }, 7);
    expect(Math.max(...readRow(small, 0, 0))).toBeCloseTo(99 * 0.04, 9);
  });

  it("loses voltage along its wires as a nodal solve of 64 × 64 cells says (1 %)", () => {
    const size = 64;
    const ohms = 20;
    const random = new Random(4).fork("wires");
    const conductances = Float64Array.from(
      { length: size * size },
      (_, i) => 25 * uniformOf(random.at(i, 0).word0),
    );
    for (const driven of [0, 20, 63]) {
      const expected = nodal(conductances, size, driven, ohms);
      const seen = conductances.slice(driven * size, (driven + 1) * size);
      throughWires(seen, size - driven, ohms);
      seen.forEach((g, column) => expect(Math.abs(g / expected[column]! - 1)).toBeLessThan(0.01));
      // The loss is well above what the comparison allows.
      expect(seen[size - 1]! / conductances[driven * size + size - 1]!).toBeLessThan(0.97);
    }
  });
});

describe("a product in one step", () => {
  it("is the sum of inputs times conductances, in codes of the converter, and saturates", () => {
    const chip = new EmulatedChip(sound, 7);
    for (let n = 0; n < 64; n++) fire(chip, n, { codes: flat(chip, 520) });
    const inputs = Int8Array.from({ length: 64 }, (_, n) => (n % 2 === 0 ? 100 : -60));
    const truth = chip.truthOfTile(0, 21 * second);
    const codes = chip.multiply(0, inputs, 21 * second);
    const perCode = 400 / 2047;
    const errors = Array.from(codes, (code, line) => {
      let sum = 0;
      inputs.forEach((input, n) => (sum += (input / 127) * truth[n * 256 + line]!));
      return code * perCode - sum;
    });
    expect(Math.abs(mean(errors))).toBeLessThan(0.5);
    expect(Math.max(...errors.map(Math.abs))).toBeLessThan(20);
    expect(Math.max(...chip.multiply(0, new Int8Array(64).fill(127), 22 * second))).toBe(2047);
  });
});

describe("a pristine rram-128", () => {
  const unformed: Preset = {
    ...findPreset("rram-128")!,
    defects: noDefects,
    physics: { ...findPreset("rram-128")!.physics, formed: false } as Preset["physics"],
  };
  const pulse = (
    chip: EmulatedChip,
    kind: "set" | "reset",
    volts: number,
    gateCode: number,
    at: number,
  ): void =>
    fire(
      chip,
      0,
      { kind, codes: flat(chip, Math.round(volts / 0.005)), gateCode, widthNanoseconds: 1000 },
      at,
    );

  it("conducts next to nothing until it is formed, above its forming voltage and within the gate's compliance", () => {
    const chip = new EmulatedChip(unformed, 7);
    pulse(chip, "set", 2, 0, second);
    expect(mean(readRow(chip, 0, 2 * second))).toBeLessThan(0.2);
    pulse(chip, "set", 3.6, 200, 3 * second);
    const formed = readRow(chip, 0, 3 * second + 100);
    expect(mean(formed)).toBeGreaterThan(25);
    expect(mean(formed)).toBeLessThanOrEqual(61);
    pulse(chip, "reset", 2.6, 0, 4 * second);
    pulse(chip, "reset", 2.8, 0, 5 * second);
    expect(mean(readRow(chip, 0, 5 * second + 100))).toBeLessThan(0.6 * mean(formed));
  });
});

/** Currents of all columns, as conductances, by conjugate gradients over every node of the array: an independent way. */
function nodal(conductances: Float64Array, size: number, driven: number, ohms: number): Float64Array {
  const wire = 1e6 / ohms;
  const nodes = 2 * size * size;
  const top = (r: number, c: number): number => r * size + c;
  const bottom = (r: number, c: number): number => size * size + r * size + c;
  const times = (v: Float64Array, out: Float64Array): void => {
    out.fill(0);
    const resistor = (a: number, b: number, g: number): void => {
      const current = g * (v[a]! - v[b]!);
      out[a]! += current;
      out[b]! -= current;
    };
    for (let r = 0; r < size; r++) {
      out[top(r, 0)]! += wire * v[top(r, 0)]!;
      for (let c = 0; c < size; c++) {
        // The transistors of the other rows are off.
        if (r === driven) resistor(top(r, c), bottom(r, c), conductances[r * size + c]!);
        if (c > 0) resistor(top(r, c - 1), top(r, c), wire);
        if (r > 0) resistor(bottom(r - 1, c), bottom(r, c), wire);
      }
    }
    for (let c = 0; c < size; c++) out[bottom(size - 1, c)]! += wire * v[bottom(size - 1, c)]!;
  };
  const [v, residual, search, image] = [0, 1, 2, 3].map(() => new Float64Array(nodes)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  residual[top(driven, 0)] = wire;
  search.set(residual);
  const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  let square = dot(residual, residual);
  for (let n = 0; n < 4000 && square > 1e-12; n++) {
    times(search, image);
    const step = square / dot(search, image);
    for (let i = 0; i < nodes; i++) {
      v[i]! += step * search[i]!;
      residual[i]! -= step * image[i]!;
    }
    const next = dot(residual, residual);
    for (let i = 0; i < nodes; i++) search[i] = residual[i]! + (next / square) * search[i]!;
    square = next;
  }
  return Float64Array.from({ length: size }, (_, c) => wire * v[bottom(size - 1, c)]!);
}

describe("a column's wire that all rows share", () => {
  it("loses what a nodal analysis of two rows by hand says", () => {
    // Row 0 sits 2 lengths of R from the amplifier, row 1 one: V0 = I0 R + V1, V1 = (I0 + I1) R.
    const [g0, g1, x0, x1, ohms] = [20, 10, 1, -0.5, 500];
    const r = ohms / 1e6;
    // I0 = g0 (x0 − V0), I1 = g1 (x1 − V1), solved for I0 and I1.
    const [a, b, c, d] = [1 + 2 * g0 * r, g0 * r, g1 * r, 1 + g1 * r];
    const determinant = a * d - b * c;
    const i0 = (g0 * x0 * d - b * g1 * x1) / determinant;
    const i1 = (a * g1 * x1 - c * g0 * x0) / determinant;
    const found = throughColumn(Float64Array.of(g0, g1), Float64Array.of(x0, x1), ohms, new Float64Array(2));
    expect(found).toBeCloseTo(i0 + i1, 9);
  });
});
