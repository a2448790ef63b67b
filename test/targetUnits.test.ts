import { describe, expect, it } from "vitest";
import { readChipDescription } from "../files/chipDescription.ts";
import { inMicrosiemens, unitOfHeading } from "../lab/targetUnits.ts";

const pcm64 = await readChipDescription("chips/pcm-64.json");
const given = (...values: number[]): Float32Array => Float32Array.from(values);
const told = (...values: number[]) => inMicrosiemens("t.npy", given(...values), undefined, pcm64);

describe("targets without a unit", () => {
  it.each([
    ["in S", [1e-6, 24e-6], /all of its 2 targets are below 0\.04 µS.*--unit S/],
    ["in S, with zeros", [0, 1e-6, 24e-6], /all of its 3 targets are below 0\.04 µS.*--unit S/],
    ["in nS", [1000, 24_000], /all of its 2 targets are above 25 µS.*--unit nS/],
    [
      "in nS, with devices at zero",
      [0, 1000, 0, 24_000],
      /all of its targets but 2 of zero are above 25 µS.*--unit nS/,
    ],
    ["all equal", [5, 5], /all of its 2 targets are 5 µS/],
    ["all zero", [0, 0], /all of its 2 targets are below 0\.04 µS/],
  ])("%s are refused, and the unit is proposed that they may be in", (_, values, message) => {
    expect(() => told(...values)).toThrow(message);
  });

  it.each([[[0, 5, 5]], [[0, 24]], [[5]], [[NaN, 1, 24]]])("%j are taken in µS", (values) => {
    expect([...told(...values)]).toEqual(values);
  });
});

describe("the heading of a table of targets", () => {
  const of = (line: string, said?: "uS" | "nS") =>
    unitOfHeading("t.csv", { line: 3, cells: line.split(",") }, said);

  it.each([
    ["a (nS),b (nS)", "nS"],
    ["G0 [µS],G1 [µS]", "uS"],
    ["R/kΩ,R/kΩ", "kohm"],
    ["g_uS,h_uS", "uS"],
    ["nS,nS", "nS"],
    ["targets in mS", "mS"],
    [",G (S)", "S"],
    ["a,b", undefined],
    ["S,V", undefined],
    ["o0 (first),o1 (A)b", undefined],
  ])("%j says %s", (line, unit) => {
    expect(of(line)).toBe(unit);
    expect(of(line, unit === "nS" ? "nS" : undefined)).toBe(unit);
  });

  it.each([
    ["a (nS),b (µS)", undefined, 'line 3, column 2 is in "µS", and a column before it in "nS"'],
    ["a (nS)", "uS", 'line 3, column 1 is in "nS", and --unit says uS'],
    ["a (%)", "uS", 'line 3, column 1 is in "%", which is no conductance'],
    ["I (uA)", undefined, 'line 3, column 1 is in "uA", which is no conductance'],
  ] as const)("%j is refused beside %s", (line, said, message) => {
    expect(() => of(line, said)).toThrow(message);
  });
});
