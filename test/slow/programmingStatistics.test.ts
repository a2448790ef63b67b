import { describe, expect, it } from "vitest";
import {
  programPcm,
  programRram,
  publishedProgrammingStd,
  publishedRramStd,
  sixteenReads,
  statistics,
} from "../../bench/publishedProcedures.ts";
import { findPreset, noDefects, type PcmPhysics, type Preset } from "../../emulator/presets.ts";
import { Random } from "../../src/random.ts";

/** What published programming procedures must leave on the emulated chips, as ratios of measured to published. */
const second = 1_000_000;
const sound = (name: string): Preset => ({ ...findPreset(name)!, defects: noDefects });
const withPcm = (preset: Preset, changes: (physics: PcmPhysics) => Partial<PcmPhysics>): Preset => {
  const physics = preset.physics as PcmPhysics;
  return { ...preset, physics: { ...physics, ...changes(physics) } };
};

describe("the published programming procedure on pcm-64", () => {
  const levels = [1, 2.5, 5, 7.5, 10, 12.5, 15, 20, 22.5];
  const ratio = (preset: Preset, level: number): number => {
    const programmed = programPcm(preset, 7, level, 0.8 * (1.62 * publishedProgrammingStd(level) - 0.12));
    const reads = [...sixteenReads(programmed)].filter((_, i) => programmed.done[i] === 1);
    return statistics(reads).std / publishedProgrammingStd(level);
  };

  it("leaves the published spread within 15 % at nine levels (16-read means of 16,384 devices)", () => {
    const ratios = levels.map((level) => ratio(sound("pcm-64"), level));
    expect(ratios).toSatisfy((found: number[]) => found.every((one) => Math.abs(one - 1) < 0.15));
  });

  it("would not with a quarter less or more read noise at the top", () => {
    const off = [0.6, 1.5].map((factor) =>
      ratio(
        withPcm(sound("pcm-64"), ({ drift }) => ({
          drift: { ...drift, noiseStrength: (r) => factor * drift.noiseStrength(r) },
        })),
        1,
      ),
    );
    expect(off.some((one) => Math.abs(one - 1) >= 0.15)).toBe(true);
  });
});

describe("incremental-step programming of rram-128", () => {
  const devices = 32_768;
  const random = new Random(3).fork("targets");
  const spread = Float64Array.from(
    { length: devices },
    (_, i) => 2 + (38 * random.at(i, 0).word0) / 0x100000000,
  );
  const sorted = (values: ArrayLike<number>): number[] => Array.from(values).sort((a, b) => a - b);

  it("takes 8–21 pulses in the mean, 80–120 at the 99th percentile, and succeeds for at least 96 %", () => {
    const { pulses, done } = programRram(sound("rram-128"), 5, spread);
    const ordered = sorted(pulses);
    const { mean } = statistics(ordered);
    expect(mean).toBeGreaterThan(8);
    expect(mean).toBeLessThan(21);
    expect(ordered[Math.floor(0.99 * devices)]).toBeGreaterThanOrEqual(80);
    expect(ordered[Math.floor(0.99 * devices)]).toBeLessThanOrEqual(120);
    expect(done.reduce((sum, d) => sum + d, 0) / devices).toBeGreaterThanOrEqual(0.96);
  });

  it.each([0.05, 0.1, 0.25, 0.5, 0.75, 1])(
    "leaves devices at r = %d that spread as published at 1 s, 1 day and 2 days (15 %)",
    (r) => {
      const { chip, endedAt, done } = programRram(
        sound("rram-128"),
        5,
        new Float64Array(devices).fill(40 * r),
      );
      const codes = new Uint16Array(256);
      [1, 86_400, 172_800].forEach((seconds, k) => {
        const at = endedAt + seconds * second;
        for (let row = 0; row < 128; row++) chip.readRow(0, row, 1, at, codes);
        const truth = [...chip.truthOfTile(0, at)].filter((_, i) => done[i] === 1);
        const published = publishedRramStd(k, r);
        expect(Math.abs(statistics(truth).std / published - 1)).toBeLessThan(0.15);
      });
    },
  );
});
