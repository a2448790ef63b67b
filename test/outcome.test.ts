import { describe, expect, it } from "vitest";
import { outcomeBy } from "../src/results/outcome.ts";
import type { RunNote } from "../src/run/journal.ts";

const noted = (...what: RunNote["what"][]): RunNote[] =>
  what.map((one) => ({ notedAt: "2026-01-01T00:00:00.000Z", what: one, text: "" }));

describe("how a run stands that the store calls running", () => {
  it.each([
    ["running", "nothing was noted", noted()],
    ["failed", "it failed last, and no room was left to write its end", noted("resumed", "failed")],
    ["failed", "standby failed too", noted("failed", "standby-failed")],
    ["running", "it went on after it had failed", noted("failed", "resumed")],
  ] as const)("is %s where %s", (expected, _, notes) => {
    expect(outcomeBy("running", notes)).toBe(expected);
  });

  it("is done where it is done, though a watch of it failed", () => {
    expect(outcomeBy("done", noted("failed"))).toBe("done");
  });
});
