import { describe, expect, it } from "vitest";
import { characterise, readOut } from "../../bench/characterised.ts";
import { published } from "../../bench/loop.ts";
import { fittedModel } from "../../calibration/fittedModel.ts";
import type { FittedLaw } from "../../calibration/lawFit.ts";
import { refit } from "../../calibration/refit.ts";
import { modelOf } from "../../src/model/modelOf.ts";

describe("a refit of one emulated day of a chip that nobody has published", () => {
  it("finds its laws from a wrong model, with intervals that cover, and is believed; its file is an ordinary model that gives them back", async () => {
    const { data, preset } = await characterise("stranger", 4);
    const fitted = refit(data, readOut, published);
    const { population, verdict } = fitted;
    const { physics } = preset;
    if (physics.technology !== "pcm") throw new Error("a phase-change chip was meant");
    const { exponentMean, exponentSpread, readNoise } = population.laws;
    const truths: [FittedLaw, (g: number) => number][] = [
      [exponentMean, (g) => physics.drift.exponentMean(g / 25)],
      [exponentSpread, (g) => physics.drift.exponentSpread(g / 25)],
      [readNoise, (g) => physics.drift.noiseStrength(g / 25)],
    ];
    const places = [2.5, 5, 8, 11, 14, 17, 20, 23];
    let covered = 0;
    for (const [law, truth] of truths) {
      for (const g of places) if (Math.abs(law.value(g) - truth(g)) < 3 * law.error(g)) covered++;
    }
    // Of 24 correlated intervals of three standard errors, 22 at least: one seed in hundreds would fail by chance.
    expect(covered).toBeGreaterThanOrEqual(22);
    for (const g of places) {
      expect(Math.abs(exponentMean.value(g) - physics.drift.exponentMean(g / 25))).toBeLessThan(0.004);
      expect(exponentSpread.value(g) / physics.drift.exponentSpread(g / 25)).toBeGreaterThan(0.75);
      expect(exponentSpread.value(g) / physics.drift.exponentSpread(g / 25)).toBeLessThan(1.25);
      expect(readNoise.value(g) / physics.drift.noiseStrength(g / 25)).toBeCloseTo(1, 1);
    }
    expect(verdict.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(verdict.believe).toBe(true);
    const model = modelOf(fittedModel(fitted, published, "mine"));
    for (const g of [3, 9, 15, 21]) {
      expect(model.varianceParts(g, 86_400).drift).toBeGreaterThan(0);
      expect(model.driftExponentMean(g)).toBeCloseTo(exponentMean.value(g), 6);
    }
  });

  it.each(["odd", "curved", "telegraph", "fastDrifting"] as const)(
    "does not believe itself where devices are %s",
    async (births) => {
      const { data } = await characterise(births, 2);
      expect(refit(data, readOut, published).verdict.believe).toBe(false);
    },
  );
});
