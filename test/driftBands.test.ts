import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { builtInDefinition, modelOf, pcm90nm } from "../src/model/modelOf.ts";
import { verdicts } from "../src/program/method.ts";
import { DriftCourse } from "../src/results/driftBands.ts";
import type { SweepTable } from "../src/results/sweepTable.ts";
import { microsecondsPerSecond } from "../src/units.ts";

const devices = 30;

/** A sweep of devices of 20 µS that were pulsed at 0 and have come down to a share of it. */
function sweepAt(ageSeconds: number, number: number): SweepTable {
  return {
    number,
    sweep: {
      tile: 0,
      timeSeconds: ageSeconds,
      averages: 1,
      converter: { microsiemensPerCode: 0.04, offsetCodes: 0, codes: 1024 },
      takenAt: "2026-01-01T00:00:00Z",
      boot: 1,
      rowTimesMicroseconds: new Float64Array([ageSeconds * microsecondsPerSecond]),
      codes: new Uint16Array(devices),
      conductanceMicrosiemens: new Float32Array(devices).fill(20 * Math.exp(-0.05 * Math.log(ageSeconds))),
      flags: new Uint8Array(devices),
    },
    rowStart: 0,
    devicesPerRow: devices,
    targetsMicrosiemens: new Float32Array(devices).fill(20),
    verdicts: new Uint8Array(devices).fill(verdicts.accepted),
    pulsedAtMicroseconds: new Float64Array(devices),
  };
}

function agesKept(ages: readonly number[], most?: number): number[] {
  const course = new DriftCourse(pcm90nm, most);
  ages.forEach((age, n) => course.add(sweepAt(age, n)));
  return course.bands()[0]!.points.map(({ ageSeconds }) => ageSeconds);
}

describe("the course of drift", () => {
  it("keeps every sweep where nothing is said, and no more than it is told to", () => {
    const ages = Array.from({ length: 500 }, (_, n) => n + 1);
    expect(agesKept(ages)).toEqual(ages);
    expect(agesKept(ages, 32)).toHaveLength(32);
  });

  it("keeps the first and the newest of any sweeps, and none that was not taken", () => {
    const increasing = fc
      .array(fc.integer({ min: 1, max: 100_000 }), { minLength: 3, maxLength: 80 })
      .map((steps) => steps.reduce<number[]>((ages, step) => [...ages, (ages.at(-1) ?? 0) + step], []));
    fc.assert(
      fc.property(increasing, fc.integer({ min: 3, max: 20 }), (ages, most) => {
        const kept = agesKept(ages, most);
        expect(kept).toHaveLength(Math.min(most, ages.length));
        expect([kept[0], kept.at(-1)]).toEqual([Math.fround(ages[0]!), Math.fround(ages.at(-1)!)]);
        const taken = new Set(ages.map(Math.fround));
        expect(kept.every((age) => taken.has(age))).toBe(true);
      }),
    );
  });

  it("leaves out sweeps whose devices have no known age, by any model", () => {
    for (const model of [pcm90nm, modelOf(builtInDefinition("reram-wan-2022")!)]) {
      const course = new DriftCourse(model);
      const unknown = { pulsedAtMicroseconds: new Float64Array(devices).fill(Number.NaN) };
      [1, 10, 100].forEach((age, n) => course.add(sweepAt(age, n)));
      course.add({ ...sweepAt(1000, 3), ...unknown });
      expect(course.bands()[0]!.points.map(({ ageSeconds }) => ageSeconds)).toEqual([1, 10, 100]);
      const allUnknown = new DriftCourse(model);
      [1, 10, 100].forEach((age, n) => allUnknown.add({ ...sweepAt(age, n), ...unknown }));
      expect(allUnknown.bands()).toEqual([]);
    }
  });

  it("spreads what it keeps of a year's regular readings over the decades of time", () => {
    const hourly = Array.from({ length: 8760 }, (_, n) => 3600 * (n + 1));
    const kept = agesKept(hourly, 40);
    const ratios = kept.slice(1).map((age, n) => age / kept[n]!);
    // The first hour after the first is a factor of two away; even steps to a year would be of 1.26.
    expect(Math.max(...ratios)).toBeLessThanOrEqual(2);
    expect(Math.max(...ratios.slice(8))).toBeLessThan(1.7);
  });
});
