import { describe, expect, it } from "vitest";
import { figuresOf, rankCorrelation } from "../bench/realMeasures.ts";

describe("the figures of real networks", () => {
  it("correlate ranks as scipy.stats.spearmanr does, ties included", () => {
    expect(rankCorrelation([1, 2, 3, 4], [10, 30, 20, 40])).toBeCloseTo(0.8, 12);
    // spearmanr([5, 5, 4, 0, 2], [.9, .7, .8, .1, .3])
    expect(rankCorrelation([5, 5, 4, 0, 2], [0.9, 0.7, 0.8, 0.1, 0.3])).toBeCloseTo(0.8207826816681233, 12);
    expect(rankCorrelation([1, 2, 3], [3, 2, 1])).toBeCloseTo(-1, 12);
  });

  it("read a line off its steps: repeats are one, the first character is none", () => {
    const characters = ["", "a", "b"];
    const line = (...steps: number[]): Float32Array =>
      Float32Array.from(steps.flatMap((best) => characters.map((_, c) => (c === best ? 0.8 : 0.1))));
    const software = [line(1, 1, 0, 1, 2), line(2, 2, 0, 0, 0)];
    const figures = figuresOf({ kind: "lines", lines: ["aab", "b"], characters }, software);
    const [asInSoftware, right] = figures.slice(2);
    expect([asInSoftware!.of(software), right!.of(software)]).toEqual([100, 100]);
    const off = [line(1, 1, 1, 1, 2), software[1]!];
    expect([asInSoftware!.of(off), right!.of(off)]).toEqual([50, 50]);
  });
});
