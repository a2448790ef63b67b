import { describe, expect, it } from "vitest";
import type { Output } from "../cli/output.ts";
import { tellEvents } from "../cli/tellEvents.ts";
import type { StampedEvent } from "../lab/events.ts";

/** What a person is told of a planned trim. */
function told(devices_to_trim: number, expected_before: number, expected_after: number): string[] {
  const lines: string[] = [];
  const output = { say: (line: string) => void lines.push(line) } as unknown as Output;
  const event: StampedEvent = {
    type: "trim_planned",
    time: "",
    seq: 0,
    version: 1,
    corrects: "r1",
    devices_to_trim,
    expected_before,
    expected_after,
    expected_with_deaths: null,
    later: [],
    tested_to_seconds: null,
  };
  tellEvents(output, {})(event);
  return lines;
}

describe("a planned trim", () => {
  it("is said not to help where no device is worth a pulse, or more than 90 % of the mean square error would stay", () => {
    expect(told(0, 0.04, 0.04)).toEqual([
      "A trim will not help here: a weight error of 2.00 % is to be expected without it, and no device is worth a pulse.",
    ]);
    expect(told(12, 0.04, 0.0365)).toEqual([
      "A trim will not help here: a weight error of 2.00 % is to be expected without it, and 1.91 % with 12 devices programmed anew.",
    ]);
  });

  it("is carried out without a word where it helps", () => {
    expect(told(12, 0.04, 0.0355)).toEqual([]);
  });
});
