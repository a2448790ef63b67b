import { describe, expect, it } from "vitest";
import { formatDuration } from "../src/units.ts";

describe("a time that is a moment short of a round one", () => {
  it.each([
    [31_535_990, "1 year"],
    [86_399.9, "1 day"],
    [59.96, "60 s"],
    [3599.99, "1 h"],
    [0.9999, "1 s"],
    [35 * 86_400, "35 days"],
  ])("%d s is called %s", (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });
});
