import { existsSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readStrategy } from "../files/strategy.ts";
import { accuracyMeasure } from "../src/results/networkMeasure.ts";
import { storyOf } from "../lab/runStory.ts";
import { renderFit } from "../report/fitReport.ts";
import { renderReport } from "../report/report.ts";
import { renderRun } from "../report/runReport.ts";
import { renderStrategy } from "../report/strategyReport.ts";
import type { FitRecord } from "../src/model/definition.ts";
import { asPowerLaw } from "../src/model/powerLaw.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { openTestChip } from "./support/chips.ts";
import { fittedModel } from "./support/fittedModel.ts";
import { emptyFolder, removeFoldersAfterAll } from "./support/folders.ts";
import { carryOut, planToWatch } from "./support/liveRun.ts";

removeFoldersAfterAll();

const executablePath = "/usr/bin/chromium";
const args =
  "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync";
const fixture = fileURLToPath(new URL("fixtures/strategies/version-1.json", import.meta.url));

const g = [1, 5, 10, 20];
const model = fittedModel(86_400);
const fit: FitRecord = {
  ...(model.fit as FitRecord),
  checks: [{ name: "foresees no worse than before", ok: true, says: "a long sentence ".repeat(12) }],
  laws: [
    {
      law: "drift exponent, mean",
      form: "2 straight pieces",
      conductanceMicrosiemens: g,
      value: [0.07, 0.05, 0.04, 0.05],
      standardError: [0.01, 0.01, 0.01, 0.01],
    },
  ],
  residuals: [
    {
      residual: "drift exponents about their law",
      from: -5,
      step: 1,
      share: [0, 0.01, 0.03, 0.14, 0.32, 0.32, 0.14, 0.03, 0.01, 0],
      conductanceMicrosiemens: g,
      mean: [0.1, 0, -0.1, 0],
      spread: [1, 1.1, 0.9, 1],
    },
  ],
  figures: [
    { figure: "offset of the converters of EMU-7-stranger, tile 0, codes", value: 0.05, standardError: 0.2 },
  ],
};

/** A page of every kind. */
async function pages(): Promise<Record<string, string>> {
  const store = await openWorkspace(emptyFolder());
  const chip = await openTestChip({ tiles: 2 });
  const story = await storyOf(store, await carryOut(chip, store, planToWatch(chip, 2, 2)));
  await store.close();
  const { contender, map } = story;
  const times = [1, 3600, 86_400, 2_592_000, 31_536_000];
  const contenders = ["naive", "best open loop", "open loop, counted from day 1", "closed loop"].map(
    (name, k) => ({
      ...contender,
      name,
      explanation: `how ${name} goes`,
      points: times.map((timeSeconds, t) => ({
        timeSeconds,
        rmsPercent: 2 + k + t,
        productPercent: 4 + k + t,
        score: 0.97 - 0.01 * k * t,
      })),
      relativeErrors: Float32Array.from({ length: 64 }, (_, i) => ((i % 9) - 4) / 60),
    }),
  );
  return {
    run: renderRun(story).html,
    strategy: renderStrategy(await readStrategy(fixture), "0.2.0"),
    fit: renderFit({ ...model, fit }, fit, asPowerLaw(model), "0.2.0"),
    demo: renderReport({
      network: "mlp",
      networkText: "mlp, 50,432 weights in 3 matrices",
      chipText: story.chipText,
      writtenAt: "2026-01-02T03:04:05.000Z",
      softwareVersion: "0.2.0",
      seed: 7,
      measure: accuracyMeasure,
      inputs: 597,
      chips: 1,
      fit: { record: fit, before: model },
      softwareScore: 0.978,
      headline: "After 1 year the closed loop gets 97.3 % of the images right, the best open loop 96.1 %.",
      beside: ["The difference is 1.2 ± 2.0 points."],
      contenders,
      map: map!,
    }),
  };
}

describe.skipIf(!existsSync(executablePath))("the pages of reports in a browser", () => {
  const kinds = ["run", "strategy", "fit", "demo"];
  let browser: Browser;
  let addressOf: (kind: string) => string;

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, headless: true, args: args.split(" ") });
    const [folder, made] = [emptyFolder(), await pages()];
    for (const kind of kinds) writeFileSync(`${folder}/${kind}.html`, made[kind]!);
    addressOf = (kind) => pathToFileURL(`${folder}/${kind}.html`).href;
  });
  afterAll(() => browser.close());

  async function look(kind: string, options: BrowserContextOptions, at: (page: Page) => Promise<void>) {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    await page.goto(addressOf(kind));
    await at(page);
    await context.close();
  }

  it.each(kinds)("cut nothing off and scroll nothing sideways at 375 pixels: %s", (kind) =>
    look(kind, { viewport: { width: 375, height: 800 } }, async (page) => {
      const outside = await page.evaluate<string[]>(`(() => {
        for (const one of document.querySelectorAll("details")) one.open = true;
        return [...document.querySelectorAll("main *")].filter((one) => {
          if (one.closest("thead, defs, clipPath")) return false;
          const { left, right, width } = one.getBoundingClientRect();
          const moves = one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX !== "visible";
          return width > 0 && (left < -1 || right > 376 || moves);
        }).map((one) => one.outerHTML.slice(0, 120));
      })()`);
      expect(outside).toEqual([]);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(375);
    }),
  );

  /** Where the explanation of a term that is looked at stands, and whether it can be seen whole. */
  const shown = `(() => {
    const term = document.querySelector(".term:hover, .term:focus");
    const box = getComputedStyle(term, "::after");
    return { display: box.display, says: box.content, width: innerWidth - parseFloat(box.left) - parseFloat(box.right) };
  })()`;

  it.each(["hover", "focus", "tap"] as const)("explain a term on %s, and not before", (way) =>
    look("run", { viewport: { width: 375, height: 800 }, hasTouch: true }, async (page) => {
      const term = page.locator('.term[data-term="yield"]').first();
      const hidden = `getComputedStyle(document.querySelector('.term[data-term="yield"]'), "::after").display`;
      expect(await page.evaluate(hidden)).toBe("none");
      await term[way]();
      const { display, says, width } = await page.evaluate<{ display: string; says: string; width: number }>(
        shown,
      );
      expect(display).toBe("block");
      expect(says).toMatch(/^"Share of the devices with a target that were accepted/);
      expect(width).toBeGreaterThan(200);
      expect(width).toBeLessThan(375);
    }),
  );

  it("open on paper what stands behind a click, the list of terms too", () =>
    look("demo", { viewport: { width: 800, height: 800 } }, async (page) => {
      const seen = `[...document.querySelectorAll("details > :last-child")].map((one) => one.checkVisibility())`;
      expect(new Set(await page.evaluate<boolean[]>(seen))).toEqual(new Set([false]));
      await page.emulateMedia({ media: "print" });
      expect(new Set(await page.evaluate<boolean[]>(seen))).toEqual(new Set([true]));
    }));

  it.each(kinds)("name both axes of every drawing, and draw nothing that keeps one value: %s", (kind) =>
    look(kind, { viewport: { width: 1280, height: 800 } }, async (page) => {
      const drawings = await page.evaluate<{ texts: number; flat: boolean }[]>(`
        [...document.querySelectorAll(".desk > svg")].map((drawing) => {
          const words = [...drawing.querySelectorAll("text")].filter((one) => /[a-z]{3}/i.test(one.textContent));
          const lines = [...drawing.querySelectorAll('path[stroke^="var(--series"]')];
          const flat = lines.length > 0 && lines.every((one) => one.getBBox().height < 0.5 && one.getBBox().width > 50);
          return { texts: words.length, flat };
        })`);
      expect(drawings.length).toBeGreaterThan(1);
      expect(drawings.filter(({ texts, flat }) => texts < 2 || flat)).toEqual([]);
    }),
  );
});
