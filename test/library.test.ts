import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Bench } from "../lab/bench.ts";
import { openBench, type RunId } from "../lab/index.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

const page = readFileSync(new URL("../docs/library.md", import.meta.url), "utf8");

// test/slow/consumer.test.ts compiles and runs its script.
describe("the library", () => {
  it("exports all that dialects, technologies and methods from outside are made of", () => {
    const toys = new URL("toys/", import.meta.url);
    const imported = readdirSync(toys).flatMap((file) =>
      [...readFileSync(new URL(file, toys), "utf8").matchAll(/ from "([^"]+)"/g)].map(([, path]) => path!),
    );
    expect(imported).toContain("../../lab/index.ts");
    const deeper = imported.filter((path) => !/^(\.\.\/\.\.\/lab\/index\.ts|\.\/\w+\.ts|zod)$/.test(path));
    expect(deeper).toEqual([]);
  });
});

describe("a script", () => {
  async function benchWithWeights() {
    const folder = emptyFolder();
    const weights = join(folder, "w.csv");
    writeFileSync(weights, "0.1,-0.4\n0.7,-1\n");
    return {
      folder,
      weights,
      bench: await openBench({ workspace: join(folder, "lab"), chip: "emulator:pcm-64" }),
    };
  }

  it("goes from weights to a run by the library alone, and says no more than it wants otherwise", async () => {
    const { folder, weights, bench } = await benchWithWeights();
    const out = join(folder, "s.json");
    const { timesSeconds, timeWeights, layers } = await bench.optimize(weights, { model: "pcm-90nm", out });
    expect(timesSeconds).toEqual([1, 60, 3600, 86_400, 30 * 86_400, 360 * 86_400]);
    expect(timeWeights).toEqual(timesSeconds.map(() => 1 / 6));
    const run = await bench.program(out);
    expect((await bench.result(run)).yieldPercent).toBe(100);
    const translation = { timesSeconds: [1, 60], timeWeights: [3, 1], layout: { pairs: 1 } };
    const asked = await bench.optimize(weights, { model: "pcm-90nm", translation });
    expect(asked.timeWeights).toEqual([0.75, 0.25]);
    expect([layers[0]!.significance.length, asked.layers[0]!.significance.length]).toEqual([2, 1]);
    await bench.close();
  });

  it("that misspells how weights are held is told, in the words of the library", async () => {
    const { weights, bench } = await benchWithWeights();
    const optimize = (translation: object) => bench.optimize(weights, { model: "pcm-90nm", translation });
    await expect(optimize({ rules: "x" })).rejects.toThrow(
      /^optimize has no option translation\.rules\. It has layout, /,
    );
    await expect(optimize({ layout: { pair: 1 } })).rejects.toThrow(
      /no option translation\.layout\.pair\. It has pairs, /,
    );
    await expect(optimize({ timeWeights: [1] })).rejects.toThrow(
      "The option translation.timeWeights: give 6 numbers, one a time, not 1.",
    );
    await bench.close();
  });

  it("that names no run is told, whatever it wants to do with runs", async () => {
    const { folder, bench } = await benchWithWeights();
    const none = undefined as unknown as RunId[];
    const out = join(folder, "x.mho");
    for (const runs of [[], none])
      for (const call of [
        () => bench.watch(runs),
        () => bench.fit(runs),
        () => bench.compare(runs),
        () => bench.lot(runs),
        () => bench.archive(runs),
        () => bench.archiveToLake(runs, { lake: folder }),
        () => bench.delete(runs),
        () => bench.pack(runs, { out }),
      ])
        await expect(call()).rejects.toMatchObject({
          code: "bad-argument",
          message: expect.stringMatching(/^No run is named/),
        });
    await bench.close();
  });
});

describe("docs/library.md", () => {
  it("tells of every method of a bench", () => {
    const told = [...page.matchAll(/^\| `(\w+)(?:\(|`)/gm)].map(([, name]) => name);
    const methods = Object.getOwnPropertyNames(Bench.prototype).filter((name) => name !== "constructor");
    expect(methods.filter((name) => !told.includes(name))).toEqual([]);
  });
});
