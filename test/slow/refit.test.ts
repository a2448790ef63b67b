import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { characterise, readOut } from "../../bench/characterised.ts";
import { published } from "../../bench/loop.ts";
import { fittedModel } from "../../calibration/fittedModel.ts";
import type { FittedLaw } from "../../calibration/lawFit.ts";
import { refit } from "../../calibration/refit.ts";
import { readModel } from "../../files/model.ts";
import type { PowerLawDefinition } from "../../src/model/definition.ts";
import { modelOf } from "../../src/model/modelOf.ts";
import { powerLawOf } from "../../src/model/powerLaw.ts";
import { mho } from "../support/commandHere.ts";
import { conductances, weights } from "../support/fitInputs.ts";
import { emptyFolder, removeFoldersAfterEach } from "../support/folders.ts";
import { withoutTerms } from "../support/withoutTerms.ts";

removeFoldersAfterEach();

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

describe("the loop, on the command line", () => {
  it("watches, fits, aims again and trims; every step is a file or a run that the next one takes", async () => {
    const folder = emptyFolder();
    const at = ["--workspace", folder, "--json"];
    const model = join(folder, "mine.json");
    await mho("program", conductances(folder, 10), "--chip", chip, ...at);
    await mho("program", conductances(folder, 10, 10), "--chip", chip, "--method", "open-loop", ...at);
    const watched = await mho("watch", "r1", "r2", "--until", "1d", "--per-decade", "6", ...at);
    // verify looks at its devices for half a minute after the last pulse: ages below that are past when it ends.
    expect([watched.code, last(watched.out)["sweeps"]]).toEqual([0, 53]);

    const fitted = await mho("fit", "r1", "r2", "--out", model, ...at);
    expect([fitted.code, last(fitted.out)["believe"]]).toEqual([0, true]);
    const definition = (await readModel(model)) as PowerLawDefinition;
    expect(definition.name).toBe("mine");
    const { fit, pulseResponse } = definition;
    expect(fit).toMatchObject({
      runs: ["r1", "r2"],
      chip: "pcm-64",
      chipSerialNumbers: ["EMU-5-stranger-swing2"],
      modelBefore: "pcm-90nm",
      believe: true,
      sweeps: 55,
    });
    expect(fit!.dataDigest).toMatch(/^[\da-f]{64}$/);
    expect(fit!.celsius!.most - fit!.celsius!.least).toBeGreaterThan(3);
    expect(pulseResponse!.deviceSpreadMicroamperes).toBeGreaterThan(15);
    // The chip was born by another law than the one that it was taken for.
    expect(powerLawOf(definition).driftExponent(12).mean).toBeLessThan(0.026);
    const shown = await mho("show", model);
    expect(shown.out).toMatch(/Model mine: 0 … 25 µS/);
    expect(shown.out).toMatch(
      /fitted to r1, r2 of pcm-64 number EMU-5[^]*\nBelieve it: it passes every check/,
    );

    const page = join(folder, "fit.html");
    expect((await mho("report", model, "--out", page)).code).toBe(0);
    const html = withoutTerms(readFileSync(page, "utf8"));
    expect(html).toMatch(/<em>Believe it:<\/em> the laws of [\d,]+ devices pass every check/);
    for (const title of ["Drift exponent, mean", "Read noise Q", "Drift exponents about their law"]) {
      expect(html).toContain(`<h2>${title}</h2>`);
    }
    const runPage = join(folder, "run.html");
    expect((await mho("report", "r1", "--out", runPage, "--workspace", folder)).code).toBe(0);
    const ofRun = withoutTerms(readFileSync(runPage, "utf8"));
    expect(ofRun).toMatch(/<em>\d+\.\d[^<]*%<\/em> of 2,560 devices were accepted/);
    for (const title of ["Drift", "Pulses per device", "Temperature", "How the devices ended"]) {
      expect(ofRun).toContain(`<h2>${title}</h2>`);
    }
    expect(ofRun).not.toMatch(/[\s",>]NaN/);
    // A picture's title may come twice, for a desk and for a phone; no number is missing.
    expect(html).not.toContain("NaN");

    const strategy = join(folder, "strategy.json");
    const aims = ["--model", model, "--significance", "2", "--scale", "full"];
    expect((await mho("optimize", weights(folder, 16), ...aims, "--out", strategy)).code).toBe(0);
    await mho("program", strategy, "--chip", chip, ...at);
    const tooSoon = await mho("trim", "r3", "--workspace", folder);
    expect([tooSoon.code, tooSoon.err]).toEqual([2, expect.stringContaining("mho watch r3 --until 2h")]);
    await mho("watch", "r3", "--until", "2h", "--per-decade", "5", ...at);
    const dry = last((await mho("trim", "r3", "--dry-run", ...at)).out);
    expect(dry["run"]).toBeNull();
    expect(dry["expected_after"]).toBeLessThan(dry["expected_before"] as number);
    const trimmed = await mho("trim", "r3", ...at);
    expect(trimmed.code).toBe(0);
    const told = last(trimmed.out) as Record<string, number>;
    expect(told).toMatchObject({ run: "r4", corrects: "r3" });
    expect(told["expected_once_reached"]).toBeLessThan(told["expected_before"]!);
    // The second visit takes both runs as one.
    await mho("watch", "r4", "--until", "5h", "--per-decade", "5", ...at);
    const again = last((await mho("trim", "r4", "--dry-run", ...at)).out);
    expect(again["expected_before"]).toBeLessThan(told["expected_before"]!);
  });
});

function last(out: string): Record<string, unknown> {
  return JSON.parse(out.trim().split("\n").at(-1)!) as Record<string, unknown>;
}

const chip = "emulator:pcm-64?seed=5&births=stranger&swing=2";
