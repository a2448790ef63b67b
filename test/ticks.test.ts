import { describe, expect, it } from "vitest";
import { rulerOf } from "../report/ruler.ts";
import { shortDuration } from "../report/text.ts";
import { durationTicks, spaced } from "../report/ticks.ts";

describe("the labels of an axis", () => {
  const ages = [1, 10, 60, 600, 3600, 21_600, 86_400, 864_000, 2_592_000, 31_536_000];
  const places = ages.map(Math.log10);
  const label = (place: number): string => shortDuration(Number((10 ** place).toPrecision(3)));

  it("are all of them where there is room, and the last of those that would touch on a phone", () => {
    expect(spaced(places, label, 1200 / places.at(-1)!)).toEqual(places);
    const few = spaced(places, label, 240 / places.at(-1)!);
    expect(few.length).toBeLessThan(8);
    expect(few.at(-1)).toBe(places.at(-1));
  });

  it("never touch: each has its own width and a gap", () => {
    for (const width of [150, 240, 500]) {
      const pixels = width / places.at(-1)!;
      const kept = spaced(places, label, pixels);
      kept.slice(1).forEach((place, k) => {
        const letters = label(place).length + label(kept[k]!).length;
        expect((place - kept[k]!) * pixels).toBeGreaterThanOrEqual(3.4 * letters + 8 - 1e-9);
      });
    }
  });

  it("are the times themselves while they are few, else those that people know", () => {
    const ruler = (times: readonly number[]): readonly string[] => {
      const made = rulerOf({ name: "age", unit: "seconds" }, "logarithmic", times, { most: 6, fit: true });
      return made.ticks.map((tick) => made.label(tick).replace(/\s/g, " "));
    };
    expect(ruler([1, 3600, 31_104_000])).toEqual(["1 s", "1 h", "360 d"]);
    expect(ruler(Array.from({ length: 40 }, (_, k) => 1.5 ** k))).toEqual([
      "1 s",
      "1 min",
      "1 h",
      "1 d",
      "30 d",
    ]);
    expect(durationTicks(0.01, 10_000)).toEqual([1, 60, 3600]);
    expect(durationTicks(0.01, 10)).toEqual([0.01, 0.1, 1, 10]);
  });

  it("have no unit: the name of the axis has it, and ends at 100 %", () => {
    const shares = rulerOf({ name: "accuracy", unit: "percent" }, "linear", [97, 99.5], {
      most: 6,
      fit: false,
      least: 5,
    });
    expect(shares.name).toBe("accuracy, %");
    expect(shares.label(98)).toBe("98");
    expect(shares.max).toBe(100);
  });
});
