import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { pcm90nm } from "../../src/model/modelOf.ts";
import { MomentTable } from "../../src/optimize/momentTable.ts";
import type { TranslationProblem } from "../../src/optimize/prediction.ts";
import { ladder, translate } from "../../src/optimize/translate.ts";
import { weightSizesOf } from "../../src/optimize/weightSizes.ts";
import { mho } from "../support/commandHere.ts";
import { emptyFolder, removeFoldersAfterEach } from "../support/folders.ts";
import { gaussian, hermes2, problem, tabulated } from "../support/gaussianProblem.ts";

removeFoldersAfterEach();

describe("strategies for Gaussian weights", () => {
  it.each([
    ["pcm-90nm", pcm90nm, 0.0647, 0.0545],
    ["pcm-hermes-2", hermes2, 0.066, 0.0555],
    ["tabulated", tabulated, 0.091, 0.091],
  ])("with F searched, and β free, reach the figures known for %s", (_, model, full, free) => {
    const search = (scale: "full" | "free") =>
      translate(problem(model), { pairs: 2, significance: { kind: "free" }, scale });
    const [atFull, atFree] = [search("full"), search("free")];
    expect(atFull.tnmse).toBeLessThanOrEqual(full);
    expect(atFree.tnmse).toBeLessThanOrEqual(free);
    expect(atFree.tnmse).toBeLessThan(atFull.tnmse);
    expect(atFull.searchStopped).toBe("significance found to 2 %, full range");
  });

  it("of three pairs have a factor for each, found by itself", () => {
    const light: TranslationProblem = {
      ...problem(pcm90nm),
      table: new MomentTable(pcm90nm, [1, 2_592_000]),
      timeWeights: Float64Array.of(0.5, 0.5),
      weights: weightSizesOf(Float32Array.from(gaussian.sizes), { count: 33 }),
    };
    const wish = { pairs: 3, scale: "full" } as const;
    const free = translate(light, { ...wish, significance: { kind: "free" } });
    const best = Math.min(
      ...[1.8, 2, 2.2].map(
        (ratio) =>
          translate(light, { ...wish, significance: { kind: "given", factors: ladder(ratio, 3) } }).tnmse,
      ),
    );
    expect(free.tnmse).toBeLessThan(0.99 * best);
    expect(free.searchStopped).toMatch(/significance of each pair/);
  });
});

describe("mho optimize", () => {
  it("finds a strategy for every layer of a network that beats every rule of today, and draws each", async () => {
    const folder = emptyFolder();
    const [file, page] = [join(folder, "s.json"), join(folder, "page.html")];
    const digits = "examples/digits/digits-mlp.safetensors";
    const { code, out } = await mho("optimize", digits, "--model", "pcm-90nm", "--out", file, "--json");
    expect(code).toBe(0);
    const { layers } = JSON.parse(out.trim().split("\n").at(-1)!) as {
      layers: { name: string; predicted: { tnmse: number }; baselines: { tnmse: number }[] }[];
    };
    expect(layers.map(({ name }) => name)).toEqual(["fc1.weight", "fc2.weight", "fc3.weight"]);
    for (const { predicted, baselines } of layers)
      expect(predicted.tnmse).toBeLessThan(Math.min(...baselines.map(({ tnmse }) => tnmse)));
    expect((await mho("report", file, "--out", page)).code).toBe(0);
    expect(readFileSync(page, "utf8").match(/<figure>/g)).toHaveLength(12);
  });
});
