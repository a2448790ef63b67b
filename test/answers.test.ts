import { describe, expect, it } from "vitest";
import {
  wrongEnvironment,
  wrongProducts,
  wrongPulses,
  wrongReferences,
  wrongRow,
} from "../drivers/answers.ts";
import { checkedHostTime } from "../drivers/hostTime.ts";
import { blankConductances, enterConductances } from "../drivers/rows.ts";
import { readingFlags } from "../src/chip/driver.ts";
import { describePcm64 } from "./support/chips.ts";

const description = await describePcm64();
const row = (odd: number): number[] => [odd, ...Array<number>(255).fill(12)];
const noCodes = [Number.NaN, -1, 1.5, Infinity, 1e30, 65_534];

describe("what a board says, in every dialect,", () => {
  it("is no code, count or product where it is no number of that kind", () => {
    expect(wrongRow(row(65_535), description)).toBeUndefined();
    for (const odd of noCodes) {
      expect(wrongRow(row(odd), description)).toMatch(
        /is a code that its converter of \d+ codes does not have/,
      );
      const known = Array<number>(description.referencesMicrosiemens!.length).fill(odd);
      expect(wrongReferences(known, description)).toMatch(/is a code that/);
      expect(wrongPulses(row(odd), 12, () => true, description)).toMatch(/pulses, and 12 were allowed/);
    }
    for (const odd of [Number.NaN, Infinity])
      expect(wrongProducts(row(odd), description)).toBe(`a product of ${odd}`);
    expect(wrongEnvironment({ celsius: Number.NaN, supplyVolts: 3.3 })).toMatch(/temperature of NaN/);
  });

  it("is no conductance where it is no number that is kept", () => {
    const reading = blankConductances(description, { tile: 0, rowStart: 0, rowCount: 1 });
    enterConductances(
      reading,
      0,
      [Infinity, -Infinity, Number.NaN, 1e300, ...row(3).slice(4)],
      () => false,
      5,
    );
    expect([...reading.conductanceMicrosiemens.subarray(0, 5)]).toEqual([NaN, NaN, NaN, NaN, 12]);
    const { invalid, ok } = readingFlags;
    expect([...reading.flags.subarray(0, 5)]).toEqual([invalid, invalid, invalid, invalid, ok]);
  });

  it("is dated by a host's time that is one, and never goes back", () => {
    for (const odd of [Number.NaN, -1, 1.5, 2 ** 53])
      expect(() => checkedHostTime(() => odd)).toThrow(
        `The host's time is ${odd} µs, which is no time of a chip`,
      );
    const said = [5, 7, Number.NaN, 3, 9];
    const time = checkedHostTime(() => said.shift()!);
    expect([time(), time(), time(), time()]).toEqual([7, 7, 7, 9]);
  });
});
