import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { DriftData } from "../calibration/driftData.ts";
import { findDied } from "../calibration/dying.ts";
import { fitFreeForm } from "../calibration/freeForm/fitFreeForm.ts";
import { planTrim } from "../calibration/trimPlan.ts";
import { describeFit } from "../cli/showFit.ts";
import { describeStrategy } from "../cli/showStrategy.ts";
import { modelDigest, readModel } from "../files/model.ts";
import { readStrategy } from "../files/strategy.ts";
import { openBench } from "../lab/bench.ts";
import { amongTheDead, diedBy, dyingOf } from "../src/model/dying.ts";
import type { DyingDevices } from "../src/model/definition.ts";
import { pcm90nm } from "../src/model/modelOf.ts";
import { normalOf, Random, uniformOf } from "../src/random.ts";
import { renderStrategy } from "../report/strategyReport.ts";
import { withoutTerms } from "./support/withoutTerms.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { gaussianWeights } from "./support/weights.ts";

removeFoldersAfterEach();

const most = 40;
const ages = Array.from({ length: 16 }, (_, k) => Math.exp((k / 15) * Math.log(100_000)));

/** What one device reads at an age, and what it was aimed at. */
type Reads = (device: number, sweep: number) => number;

function data(count: number, reads: Reads): DriftData {
  return {
    devicesPerRow: 64,
    targetsMicrosiemens: new Float32Array(count).fill(Number.NaN),
    usable: new Uint8Array(count).fill(1),
    picked: true,
    pulsedAtMicroseconds: new Float64Array(count).fill(1e6),
    sweeps: ages.map((age, s) => ({
      conductanceMicrosiemens: Float32Array.from({ length: count }, (_, i) => reads(i, s)),
      flags: new Uint8Array(count),
      rowTimesMicroseconds: new Float64Array(count / 64).fill(1e6 * (1 + age)),
      averages: 1,
      celsius: 25,
    })),
  };
}

const random = new Random(5);
const targetOf = (i: number): number => 10 + 20 * uniformOf(random.at(i, 0).word0);
const noise = (i: number, s: number): number => 0.3 * normalOf(random.at(i, 10 + s).word0);
/** Steps of their own, 1 µS² a decade. */
const walked = (i: number, s: number): number => {
  let sum = 0;
  for (let k = 1; k <= s; k++) sum += Math.sqrt(1 / 3) * normalOf(random.at(i, 100 + k).word0);
  return sum;
};
/** When each device dies, where a share of `perDecade` of the living do in each decade; a third of them end low. */
const diesAt = (i: number, perDecade: number): number =>
  10 ** (-Math.log(uniformOf(random.at(i, 1).word0)) / perDecade);
const endOf = (i: number): number => (uniformOf(random.at(i, 2).word0) < 1 / 3 ? 0.2 : 45);
const living: Reads = (i, s) => targetOf(i) + walked(i, s) + noise(i, s);
const dying =
  (perDecade: number): Reads =>
  (i, s) =>
    ages[s]! < diesAt(i, perDecade) ? living(i, s) : endOf(i) + noise(i, s) / 3;

describe("devices that die while they are watched", () => {
  it("are found, all that can be known by the last read, with their rate in its interval and the ends that they go to", () => {
    const perDecade = 0.01;
    const { died, count, law } = findDied([data(8192, dying(perDecade))], most);
    const truly = (i: number, by: number): boolean => diesAt(i, perDecade) <= by;
    const knowable = Array.from(
      { length: 8192 },
      (_, i) => truly(i, ages.at(-2)!) && diesAt(i, perDecade) > 1,
    );
    expect([...died[0]!].map((one) => one === 1)).toEqual(knowable);
    expect(count).toBeGreaterThan(200);
    expect(law!.perDecadeLow).toBeLessThan(perDecade);
    expect(law!.perDecadeHigh).toBeGreaterThan(perDecade);
    expect(law!.perDecadeHigh / law!.perDecadeLow).toBeLessThan(1.4);
    expect(law!.endMicrosiemens[0]).toBeCloseTo(0.2, 1);
    expect(law!.endMicrosiemens[1]).toBeCloseTo(45, 0);
    expect(law!.endShares[0]).toBeGreaterThan(0.25);
    expect(law!.endShares[0]).toBeLessThan(0.42);
  });

  it("have an interval that covers their rate in nearly all of many small samples", () => {
    let covered = 0;
    const samples = 60;
    for (let sample = 0; sample < samples; sample++) {
      const some: Reads = (i, s) => dying(0.004)(20_000 + 512 * sample + i, s);
      const { law } = findDied([data(512, some)], most);
      if (law === undefined || (law.perDecadeLow <= 0.004 && law.perDecadeHigh >= 0.004)) covered++;
    }
    expect(covered).toBeGreaterThanOrEqual(0.91 * samples);
  });

  it("are none of those that walk to an end, flicker, leap and come back, or were there from the start", () => {
    const odd: Reads[] = [
      (i, s) => Math.max(0, targetOf(i) * (1 - s / 12)) + noise(i, s) / 3,
      (i, s) => (s % 3 === 1 ? 0.1 : targetOf(i)),
      (i, s) => (s < 8 ? targetOf(i) : s < 12 ? 45 : targetOf(i) + noise(i, s)),
      () => 45,
      () => 0.2,
      living,
    ];
    for (const reads of odd) expect(findDied([data(512, reads)], most).count).toBe(0);
  });

  it("are out of the table, which is as without them", () => {
    const whole = data(1024, dying(0.02));
    const { died } = findDied([whole], most);
    const without = (dead: Uint8Array): DriftData => ({ ...whole, usable: dead.map((one) => 1 - one) });
    const spread = (part: DriftData): number => {
      const { moments } = fitFreeForm([part]);
      const nG = moments.knots.conductance.length;
      const at = 10 * nG + Math.floor(nG / 2);
      return Math.sqrt(moments.square[at]!);
    };
    const truly = Uint8Array.from({ length: 1024 }, (_, i) => (diesAt(i, 0.02) < 1e5 ? 1 : 0));
    const should = spread(without(truly));
    expect(spread(whole)).toBeGreaterThan(1.5 * should);
    expect(spread(without(died[0]!))).toBeCloseTo(should, 1);
  });
});

describe("a model of devices that die", () => {
  const law: DyingDevices = {
    fromSeconds: 10,
    perDecade: 0.02,
    perDecadeLow: 0.01,
    perDecadeHigh: 0.03,
    endMicrosiemens: [0, 40],
    endShares: [0.5, 0.5],
  };

  it("has as many dead as chance makes of a steady rate, and none before they were watched", () => {
    expect(diedBy(law, 5)).toBe(0);
    expect(diedBy(law, 1000)).toBeCloseTo(1 - Math.exp(-0.04), 12);
    expect(diedBy(law, 1000, 100)).toBeCloseTo(1 - Math.exp(-0.02), 12);
    const { mean, variance } = amongTheDead(law, 0.1, 10, 4);
    expect(mean).toBeCloseTo(0.9 * 10 + 0.1 * 20, 12);
    expect(variance).toBeCloseTo(0.9 * 104 + 0.1 * 800 - mean * mean, 10);
  });

  it("tells of a trim what errors are to be expected with deaths, and plans the same", () => {
    const count = 256;
    const task = {
      cells: {
        devicesPerCell: 2,
        factors: [1, -1],
        wantedMicrosiemens: Float32Array.from({ length: count / 2 }, (_, k) => (k % 16) + 1),
      },
      foresight: {
        moments: (_: Float64Array, times: readonly number[]) => ({
          mean: Float64Array.from({ length: count * times.length }, (__, at) => {
            const i = Math.floor(at / times.length);
            return i % 2 === 0 ? ((i / 2) % 16) + 1 : 0;
          }),
          variance: new Float64Array(count * times.length).fill(0.01),
        }),
        afterLook() {
          return this;
        },
      },
      model: pcm90nm,
      agesSeconds: new Float64Array(count).fill(1000),
      timesSeconds: [1, 1e7],
      timeWeights: Float64Array.of(0.5, 0.5),
      reads: 0,
      movable: new Uint8Array(count).fill(1),
    };
    const plain = planTrim(task);
    const { withDeaths, ...planned } = planTrim({ ...task, dying: law });
    expect({ ...planned, withDeaths: undefined }).toEqual({ ...plain, withDeaths: undefined });
    // Of each weight two devices, a fifth of which is 8 % to die: (40 − m)² and m² in equal parts.
    expect(withDeaths!.before).toBeGreaterThan(plain.expectedBefore + 5);
    expect(plain.withDeaths).toBeUndefined();
  });
});

describe("a fit to devices some of which die", () => {
  it(
    "counts them, keeps them from its laws, and foretells what they make of weights",
    { timeout: 120_000 },
    async () => {
      const folder = emptyFolder();
      const rows = ["device,t (s),G (uS),target (uS)"];
      for (let i = 0; i < 1536; i++) {
        ages.forEach((age, s) =>
          rows.push(`d${i},${age.toFixed(4)},${dying(0.02)(i, s).toFixed(4)},${targetOf(i).toFixed(4)}`),
        );
      }
      writeFileSync(join(folder, "reads.csv"), rows.join("\n"));
      const bench = await openBench({ workspace: join(folder, "workspace") });
      const mapping = {
        format: "mho-mapping",
        version: 1,
        name: "ours",
        chip: { technology: "rram", max_conductance_microsiemens: most },
        conductance: { column: "G" },
        time: { column: "t" },
        device: { columns: ["device"] },
        target: { column: "target" },
      };
      const { run } = await bench.importMeasurements([join(folder, "reads.csv")], { as: mapping });
      const out = join(folder, "mine.json");
      const { model, record } = await bench.fit([run], { out });
      const { count } = record.devices.find(({ fate }) => fate === "died")!;
      expect(count).toBeGreaterThan(80);
      expect(record.devices.find(({ fate }) => fate === "used")!.count).toBe(1536 - count);
      expect(describeFit(record).join("\n")).toMatch(
        new RegExp(`note: ${count} devices died while they were watched.* in a decade of age`),
      );
      const kept = await readModel(out);
      expect(dyingOf(kept)).toEqual(dyingOf(model));
      expect(modelDigest(kept)).toBe(modelDigest(model));
      expect(Object.keys(JSON.parse(readFileSync(out, "utf8")) as object).slice(-2)).toEqual([
        "dying",
        "fit",
      ]);

      const strategy = join(folder, "strategy.json");
      const found = await bench.optimize(gaussianWeights(folder, 8, 8), {
        model,
        translation: { layout: { pairs: 1 }, timesSeconds: [60, 3600, 86_400] },
        out: strategy,
        believe: true,
      });
      const { predicted, predictedWithDeaths } = found.layers[0]!;
      const added = predictedWithDeaths!.tnmseByTime.map((error, t) => error - predicted.tnmseByTime[t]!);
      expect(added[0]).toBeGreaterThan(0);
      // As many more dead: 1.8 decades and 4.9.
      expect(added[2]! / added[0]!).toBeGreaterThan(2);
      expect(added[2]! / added[0]!).toBeLessThan(3.2);
      expect(describeStrategy(found).join("\n")).toContain("… with devices that die");
      expect(withoutTerms(renderStrategy(found, "0"))).toContain("this strategy, with devices that die");
      const inFile = (await readStrategy(strategy)).layers[0]!.predictedWithDeaths!;
      expect(inFile.tnmse).toBeCloseTo(predictedWithDeaths!.tnmse, 6);
      await bench.close();
    },
  );
});
