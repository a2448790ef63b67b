import { describe, expect, it } from "vitest";
import { programChip } from "../bench/programmed.ts";
import type { DriftLaw } from "../emulator/driftLaw.ts";
import { findPreset, type PcmPhysics } from "../emulator/presets.ts";
import { pcm90nm } from "../src/model/modelOf.ts";
import { verdicts } from "../src/program/method.ts";
import { Settling } from "../src/program/settling.ts";
import { marginOf } from "../src/program/verifyPcm.ts";

describe("how devices settle", () => {
  it("is learned from devices that were read twice, at every conductance", () => {
    const settling = new Settling(pcm90nm);
    const wrongBy = (g: number): number => 0.02 - 0.0012 * g;
    const count = 2000;
    const young = Float32Array.from({ length: count }, (_, i) => 1 + (24 * i) / count);
    const youngAgesSeconds = new Float32Array(count).fill(0.02);
    const lateAgesSeconds = new Float32Array(count).fill(25);
    const late = young.map((g) => {
      const exponent = pcm90nm.driftExponentMean(g) + wrongBy(g);
      return g * Math.exp(-exponent * Math.log((25 + 1) / (0.02 + 1)));
    });
    settling.learn({ young, youngAgesSeconds, late, lateAgesSeconds });
    for (const g of [2, 5, 10, 15, 20, 24]) {
      const exponent = pcm90nm.driftExponentMean(g) + wrongBy(g);
      const truth = Math.exp(-exponent * Math.log(21 / 1.02));
      expect(Math.abs(settling.factor(g, 0.02) - truth)).toBeLessThan(0.008);
    }
  });

  it("is left as it is believed where there is nothing to learn from", () => {
    const [believed, settling] = [new Settling(pcm90nm), new Settling(pcm90nm)];
    const none = new Float32Array(8).fill(Number.NaN);
    const ages = new Float32Array(8).fill(30);
    settling.learn({ young: none, youngAgesSeconds: ages, late: none, lateAgesSeconds: ages });
    for (const g of [1, 12, 25]) expect(settling.factor(g, 0.1)).toBe(believed.factor(g, 0.1));
  });
});

describe("the verdict of verify", () => {
  /** On chips whose devices drift so many times as much as is believed; 16 rows, one seed. */
  it.each([0.5, 1, 2])(
    "is about where devices are at the reference age, on a chip of %d times the drift that is believed",
    async (factor) => {
      const preset = findPreset("pcm-64", {})!;
      const physics = preset.physics as PcmPhysics;
      const drift: DriftLaw = {
        ...physics.drift,
        exponentMean: (r) => factor * physics.drift.exponentMean(r),
        exponentSpread: (r) => factor * physics.drift.exponentSpread(r),
      };
      const rowCount = 16;
      const targetsMicrosiemens = Float32Array.from(
        { length: rowCount * 256 },
        (_, i) => (25 * (1 + ((i * 7919) % 1000))) / 1000,
      );
      const { firmware, memories } = await programChip({
        preset: { ...preset, physics: { ...physics, drift } },
        seed: 1,
        method: "verify",
        model: pcm90nm,
        tiles: [{ block: { tile: 0, rowStart: 0, rowCount }, targetsMicrosiemens }],
      });
      const [memory] = memories;
      const bins = Array.from({ length: 5 }, (): number[] => []);
      memory!.verdicts.forEach((verdict, i) => {
        if (verdict !== verdicts.accepted) return;
        const at = memory!.pulsedAtMicroseconds[i]! + 20e6;
        const row = { tile: 0, rowStart: Math.floor(i / 256), rowCount: 1 };
        const truth = firmware.chip.truthOfBlock(row, at)[i % 256]!;
        const target = targetsMicrosiemens[i]!;
        bins[Math.min(4, Math.floor(target / 5))]!.push((truth - target) / marginOf(pcm90nm, target));
      });
      // 0.3 margins and 2 % are the bars of bench/verdicts.ts on whole chips; here a bin has 800 devices, and five standard errors more.
      for (const errors of bins) {
        const mean = errors.reduce((a, b) => a + b, 0) / errors.length;
        const beyond = errors.filter((error) => Math.abs(error) > 2.5).length / errors.length;
        expect(Math.abs(mean)).toBeLessThan(0.3 + (5 * 1.2) / Math.sqrt(errors.length));
        expect(beyond).toBeLessThan(0.02 + 5 * Math.sqrt((0.02 * 0.98) / errors.length));
      }
    },
  );
});
