import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseStrategy, readStrategy, strategyText } from "../../files/strategy.ts";
import { openBench } from "../../lab/bench.ts";
import { mho } from "../support/commandHere.ts";
import { emptyFolder, removeFoldersAfterEach } from "../support/folders.ts";

removeFoldersAfterEach();

/** Of means of fractions. */
const rounding = 1e-12;

describe("mho optimize --limit", () => {
  it("predicts accuracy, keeps it with the strategy, and program says it beside what came", async () => {
    const folder = emptyFolder();
    const file = join(folder, "s.json");
    const args = [
      "--network",
      "mlp",
      "--tensor",
      "fc3.weight",
      "--significance",
      "2",
      "--limit",
      "--draws",
      "2",
    ];
    const { code, out } = await mho(
      "optimize",
      ...args,
      "--times",
      "1,1d",
      "--model",
      "pcm-90nm",
      "--out",
      file,
      "--json",
    );
    expect(code).toBe(0);
    const { limit } = JSON.parse(out.trim().split("\n").at(-1)!) as { limit: LimitFields };
    expect(limit).toMatchObject({ network: "mlp", images: 597, draws: 2, layers: 3, layers_held: 1 });
    expect(limit.software_accuracy).toBeCloseTo(584 / 597, 6);
    for (const { mean, low, high } of [
      limit,
      limit.perfect_programming!,
      limit.no_drift_spread!,
      limit.no_read_noise!,
    ]) {
      mean.forEach((one, t) => {
        expect(one).toBeGreaterThan(0.9);
        expect(low[t]!).toBeLessThanOrEqual(one + rounding);
        expect(high[t]!).toBeGreaterThanOrEqual(one - rounding);
      });
    }
    const strategy = await readStrategy(file);
    expect(strategy.predictedAccuracy).toMatchObject({ network: "mlp", draws: 2, timesSeconds: [1, 86_400] });
    expect((await mho("show", file)).out).toMatch(/Accuracy of mlp on 597 images, %, over 2 chips drawn/);

    const chip = ["--chip", "emulator:pcm-64?tiles=2", "--workspace", folder];
    const run = await mho("program", file, ...chip, "--sweep", "none");
    expect(run.out).toMatch(/predicts an accuracy of mlp, .* of 9\d\.\d % \(9\d\.\d to 9\d\.\d\) at 1 s/);
    expect((await mho("show", "r1", "--workspace", folder)).out).toContain("predicts an accuracy of mlp");

    const bench = await openBench({ workspace: folder });
    const again = await bench.limit(file, { network: "mlp", draws: 2 });
    // The file has nine digits.
    again.predicted.mean.forEach((one, t) => expect(one).toBeCloseTo(limit.mean[t]!, 8));
    await expect(bench.limit(file, {})).rejects.toMatchObject({ code: "bad-argument" });
    await bench.close();

    const text = readFileSync(file, "utf8");
    expect(JSON.parse(strategyText(parseStrategy(Buffer.from(text), file)))).toEqual(JSON.parse(text));
    const broken = text.replace(/"low": \[[^,]+, /, '"low": [');
    expect(() => parseStrategy(Buffer.from(broken), file)).toThrow(/one value for each of times_seconds/);
  });
});

interface Spread {
  mean: number[];
  low: number[];
  high: number[];
}

interface LimitFields extends Spread {
  software_accuracy: number;
  perfect_programming: Spread | null;
  no_drift_spread: Spread | null;
  no_read_noise: Spread | null;
}
