import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { strategyText } from "../files/strategy.ts";
import { type Bench, openBench } from "../lab/bench.ts";
import { verdicts } from "../src/program/method.ts";
import { recall } from "../src/run/recall.ts";
import { normalOf, Random } from "../src/random.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { withoutSearch as translation } from "./support/smallNetwork.ts";

removeFoldersAfterEach();

const [inputs, outputs] = [6, 20];
const random = new Random(3).fork("weights");
const weights = Float32Array.from(
  { length: inputs * outputs },
  (_, i) => normalOf(random.at(i, 0).word0) / 4,
);
/** The last rows matter, the others nearly nothing. */
const importance = weights.map((_, i) => (i >= 4 * outputs ? 1 : 1e-6));

describe("the importance of weights", () => {
  let folder: string;
  let bench: Bench;
  const file = (name: string): string => join(folder, name);
  const write = (name: string, values: Float32Array, shape: readonly number[]): void =>
    writeFileSync(
      file(name),
      Array.from({ length: shape[0]! }, (_, row) =>
        [...values.subarray(row * shape[1]!, (row + 1) * shape[1]!)].join(),
      ).join("\n"),
    );
  const optimize = (important?: string) =>
    bench.optimize(file("w.csv"), {
      model: "pcm-90nm",
      translation,
      per: "layer",
      tileShape: [64, 64],
      importance: important,
    });

  beforeEach(async () => {
    folder = emptyFolder();
    write("w.csv", weights, [inputs, outputs]);
    write("i.csv", importance, [inputs, outputs]);
    bench = await openBench({ workspace: file("lab"), chip: "emulator:pcm-64?seed=5" });
  });
  afterEach(() => bench.close());

  it("changes nothing where all weights count alike, and says the error of those that count", async () => {
    const [plain] = (await optimize()).layers;
    write(
      "same.csv",
      weights.map(() => 2),
      [inputs, outputs],
    );
    const [same] = (await optimize(file("same.csv"))).layers;
    expect(same!.plus).toEqual(plain!.plus);
    expect(same!.predictedByImportance!.tnmse).toBeCloseTo(plain!.predicted.tnmse, 9);
    const [by] = (await optimize(file("i.csv"))).layers;
    // Alone, the rows that count err by what the same rows do in the whole: near it, and not it.
    expect(by!.predictedByImportance!.tnmse).not.toBeCloseTo(by!.predicted.tnmse, 4);
  });

  it("lets program verify where it pays, and give the others one pulse: two runs that hold the weights together", async () => {
    const strategy = file("s.json");
    writeFileSync(strategy, strategyText(await optimize()));
    const options = { verifyShare: 1 / 3, importance: file("i.csv"), method: "verify" };
    const expected = await bench.estimate(strategy, options);
    expect(expected.devices).toBe(4 * inputs * outputs);
    const run = await bench.program(strategy, options);
    expect(run).toBe("r2");
    const store = await bench.store();
    expect((await store.plan("r2")).corrects).toBe("r1");
    const [once] = await recall(store, "r1");
    const [verified] = await recall(store, "r2");
    for (let cell = 0; cell < inputs * 64; cell++) {
      const [row, column] = [Math.floor(cell / 64), cell % 64];
      for (let d = 4 * cell; d < 4 * cell + 4; d++) {
        const counts = column < outputs && row >= 4;
        const others = column < outputs && row < 4;
        expect(once!.verdicts[d] === verdicts.unverified).toBe(others);
        expect(once!.pulses[d]).toBe(others ? 1 : 0);
        expect(verified!.verdicts[d] === verdicts.leftAlone).toBe(!counts);
      }
    }
  });

  it.each([
    [
      "of another shape",
      () => write("bad.csv", weights, [outputs, inputs]),
      /20 × 6 numbers, and layer w 6 × 20/,
    ],
    ["below 0", () => write("bad.csv", weights, [inputs, outputs]), /Importance is 0 or more/],
    [
      "of nothing",
      () =>
        write(
          "bad.csv",
          weights.map(() => 0),
          [inputs, outputs],
        ),
      /is 0 everywhere/,
    ],
  ])("%s is refused with the file and what is wrong", async (_, spoil, wrong) => {
    spoil();
    await expect(optimize(file("bad.csv"))).rejects.toMatchObject({
      code: "bad-file",
      message: expect.stringMatching(wrong) as string,
    });
  });

  it("is not gone by where no share is to be verified: shares outside 0 to 1, and methods that verify nothing, are refused", async () => {
    const strategy = file("s.json");
    writeFileSync(strategy, strategyText(await optimize()));
    await expect(bench.estimate(strategy, { verifyShare: 1 })).rejects.toThrow(/above 0 and below 1/);
    const lone = await openBench({ workspace: file("other"), chip: "emulator:ecram-64" });
    await expect(lone.estimate(strategy, { verifyShare: 0.5, model: "ecram-li" })).rejects.toThrow(
      /devices have no such method/,
    );
    await lone.close();
    await expect(bench.estimate(strategy, { verifyShare: 0.5, method: "residual" })).rejects.toThrow(
      /residual does not\. Use/,
    );
  });
});
