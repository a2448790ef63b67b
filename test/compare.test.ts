import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { openBench } from "../lab/bench.ts";
import {
  differenceOf,
  type Estimate,
  estimateOf,
  isShown,
  studentQuantile,
} from "../src/results/difference.ts";
import { normalOf, Random } from "../src/random.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { identity, plan } from "./contracts/runStore.ts";
import { mho } from "./support/commandHere.ts";
import { eventLines } from "./support/eventLines.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { writeAgedRun } from "./support/agedRuns.ts";

removeFoldersAfterEach();

describe("an interval of 95 %", () => {
  const chance = new Random(11);
  let drawn = 0;
  const normal = (): number => normalOf(chance.at(drawn++, 0).word0);
  const uniform = (): number => chance.at(drawn++, 1).word0 / 4_294_967_296;
  const sample = (count: number, of: (k: number) => number): Float32Array =>
    Float32Array.from({ length: count }, (_, k) => of(k));

  /** Share of 2000 draws whose interval holds the truth: 0.95 ± 0.005 by chance, and 0.93 to 0.97 is asked for. */
  const holds = (truth: number, draw: () => Estimate): number => {
    let held = 0;
    for (let k = 0; k < 2000; k++) {
      const { low, high } = draw();
      if (low <= truth && truth <= high) held++;
    }
    return held / 2000;
  };

  it.each([
    [
      "a mean of 5",
      1,
      () =>
        estimateOf(
          "mean",
          sample(5, () => 1 + normal()),
        ),
    ],
    [
      "a root mean square of 400",
      2,
      () =>
        estimateOf(
          "rms",
          sample(400, () => 2 * normal()),
        ),
    ],
    [
      "a share of 98 %",
      98,
      () =>
        estimateOf(
          "share",
          sample(200, () => Number(uniform() < 0.98)),
        ),
    ],
    [
      "a difference of unlike samples",
      0.5,
      () =>
        differenceOf(
          "mean",
          sample(12, normal),
          sample(30, () => 0.5 + 3 * normal()),
          false,
        ),
    ],
    [
      "a difference of root mean squares",
      0.5,
      () =>
        differenceOf(
          "rms",
          sample(300, normal),
          sample(300, () => 1.5 * normal()),
          false,
        ),
    ],
    [
      "a difference of shares",
      4,
      () =>
        differenceOf(
          "share",
          sample(300, () => Number(uniform() < 0.95)),
          sample(200, () => Number(uniform() < 0.99)),
          false,
        ),
    ],
    [
      "a paired difference",
      0.2,
      () => {
        const a = sample(20, () => 5 * normal());
        return differenceOf(
          "mean",
          a,
          a.map((value) => value + 0.2 + 0.3 * normal()),
          true,
        );
      },
    ],
    [
      "a paired difference of root mean squares",
      0.2,
      () => {
        const a = sample(400, normal);
        return differenceOf(
          "rms",
          a,
          a.map((value) => 1.2 * value),
          true,
        );
      },
    ],
    [
      "a paired difference of shares",
      2,
      () => {
        const a = sample(300, () => Number(uniform() < 0.9));
        return differenceOf(
          "share",
          a,
          a.map((value) => (value === 0 && uniform() < 0.2 ? 1 : value)),
          true,
        );
      },
    ],
  ] as const)("of %s holds the truth 93 to 97 times in a hundred", (_, truth, draw) => {
    const share = holds(truth, draw);
    expect(share).toBeGreaterThan(0.93);
    expect(share).toBeLessThan(0.975);
  });

  it("is far narrower where each device is compared with itself, and leaves out what counts in one run alone", () => {
    const a = sample(50, () => 5 * normal());
    const b = a.map((value, k) => (k === 3 ? Number.NaN : value + 0.2 + 0.05 * normal()));
    const [paired, apart] = [differenceOf("mean", a, b, true), differenceOf("mean", a, b, false)];
    expect([paired.devices, apart.devices]).toEqual([49, 99]);
    expect([isShown(paired), isShown(apart)]).toEqual([true, false]);
    expect(apart.high - apart.low).toBeGreaterThan(20 * (paired.high - paired.low));
  });

  it("is unknown for fewer than two devices, and then no difference is shown", () => {
    const one = Float32Array.of(3);
    for (const statistic of ["mean", "rms"] as const) {
      const { value, low } = estimateOf(statistic, one);
      expect([value, low]).toEqual([3, Number.NaN]);
      for (const paired of [true, false])
        expect(isShown(differenceOf(statistic, one, Float32Array.of(9), paired))).toBe(false);
    }
    for (const paired of [true, false])
      expect(isShown(differenceOf("share", new Float32Array(0), new Float32Array(0), paired))).toBe(false);
  });

  it("is of Student's t, to a thousandth", () => {
    for (const [freedom, t] of [
      [1, 12.7062],
      [2, 4.3027],
      [3, 3.1824],
      [5, 2.5706],
      [10, 2.2281],
      [30, 2.0423],
      [1e6, 1.96],
    ] as const)
      expect(Math.abs(studentQuantile(freedom) / t - 1)).toBeLessThan(0.002);
  });
});

describe("mho compare", () => {
  let folder: string;
  beforeEach(async () => {
    folder = emptyFolder();
    const store = await openWorkspace(folder);
    for (const number of [0, 1]) await writeAgedRun(store, number, 4);
    const other = { ...identity, serialNumber: "S2" };
    const ofOther = { ...plan, chipSerialNumber: "S2" };
    await store.endRun(await store.beginRun(ofOther, other, "2027-01-03T03:04:05Z"), "done");
    await store.close();
  });

  it("pairs runs of the same devices and targets alone, and claims nothing of equal ones", async () => {
    const bench = await openBench({ workspace: folder });
    const { differences, runs, ageSeconds, report } = await bench.compare(["r1", "r2", "r3"]);
    const pair = await bench.compare(["r1", "r2"], { age: "30d" });
    await bench.close();
    // The third was never read.
    expect([ageSeconds, report]).toEqual([undefined, undefined]);
    expect(runs.map(({ id }) => id)).toEqual(["r1", "r2", "r3"]);
    expect(differences.filter(({ quantity }) => quantity === "pulses")).toMatchObject([
      { run: "r2", against: "r1", paired: true, value: 0, shown: false },
      { run: "r3", against: "r1", paired: false },
    ]);
    expect(pair.ageSeconds).toBeCloseTo(2_592_000, 3);
    expect(pair.differences.find(({ quantity }) => quantity === "device_error")).toMatchObject({
      paired: true,
      devices: 256,
    });
  });

  it("draws one page without script or network, and the same digits in --json and CSV", async () => {
    const page = join(folder, "c.html");
    const args = ["compare", "r1", "r2", "--out", page, "--workspace", folder];
    const { out, code } = await mho(...args);
    expect(code).toBe(0);
    expect(out).toMatch(
      /^run +yield +weight error +device error +pulses a device\nr1 .*\nr2 .*\nr2 − r1, .*no difference is shown/,
    );
    expect(out).toMatch(/^One run a side gives no interval over runs: /m);
    const html = readFileSync(page, "utf8");
    expect(html.replace(/<[^>]*>/g, "")).toContain("2 runs compared");
    expect(html).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/);
    const result = eventLines((await mho(...args, "--json")).out).at(-1) as unknown as {
      runs: { device_error_microsiemens: { value: number } }[];
      differences: { quantity: string; shown: boolean }[];
    };
    expect(result.differences.filter(({ quantity }) => !quantity.endsWith("error"))).toMatchObject([
      { quantity: "yield", shown: false },
      { quantity: "pulses", shown: false },
    ]);
    expect(readFileSync(page, "utf8")).toBe(html);
    expect(readFileSync(join(folder, "c.figures.csv"), "utf8")).toContain("r2 − r1");
  });

  it.each([
    [["r1"], /at least two different runs/],
    [["r1", "r1"], /at least two different runs/],
    [["r1", "r9"], /There is no run r9/],
    [["r1", "r2", "--age", "5h"], /Run r1 was not read at an age of 5 h\. It was/],
    [["r1", "r2", "--age", "soon"], /--age soon: give a time/],
    [["r1", "r2", "--out", "c.json"], /a report is a page/],
  ])("refuses %s", async (args, message) => {
    const { code, err } = await mho("compare", ...args, "--workspace", folder);
    expect([code, err]).toEqual([2, expect.stringMatching(message)]);
  });
});
