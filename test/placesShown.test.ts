import { describe, expect, it } from "vitest";
import { placesShown } from "../web/placesShown.ts";

describe("how many devices are in place, on the live page", () => {
  it.each([
    [
      "leaves out those that were given up, and tells them apart",
      200,
      200,
      190,
      "95.0 %",
      "of 200 devices, 10 given up",
    ],
    ["is all of them where none was given up", 200, 200, 200, "100.0 %", "of 200 devices"],
    ["is never rounded to all", 10_000, 10_000, 9_999, "99.9 %", "of 10,000 devices, 1 given up"],
  ])("%s", (_, devices, judged, accepted, percent, of) => {
    expect(placesShown({ devices, done: devices, judged, accepted })).toEqual({ percent, of });
  });

  it("counts those that are not judged yet, and of a run that never looks back those that were pulsed", () => {
    const none = { judged: 0, accepted: 0 };
    expect(placesShown({ devices: 1, done: 1, ...none })).toEqual({ percent: "100.0 %", of: "of 1 device" });
    expect(placesShown({ devices: 40, done: 10, ...none }).percent).toBe("25.0 %");
  });
});
