import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openBench } from "../lab/bench.ts";
import { extrapolationSentence, laterSentence, forecastSentence } from "../lab/forecastTexts.ts";
import { modelFileOf } from "../files/model.ts";
import { readStrategy } from "../files/strategy.ts";
import { renderFit } from "../report/fitReport.ts";
import { renderStrategy } from "../report/strategyReport.ts";
import { pcm90nmDefinition } from "../src/model/builtIn.ts";
import { modelOf } from "../src/model/modelOf.ts";
import { beyondTested, meanAtPace, timeAtPace } from "../src/model/tested.ts";
import { normalOf, Random } from "../src/random.ts";
import { mho } from "./support/commandHere.ts";
import { fittedModel } from "./support/fittedModel.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { withoutTerms } from "./support/withoutTerms.ts";

removeFoldersAfterEach();

const day = 86_400;

/** A model file that was tested to a day, and weights to translate by it. */
function filesIn(folder: string): { model: string; weights: string } {
  const random = new Random(2);
  const row = (r: number): string =>
    Array.from({ length: 16 }, (_, k) => (normalOf(random.at(r * 16 + k, 0).word0) / 4).toFixed(4)).join();
  const files = { model: join(folder, "mine.json"), weights: join(folder, "weights.csv") };
  writeFileSync(files.model, JSON.stringify(modelFileOf(fittedModel(day))));
  writeFileSync(files.weights, Array.from({ length: 16 }, (_, r) => row(r)).join("\n"));
  return files;
}

it("forecasts of a fit stand beside what they have to reach, on the terminal and on its page", async () => {
  const files = filesIn(emptyFolder());
  const model = fittedModel(day);
  const limits = "holds where 92 … 99 % lie inside the band and the mean is 0.25 σ off at most";
  const { out } = await mho("show", files.model);
  expect(out).toMatch(/\s80\.10 %\s+0\.04 σ\s+NO\n.*\s95\.10 %\s+0\.04 σ\s+yes\n/);
  expect(out).toContain(limits);
  const page = withoutTerms(renderFit(model, model.fit!, undefined, "0"));
  expect(page).toContain(limits);
  expect(withoutTerms(renderFit(model, { ...model.fit!, forecasts: [] }, undefined, "0"))).not.toContain(
    limits,
  );
});

describe("how far a fitted model was tested", () => {
  it("marks ages, not model times, that lie more than 5 % beyond it", () => {
    const { t0Seconds } = pcm90nmDefinition;
    const model = fittedModel(100);
    expect(beyondTested(model, 104 - t0Seconds)).toBeUndefined();
    expect(beyondTested(model, 106 - t0Seconds)).toBe("extrapolated from 1.67 min");
    expect(beyondTested(fittedModel(day), 30 * day)).toBe("extrapolated from 1 day");
  });

  it("is how far it is to be believed, where later forecasts failed", async () => {
    const folder = emptyFolder();
    const model = fittedModel(day);
    const failed = { ...model.fit!.forecasts![0]!, fromSeconds: day, toSeconds: 10 * day };
    const file = join(folder, "mine.json");
    const fit = { ...model.fit!, forecasts: [...model.fit!.forecasts!, failed] };
    writeFileSync(file, JSON.stringify(modelFileOf({ ...model, fit })));
    const { out } = await mho("show", file);
    expect(out).toContain("\nBelieve it to 1 day, as forecasts of later reads failed: it passes every check");
    const page = join(folder, "fit.html");
    await mho("report", file, "--out", page);
    expect(withoutTerms(readFileSync(page, "utf8"))).toMatch(/<em>Believe it to 1\sday:<\/em>/);
  });

  it("marks every time where no forecast held, and none where nothing is known of it", () => {
    expect(beyondTested(fittedModel(0), 1)).toBe("extrapolated, no forecast held");
    expect(beyondTested(fittedModel(undefined), 360 * day)).toBeUndefined();
    expect(beyondTested(pcm90nmDefinition, 360 * day)).toBeUndefined();
  });

  it("stops the change at pace 0, leaves the law at pace 1, and doubles the change in ln age at pace 2", () => {
    const model = modelOf(fittedModel(day));
    const age = (time: number): number => time + model.timeZeroSeconds;
    expect(age(timeAtPace(model, day, 30 * day, 0))).toBeCloseTo(day, 3);
    expect(age(timeAtPace(model, day, 30 * day, 1))).toBeCloseTo(age(30 * day), 3);
    expect(age(timeAtPace(model, day, 30 * day, 2)) / day).toBeCloseTo((age(30 * day) / day) ** 2, 3);
    expect(timeAtPace(model, day, 3600, 2)).toBe(3600);
  });

  it("goes on where the model's knowledge ends, so that the range is not too narrow there", () => {
    const falling = {
      ...modelOf(fittedModel(day)),
      timeZeroSeconds: 0,
      knownTimesSeconds: { from: 1, to: 100 * day },
      mean: (target: number, time: number) => {
        expect(time).toBeLessThanOrEqual(100 * day);
        return target - Math.log10(time / day);
      },
    };
    // Twice as fast the 50 days are 2,500.
    expect(meanAtPace(falling, day, 20, 50 * day, 2)).toBeCloseTo(20 - Math.log10(2500), 9);
    expect(meanAtPace(falling, day, 20, 50 * day, 1)).toBeCloseTo(20 - Math.log10(50), 9);
    expect(meanAtPace(falling, day, 1, 90 * day, 2)).toBe(0);
  });

  it("stands beside what show, optimize and reports tell of later times", async () => {
    const folder = emptyFolder();
    const { model, weights } = filesIn(folder);
    const shown = (await mho("show", model)).out;
    expect(shown).toMatch(/ 1 day +30 days\* +1 year\* /);
    expect(shown).toContain("* extrapolated from 1 day: ");
    const [stopped, law, twice] = /^ +25\.00 +([\d.]+) \/ ([\d.]+) \/ ([\d.]+)/m
      .exec(shown.slice(shown.indexOf("twice as fast")))!
      .slice(1)
      .map(Number) as [number, number, number];
    expect(stopped).toBeGreaterThan(law);
    expect(law).toBeGreaterThan(twice);
    expect(shown).toContain("tested to 1 day: ");
    expect(shown).toMatch(/14\.4 min → 2\.4 h +4000 +80\.10 % +0\.04 σ +NO\n/);
    expect(shown).toMatch(/2\.4 h → 1 day +4000 +95\.10 % +0\.04 σ +yes\n/);

    const file = join(folder, "strategy.json");
    const json = await mho(
      "optimize",
      weights,
      "--model",
      model,
      "--significance",
      "2",
      "--out",
      file,
      "--json",
    );
    const told = JSON.parse(json.out.trim().split("\n").at(-1)!) as Record<string, unknown>;
    expect(told["tested_to_seconds"]).toBe(day);
    const strategy = (await mho("show", file)).out;
    expect(strategy).toMatch(/ 1 day +30 days\* +360 days\*/);
    expect(strategy).toContain("* extrapolated from 1 day: ");
    expect(withoutTerms(renderStrategy(await readStrategy(file), "0"))).toContain(
      "From 30\u00a0days on all figures are extrapolated from 1 day",
    );
    const page = join(folder, "mine.html");
    expect((await mho("report", model, "--out", page)).code).toBe(0);
    expect(withoutTerms(readFileSync(page, "utf8"))).toMatch(
      /<h2>Forecasts<\/h2>.*up to <b>1\u00a0day<\/b>.*<th scope="row">1\u00a0day<\/th><td[^>]*>2\.4\u00a0h<\/td>.*95\.1/s,
    );

    const published = await mho("show", "pcm-90nm");
    expect(published.out).not.toMatch(/\*|tested/);
  });

  it("is kept with what a strategy and a trim foretell, and told wherever that is", async () => {
    const folder = emptyFolder();
    const { model, weights } = filesIn(folder);
    const file = join(folder, "strategy.json");
    await mho("optimize", weights, "--model", model, "--significance", "2", "--out", file);
    const chip = ["--chip", "emulator:pcm-64?seed=3", "--workspace", folder];
    const programmed = await mho("program", file, ...chip);
    expect(programmed.out).toMatch(
      /The strategy \(mine\) foretells a weight error of \d\.\d\d % at 360 days \(extrapolated from 1 day\)\.\n/,
    );
    await mho("watch", "r1", "--until", "2h", "--per-decade", "5", "--workspace", folder);
    expect((await mho("show", "r1", "--workspace", folder)).out).toContain(
      "at 360 days (extrapolated from 1 day).",
    );
    const trim = await mho("trim", "r1", "--dry-run", "--workspace", folder);
    expect(trim.out).toMatch(
      /averaged over the times: \d\.\d\d %\* of the largest weight; .*, \d\.\d\d %\*\.\n/,
    );
    expect(trim.out).toMatch(/visit then: \d\.\d\d %\*\n/);
    expect(trim.out).toContain("* Errors from 30 days on are extrapolated from 1 day.");
    const bench = await openBench({ workspace: folder });
    const [outcome] = (await bench.run("r1")).forecasts;
    await bench.close();
    const { forecast, points } = outcome!;
    expect(forecast.testedToSeconds).toBe(day);
    expect(forecastSentence({ forecast, points: [] })).toMatch(
      /% at 1 s to \d\.\d\d % at 360 days \(extrapolated from 1 day\)\. It was not measured yet\.$/,
    );
    expect(forecastSentence(outcome!)).not.toContain("extrapolated");
    const late = { ...points.at(-1)!, ageSeconds: 30 * day };
    expect(forecastSentence({ forecast, points: [late] })).toContain(
      "at 30 days (extrapolated from 1 day), and ",
    );
    expect(extrapolationSentence({ ...forecast, testedToSeconds: 360 * day })).toBeUndefined();
    const at = (ageSeconds: number) => ({
      forecast,
      points: [{ ageSeconds, foretoldPercent: 1, measuredPercent: 1, weights: 1, failed: false }],
    });
    expect(laterSentence(at(day))).toBe(extrapolationSentence(forecast));
    // What was measured is not foretold any more.
    expect(laterSentence(at(forecast.timesSeconds.at(-1)!))).toBeUndefined();
  });
});
