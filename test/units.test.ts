import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { counted } from "../src/counted.ts";
import { formatDuration, parseDuration } from "../src/units.ts";

describe("durations", () => {
  it.each([
    ["60", 60],
    ["1h", 3600],
    ["30d", 2_592_000],
    ["1.5 ms", 0.0015],
    ["1e3", 1000],
    ["2min", 120],
  ])("reads %s as %d s", (text, seconds) => {
    expect(parseDuration(text)).toBeCloseTo(seconds, 12);
  });

  it.each(["", "h", "-1s", "0", "1 fortnight", "1h30", "Infinity", "1constructor"])("refuses %j", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it.each([
    [1, "1 s"],
    [3600, "1 h"],
    [86_400, "1 day"],
    [2_592_000, "30 days"],
    [31_536_000, "1 year"],
    [0.25, "250 ms"],
  ])("writes %d s as %s", (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  it("never throws on any text", () => {
    fc.assert(fc.property(fc.string(), (text) => void parseDuration(text)));
  });
});

describe("a count", () => {
  it("has its noun in the right number", () => {
    expect([0, 1, 1234].map((count) => counted(count, "pulse"))).toEqual([
      "0 pulses",
      "1 pulse",
      "1,234 pulses",
    ]);
  });
});
