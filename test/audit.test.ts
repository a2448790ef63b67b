import { auditSentence } from "../lab/modelAudit.ts";
import { describe, expect, it } from "vitest";
import { openBench } from "../lab/bench.ts";
import type { StampedEvent } from "../lab/events.ts";
import { pcm90nmDefinition } from "../src/model/builtIn.ts";
import type { FreeFormDefinition } from "../src/model/definition.ts";
import { modelOf } from "../src/model/modelOf.ts";
import { verdicts } from "../src/program/method.ts";
import { normalOf, Random } from "../src/random.ts";
import { ModelAudit } from "../src/results/audit.ts";
import type { SweepTable } from "../src/results/sweepTable.ts";
import { mho } from "./support/commandHere.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

const model = modelOf(pcm90nmDefinition);
const [hour, day] = [3600, 86_400];
const random = new Random(5);

/** One row of devices with targets of their own, each read at its own age. @param read  of its place, its target and its age. */
function table(
  count: number,
  read: (i: number, target: number, age: number) => number,
  { age = () => day, verdict = () => verdicts.accepted as number, tile = 0 } = {} as {
    age?: (i: number) => number;
    verdict?: (i: number) => number;
    tile?: number;
  },
): SweepTable {
  const targets = Float32Array.from({ length: count }, (_, i) => 1 + (23 * i) / count);
  const at = 1e15;
  return {
    number: 0,
    sweep: {
      tile,
      timeSeconds: day,
      conductanceMicrosiemens: targets.map((target, i) => read(i, target, age(i))),
      flags: new Uint8Array(count),
      rowTimesMicroseconds: Float64Array.of(at),
      averages: 1,
      takenAt: "",
      boot: 1,
    },
    rowStart: 0,
    devicesPerRow: count,
    targetsMicrosiemens: targets,
    verdicts: Uint8Array.from({ length: count }, (_, i) => verdict(i)),
    pulsedAtMicroseconds: Float64Array.from({ length: count }, (_, i) => at - 1e6 * age(i)),
  };
}

/** A read as the model has it, moved by some standard deviations, and so many times as wide. */
function asForeseen(moved = 0, wide = 1) {
  return (i: number, target: number, age: number): number => {
    const time = age - model.timeZeroSeconds;
    const std = Math.sqrt(model.variance(target, time));
    return model.mean(target, time) + std * (moved + wide * normalOf(random.at(i, 0).word0));
  };
}

function audited(
  one: SweepTable,
  definition = pcm90nmDefinition as typeof pcm90nmDefinition | FreeFormDefinition,
) {
  return new ModelAudit(definition).add(one);
}

describe("an audit of a model by a sweep", () => {
  it("finds 95 % of devices that are as foreseen inside the band, and no offset", () => {
    const found = audited(table(4000, asForeseen()))!;
    expect(found).toMatchObject({ model: "pcm-90nm", ageSeconds: day, devices: 4000, holds: true });
    expect(found.inside95).toBeCloseTo(0.95, 1.5);
    expect(found.meanOffStds).toBeLessThan(0.06);
  });

  it("fails a model whose mean is off by 0.6 σ, or whose devices are spread 1.6 times as wide", () => {
    const moved = audited(table(4000, asForeseen(0.6)))!;
    expect(moved.meanOffStds).toBeCloseTo(0.6, 1);
    expect([moved.inside95 > 0.85, moved.holds]).toEqual([true, false]);
    const wide = audited(table(4000, asForeseen(0, 1.6)))!;
    expect(wide.inside95).toBeLessThan(0.82);
    expect([wide.meanOffStds < 0.1, wide.holds]).toEqual([true, false]);
  });

  it("sees an offset that differs in sign between conductances", () => {
    const found = audited(
      table(4000, (i, target, age) => asForeseen(target < 12 ? 0.7 : -0.7)(i, target, age)),
    )!;
    expect(found.meanOffStds).toBeCloseTo(0.7, 1);
    expect(found.holds).toBe(false);
  });

  it("fails no model by fewer than 500 devices, and counts the tiles of one age together", () => {
    expect(audited(table(499, asForeseen(2)))!.holds).toBe(true);
    const audit = new ModelAudit(pcm90nmDefinition);
    audit.add(table(300, asForeseen(2)));
    expect(audit.add(table(300, asForeseen(2), { tile: 1 }))).toMatchObject({ devices: 600, holds: false });
  });

  it("asks the model for the age of each device, and not for that of the sweep", () => {
    const age = (i: number): number => (i % 2 === 0 ? hour : 30 * day);
    expect(audited(table(4000, asForeseen(), { age }))!.holds).toBe(true);
    const atSweep = (i: number, target: number): number => asForeseen()(i, target, day);
    expect(audited(table(4000, atSweep, { age }))!.meanOffStds).toBeGreaterThan(0.1);
  });

  it("leaves out devices without a target or an accepting verdict, and ages that the model does not know", () => {
    const verdict = (i: number): number => (i % 4 === 0 ? verdicts.budgetSpent : verdicts.accepted);
    expect(audited(table(4000, asForeseen(), { verdict }))!.devices).toBe(3000);
    expect(audited(table(4000, () => 1, { age: () => 5 }))).toBeUndefined();
    expect(audited(table(4000, () => 1, { age: () => Number.NaN }))).toBeUndefined();
  });

  it("takes the band of a free-form model from its tails", () => {
    const both = (value: number): number[][] => [
      [value, value],
      [value, value],
    ];
    const skewed: FreeFormDefinition = {
      family: "free-form",
      name: "skewed",
      minConductanceMicrosiemens: 0,
      maxConductanceMicrosiemens: 25,
      referenceAgeSeconds: 1,
      timeZeroSeconds: 0,
      onsetSeconds: 0,
      conductanceMicrosiemens: [0, 25],
      agesSeconds: [1, 1e7],
      measuredToSeconds: 1e7,
      continuedBy: "level",
      shiftMicrosiemens: both(0),
      walkMicrosiemensSquared: both(0),
      coursesMicrosiemensSquared: [
        [0, 0, 0],
        [0, 0, 0],
      ],
      passingMicrosiemensSquared: both(0),
      whiteNoise: true,
      readVarianceMicrosiemensSquared: both(1),
      tailShares: [0.025, 0.975],
      tailMicrosiemens: [both(-0.5), both(5)],
    };
    expect(
      audited(
        table(1000, (_, target) => target + 4.9),
        skewed,
      )!.inside95,
    ).toBe(1);
    expect(
      audited(
        table(1000, (_, target) => target - 0.6),
        skewed,
      )!.inside95,
    ).toBe(0);
  });
});

async function watched(births: string, method: string) {
  const workspace = emptyFolder();
  const told: StampedEvent[] = [];
  const chip = `emulator:pcm-64?seed=3&births=${births}`;
  const bench = await openBench({ workspace, chip, onEvent: (event) => void told.push(event) });
  const valuesMicrosiemens = Float32Array.from(
    { length: 2048 },
    (_, i) => 0.5 + (24 * ((i * 7919) % 1000)) / 1000,
  );
  const run = await bench.program({ title: "levels", valuesMicrosiemens }, { method });
  await bench.watch(run, { until: "1d", perDecade: 2 });
  const { audit } = await bench.run(run);
  await bench.close();
  const audits = told.filter((event) => event.type === "model_audited");
  const warnings = told.flatMap((event) => (event.type === "warning" ? [event.message] : []));
  return { workspace, audit, audits, warnings };
}

describe("the sentence of an audit", () => {
  const found = {
    model: "mine",
    ageSeconds: day,
    devices: 2048,
    inside95: 0.94,
    meanOffStds: 0.1,
    foreseenMicrosiemens: 12,
    readMicrosiemens: 11,
    holds: true,
  };

  it.each([
    [{}, /^The model mine still holds at 1 day: 94\.0 % /],
    [
      { holds: false, meanOffStds: 0.7 },
      /at 1 day: it is 0\.70 σ off over the conductances, and 0\.5 σ is allowed\. The mean is 11\.00 µS .*, and 94\.0 % /,
    ],
    [
      { holds: false, inside95: 0.6 },
      /at 1 day: 60\.0 % of 2,048 devices lie .*, and 85 % must\. The mean is .* 0\.10 σ off/,
    ],
    [
      { holds: false, inside95: 0.6, meanOffStds: 2 },
      /at 1 day: 60\.0 % .* must; it is 2\.00 σ off .* is allowed\. The mean is 11\.00 µS where 12\.00 µS was foreseen\.$/,
    ],
  ])("says the bad figures first: %j", (change, text) => {
    expect(auditSentence({ ...found, ...change })).toMatch(text);
  });
});

describe("a watch", () => {
  it("audits the model by every sweep whose ages it knows, and says nothing while it holds", async () => {
    const { workspace, audit, audits, warnings } = await watched("usual", "verify");
    const ages = audits.map(({ age_seconds: age }) => age);
    expect([ages, ages.at(-1)]).toEqual([ages.toSorted((a, b) => a - b), day]);
    expect(audits.length).toBeGreaterThan(6);
    expect(audits.every(({ holds, inside95 }) => holds && inside95 > 0.9)).toBe(true);
    expect(warnings).toEqual([]);
    expect(audit).toMatchObject({ ageSeconds: day, holds: true });
    const shown = await mho("show", "r1", "--workspace", workspace);
    expect(shown.out).toMatch(
      /The model pcm-90nm still holds at 1 day: 9\d\.\d % of 2,\d\d\d devices lie inside/,
    );
  });

  it("warns once where the model no longer holds: which, when, what was foreseen and read, and what to do", async () => {
    const { workspace, audits, warnings } = await watched("stranger", "verify");
    expect(audits.filter(({ holds }) => !holds).length).toBeGreaterThan(1);
    expect(warnings).toEqual([
      expect.stringMatching(
        /^r1: The model pcm-90nm no longer holds at [^:]+: it is 0\.\d\d σ off over the conductances, and 0\.5 σ is allowed\. The mean is [\d.]+ µS where [\d.]+ µS was foreseen, and \d\d\.\d % of 1,9\d\d devices lie inside its 95 % band\. Fit a model to what was read: mho fit r1 /,
      ) as string,
    ]);
    const json = await mho("show", "r1", "--workspace", workspace, "--json");
    const result = JSON.parse(json.out.trim().split("\n").at(-1)!) as Record<string, unknown>;
    expect(result["audit"]).toMatchObject({ model: "pcm-90nm", age_seconds: day, holds: false });
  });

  it("audits no run whose method does not keep devices at their targets", async () => {
    const { audit, audits, warnings } = await watched("stranger", "open-loop");
    expect([audit, audits, warnings]).toEqual([undefined, [], []]);
  });
});
