import { describe, expect, it } from "vitest";
import { NoiseBank, noiseComponents, noisePowerDensity } from "../emulator/noise.ts";
import { findPreset, noDefects, type PcmPhysics, type Preset } from "../emulator/presets.ts";
import { Random } from "../src/random.ts";
import { exponentsNear, publishedHermes, published90nm, statistics } from "../bench/publishedProcedures.ts";

/**
 * Published statistics that must come out of the emulated chips. Each is a ratio of measured to published, and each
 * check is shown to fail on physics that are off by a quarter.
 */
const sound = (name: string): Preset => ({ ...findPreset(name)!, defects: noDefects });
const withPcm = (preset: Preset, changes: (physics: PcmPhysics) => Partial<PcmPhysics>): Preset => {
  const physics = preset.physics as PcmPhysics;
  return { ...preset, physics: { ...physics, ...changes(physics) } };
};

describe.each([
  ["pcm-64", published90nm, [0.05, 0.1, 0.2, 0.4, 0.8]],
  ["pcm-256", publishedHermes, [0.05, 0.2, 0.4, 0.7]],
] as const)("drift exponents of %s", (name, published, levels) => {
  const preset = { ...sound(name), geometry: { ...findPreset(name)!.geometry, rows: 64 } };
  const ratios = (of: Preset): { mean: number; std: number }[] =>
    levels.map((r) => {
      const { mean, std } = statistics(exponentsNear(of, r * (of.physics as PcmPhysics).maxConductance));
      return { mean: mean / published(r).mean, std: std / published(r).std };
    });
  const agrees = (found: { mean: number; std: number }[]): boolean =>
    found.every(({ mean, std }) => Math.abs(mean - 1) < 0.05 && Math.abs(std - 1) < 0.15);

  it("have the published mean within 5 % and spread within 15 % (3,000 devices: 1 and 1.3 % standard error)", () => {
    expect(ratios(preset)).toSatisfy(agrees);
  });

  it("would not, were drift a quarter stronger or its spread a quarter wider", () => {
    const stronger = withPcm(preset, ({ drift }) => ({
      drift: { ...drift, exponentMean: (r) => 1.25 * drift.exponentMean(r) },
    }));
    const wider = withPcm(preset, ({ drift }) => ({
      drift: { ...drift, exponentSpread: (r) => 1.25 * drift.exponentSpread(r) },
    }));
    expect(ratios(stronger)).not.toSatisfy(agrees);
    expect(ratios(wider)).not.toSatisfy(agrees);
  });
});

describe("read noise", () => {
  const devices = 300;
  const samples = 1024;

  /** Power at frequencies in cycles a sample, of traces of many devices. */
  function spectrum(spacingSeconds: number): { frequency: number; power: number }[] {
    const bank = new NoiseBank(devices);
    const traces = Array.from({ length: devices }, () => new Float64Array(samples));
    for (let n = 0; n < samples; n++) {
      const random = new Random(8).fork(`${spacingSeconds} ${n}`);
      for (let d = 0; d < devices; d++) {
        traces[d]![n] = bank.moveOne(
          d,
          d,
          bank.step(n === 0 ? 1e4 * spacingSeconds * samples : spacingSeconds),
          random,
        );
      }
    }
    const bins = Array.from({ length: 60 }, (_, i) => Math.round(6 * Math.exp(i * 0.066)));
    // Hann's window keeps the strong low frequencies out of the weak high ones.
    const waves = (of: (angle: number) => number): Float64Array =>
      Float64Array.from({ length: samples }, (_, n) => of((2 * Math.PI * n) / samples));
    const [window, cosine, sine] = [waves((angle) => 1 - Math.cos(angle)), waves(Math.cos), waves(Math.sin)];
    for (const trace of traces) for (let n = 0; n < samples; n++) trace[n]! *= window[n]!;
    return [...new Set(bins)].map((bin) => {
      let power = 0;
      for (const trace of traces) {
        let [re, im] = [0, 0];
        for (let n = 0; n < samples; n++) {
          re += trace[n]! * cosine[(bin * n) % samples]!;
          im += trace[n]! * sine[(bin * n) % samples]!;
        }
        power += re * re + im * im;
      }
      return { frequency: bin / samples, power };
    });
  }

  it("has a spectral slope of −1 ± 0.2 in every half decade from once in three years to 10 kHz", () => {
    for (let low = 1e-8; low < 1e4; low *= Math.sqrt(10)) {
      const drop = Math.log(noisePowerDensity(low * Math.sqrt(10)) / noisePowerDensity(low));
      expect(Math.abs(drop / Math.log(Math.sqrt(10)) + 1)).toBeLessThan(0.2);
    }
  });

  it("shows that spectrum in reads 10 µs apart, where no faster noise folds back (300 devices, 4 standard errors)", () => {
    const spacing = 1e-5;
    const points = spectrum(spacing).filter(({ frequency }) => frequency < 0.1);
    const expected = points.map(({ frequency }) => noisePowerDensity(frequency / spacing));
    const scale = points.reduce((sum, { power }, i) => sum + power / expected[i]!, 0) / points.length;
    points.forEach(({ power }, i) => expect(Math.abs(power / expected[i]! / scale - 1)).toBeLessThan(0.24));
  });

  it("is cut by 16 reads at age 20 s to 1/2.2 (10 %) when they are 1 s apart, and to 1/1.04 (2 %) when 1 µs", () => {
    const reduction = (spacing: number): number => {
      const many = 16_384;
      const bank = new NoiseBank(many);
      const [first, means] = [new Float64Array(many), new Float64Array(many)];
      for (let n = 0; n < 16; n++) {
        const random = new Random(6).fork(`read ${n}`);
        for (let d = 0; d < many; d++) {
          const noise = bank.moveOne(d, d, bank.step(n === 0 ? 20 : spacing), random);
          if (n === 0) first[d] = noise;
          means[d]! += noise / 16;
        }
      }
      return statistics([...first]).std / statistics([...means]).std;
    };
    expect(Math.abs(reduction(1) / 2.2 - 1)).toBeLessThan(0.1);
    expect(Math.abs(reduction(1e-6) / 1.04 - 1)).toBeLessThan(0.02);
  });

  it("is drawn for every process on its own, neighbour by neighbour too (65,536 devices, 5 standard errors)", () => {
    const many = 65_536;
    const bank = new NoiseBank(many);
    const random = new Random(4).fork("old devices");
    const old = bank.step(1e12);
    for (let d = 0; d < many; d++) bank.moveOne(d, d, old, random);
    const { values } = bank;
    const error = 1 / Math.sqrt(many);
    for (let a = 0; a < noiseComponents; a++) {
      for (let b = 0; b <= a; b++) {
        for (const apart of a === b ? [1] : [0, 1]) {
          let sum = 0;
          for (let d = 0; d < many; d++) {
            sum += values[d * noiseComponents + a]! * values[((d + apart) % many) * noiseComponents + b]!;
          }
          expect(Math.abs(sum / many)).toBeLessThan(5 * error);
        }
      }
    }
  });

  it.each([
    [4, 1e-6],
    [16, 2e-5],
    [64, 2e-5],
  ])(
    "of %d reads %d s apart is drawn at once as it would be read by read (40,000 devices, 4 standard errors)",
    (reads, spacingSeconds) => {
      const many = 40_000;
      const halfSeconds = ((reads - 1) * spacingSeconds) / 2;
      const random = new Random(9).fork(`${reads} reads`);
      /** Of the mean of a burst 10 µs after a pulse, of that 0.1 ms later, and of a single read 1 µs after that. */
      const moments = (look: (bank: NoiseBank, seconds: number, n: number) => Float64Array): number[] => {
        const bank = new NoiseBank(many);
        const looks = [look(bank, 1e-5, 0), look(bank, 1e-4, 1)];
        const after = random.fork("after");
        const last = bank.step(1e-6);
        looks.push(Float64Array.from({ length: many }, (_, d) => bank.moveOne(d, d, last, after)));
        return looks.flatMap((a, i) =>
          looks.slice(i).map((b) => a.reduce((sum, x, d) => sum + x * b[d]!, 0) / many),
        );
      };
      const atOnce = moments((bank, seconds, n) => {
        const toMiddle = seconds + (n + 1) * halfSeconds;
        const step = bank.step(seconds, toMiddle, toMiddle, { reads, spacingSeconds });
        const now = random.fork(`at once ${n}`);
        return Float64Array.from({ length: many }, (_, d) => bank.moveOne(d, d, step, now));
      });
      const oneByOne = moments((bank, seconds, n) => {
        const means = new Float64Array(many);
        for (let read = 0; read < reads; read++) {
          const now = random.fork(`look ${n}, read ${read}`);
          const step = bank.step(read === 0 ? seconds : spacingSeconds);
          for (let d = 0; d < many; d++) means[d]! += bank.moveOne(d, d, step, now) / reads;
        }
        return means;
      });
      const places = [0, 0, 0, 1, 1, 2].map((i, n) => [i, [0, 1, 2, 1, 2, 2][n]!] as const);
      const varianceOf = [0, 3, 5].map((n) => oneByOne[n]!);
      places.forEach(([i, j], n) => {
        const covariance = oneByOne[n]!;
        // Both sides are estimated.
        const error = Math.sqrt((2 * (varianceOf[i]! * varianceOf[j]! + covariance * covariance)) / many);
        expect(Math.abs(atOnce[n]! - covariance)).toBeLessThan(4 * error);
      });
    },
  );
});
