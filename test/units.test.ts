import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { counted } from "../src/counted.ts";
import {
  ambiguousUnit,
  conductanceUnits,
  formatDuration,
  parseConductanceUnit,
  parseDuration,
  toMicrosiemens,
} from "../src/units.ts";

describe("durations", () => {
  it.each([
    ["60", 60],
    ["1h", 3600],
    ["30d", 2_592_000],
    ["1.5 ms", 0.0015],
    ["1e3", 1000],
    ["2min", 120],
    ["30 days", 2_592_000],
    ["1 year", 31_536_000],
    ["1 day", 86_400],
    ["1 µs", 1e-6],
    ["1 \u03bcs", 1e-6],
    ["30\u00a0days", 2_592_000],
    ["2 h 5 min", 7500],
    ["1d12h", 129_600],
    ["1 H", 3600],
  ])("reads %s as %d s", (text, seconds) => {
    expect(parseDuration(text)).toBeCloseTo(seconds, 12);
  });

  it.each(["", "h", "-1s", "0", "1 fortnight", "1h30", "Infinity", "1constructor"])("refuses %j", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it.each(["5M", "5 M", "5MS", "5mS", "5uS", "1h 5M", "5S"])(
    "refuses %j, whose unit can be read in two ways, and names it",
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
      expect(text).toContain(ambiguousUnit(text));
    },
  );

  it("reads all that it writes, as near as it was written", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1e12, noNaN: true }), (seconds) => {
        const read = parseDuration(formatDuration(seconds))!;
        expect(Math.abs(read / seconds - 1)).toBeLessThan(0.0051);
      }),
      { seed: 3 },
    );
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

describe("conductances", () => {
  it.each([
    ["uS", 12, 12],
    ["µS", 12, 12],
    ["\u03bcS", 12, 12],
    ["nS", 12_000, 12],
    ["mS", 0.012, 12],
    ["S", 12e-6, 12],
    ["ohm", 1e6 / 12, 12],
    ["kohm", 1e3 / 12, 12],
    ["kΩ", 1e3 / 12, 12],
    ["Mohm", 1 / 12, 12],
    ["ohm", 0, Infinity],
  ])("in %s: %d is %d µS", (name, value, microsiemens) => {
    expect(toMicrosiemens(value, parseConductanceUnit(name)!)).toBeCloseTo(microsiemens, 12);
  });

  it.each(["", "s", "MS", "mohm", "siemens", "us", "Us"])("have no unit %j", (name) => {
    expect(parseConductanceUnit(name)).toBeUndefined();
    expect(conductanceUnits).not.toContain(name);
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
