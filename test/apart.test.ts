import { describe, expect, it } from "vitest";
import { apart } from "../web/page/apart.ts";

describe("the ages at which an axis has labels", () => {
  const ages = [1, 10, 60, 600, 3600, 21_600, 86_400, 864_000, 2_592_000, 31_536_000];
  const shown = (width: number): number[] => apart(ages, 1, 31_536_000, width);

  it("are all of them where there is room, and the last of those that would collide on a phone", () => {
    expect(shown(1200)).toEqual(ages);
    expect(shown(240)).toEqual([10, 600, 21_600, 864_000, 31_536_000]);
  });

  it("lie at least 46 pixels apart", () => {
    for (const width of [150, 240, 500]) {
      const places = shown(width).map((age) => (width * Math.log(age)) / Math.log(31_536_000));
      places.slice(1).forEach((place, k) => expect(place - places[k]!).toBeGreaterThanOrEqual(46));
    }
  });

  it("are within the axis", () => {
    expect(apart(ages, 50, 4000, 500)).toEqual([60, 600, 3600]);
  });
});
