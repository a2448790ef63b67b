import { describe, expect, it } from "vitest";
import { Pace } from "../src/results/pace.ts";
import type { ExpectedWork } from "../src/run/estimate.ts";

/** A second a note: 100 pulses each, and fewer and fewer devices that come into place. */
const course = [0, 40, 70, 85, 92, 95, 97];

const expecting = (pulses: number): ExpectedWork => ({ pulses, tiles: 2, turnsPerTile: 10 });

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
    expect(paced(new Pace(expecting(650)))).toEqual([Number.NaN, 5.5, 4.5, 3.5, 2.5, 1.5, 0.5]);
  });

  it("does not count a pause: rate and time left are those of the work", () => {
    const [through, rested] = [new Pace(expecting(650)), new Pace(expecting(650))];
    expect(paced(rested, 3)).toEqual(paced(through));
    expect(rested.rates()).toEqual(through.rates());
    expect(rested.rates().pulsesPerSecond).toBe(100);
  });

  it("has a longer time left where the last devices get few pulses a second", () => {
    const pace = new Pace(expecting(1000));
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

  it("takes a while that is nearly without pulses for no more than it is", () => {
    const pace = new Pace(expecting(1000));
    pace.note(0, 0, 0);
    pace.note(1, 0, 100);
    for (let at = 2; at <= 10; at++) pace.note(at, 0, 100 + at);
    // 890 pulses are left. At the one a second of late they would take a quarter of an hour.
    expect(pace.secondsLeft(100)).toBeCloseTo(890 / (11 / 5));
  });

  it("heeds the turns that tiles still have before them: the last ones get hardly a pulse, and take as long as others", () => {
    const pace = new Pace(expecting(1000));
    const turn = (at: number, tile: number, number: number, pulses: number, tileDone = false): void =>
      pace.note(at, 0, pulses, { tile, turn: number, tileDone });
    turn(0, 0, 0, 0);
    for (let k = 1; k <= 4; k++) turn(k, 0, k, 225 * k);
    // By pulses 100 of 225 a second, by turns 6 of this tile and 10 of the other at one a second.
    expect(pace.secondsLeft(100)).toBeCloseTo((100 / 225 + 16) / 2);
    for (let k = 5; k <= 8; k++) turn(k, 0, k, 900 + k, k === 8);
    // The first tile took 8 turns and not 10. So does the other, in which nothing has been done.
    const byPulses = new Pace(expecting(1000));
    for (let k = 0; k <= 8; k++) byPulses.note(k, 0, k <= 4 ? 225 * k : 900 + k);
    expect(2 * pace.secondsLeft(100)! - byPulses.secondsLeft(100)!).toBeCloseTo(8);
  });

  it("counts what a tile did before the run was resumed as done, and not as done in this time", () => {
    const pace = new Pace({ pulses: 0, tiles: 1, turnsPerTile: 100 });
    for (let k = 0; k <= 10; k++) pace.note(k, 0, 0, { tile: 3, turn: 80 + k, tileDone: false });
    expect(pace.secondsLeft(100)).toBeCloseTo(10);
  });
});
