import { describe, expect, it } from "vitest";
import { Pace } from "../src/results/pace.ts";

/** A second a note: 100 pulses each, and fewer and fewer devices that come into place. */
const course = [0, 40, 70, 85, 92, 95, 97];

function paced(pace: Pace, restAfter?: number): number[] {
  const lefts: number[] = [];
  let at = 0;
  course.forEach((inPlace, k) => {
    pace.note(at, inPlace, 100 * k);
    lefts.push(pace.secondsLeft(100) ?? Number.NaN);
    if (k === restAfter) {
      at += 3600;
      pace.restUntil(at);
    }
    at += 1;
  });
  return lefts;
}

describe("the pace of a run", () => {
  it("has a time left that never rises while pulses go on as expected", () => {
    expect(paced(new Pace(650))).toEqual([Number.NaN, 5.5, 4.5, 3.5, 2.5, 1.5, 0.5]);
  });

  it("does not count a pause: rate and time left are those of the work", () => {
    const [through, rested] = [new Pace(650), new Pace(650)];
    expect(paced(rested, 3)).toEqual(paced(through));
    expect(rested.rates()).toEqual(through.rates());
    expect(rested.rates().pulsesPerSecond).toBe(100);
  });

  it("has a longer time left where the last devices get few pulses a second", () => {
    const pace = new Pace(1000);
    for (let at = 0; at <= 10; at++) pace.note(at, 8 * at, 80 * at);
    expect(pace.secondsLeft(100)).toBeCloseTo(2.5);
    for (let at = 11; at <= 20; at++) pace.note(at, 80, 800 + 10 * (at - 10));
    // 100 pulses at the 10 a second of late, not at the 45 a second of all of it.
    expect(pace.secondsLeft(100)).toBeCloseTo(10);
  });

  it("takes what devices took so far where nothing is expected, and ends at nothing when all are in place", () => {
    const pace = new Pace();
    pace.note(0, 0, 0);
    expect(pace.secondsLeft(100)).toBeUndefined();
    pace.note(1, 50, 200);
    expect(pace.secondsLeft(100)).toBe(1);
    pace.note(2, 100, 400);
    expect(pace.secondsLeft(100)).toBeUndefined();
  });
});
