import { describe, expect, it } from "vitest";
import { ChipTimes } from "../drivers/chipTimes.ts";

const [second, day] = [1e6, 86_400e6];

/** A clock that was told 1000 s, on a host whose clocks are in the test's hands. */
function told(virtual: boolean) {
  const host = { now: 0, wall: 0 };
  const times = new ChipTimes(
    () => host.now,
    () => host.wall,
  );
  times.begin(1, virtual);
  expect(times.wrong(1000 * second, 0)).toBeUndefined();
  return { host, times, says: (time: number, floor = times.floor) => times.wrong(time, floor) };
}

describe.each([
  ["goes by itself", false],
  ["can be moved", true],
])("a chip's time that %s", (_, virtual) => {
  it("is no time at all from 2^52 µs on, or below 0, or between two microseconds", () => {
    const { says } = told(virtual);
    for (const time of [4_503_599_627_370_496, Number.MAX_SAFE_INTEGER, -1, 0.5, Number.NaN]) {
      expect(says(time, 0)).toMatch(/ends at 2\^52/);
    }
  });

  it("does not go back behind what was known when its request left, unless the chip was reset", () => {
    const { says, times } = told(virtual);
    expect(says(999 * second)).toMatch(/went back, from 1000000000 to 999000000 µs/);
    // An answer that was under way before another came.
    expect(says(999 * second, 990 * second)).toBeUndefined();
    expect(times.floor).toBe(1000 * second);
    times.begin(1, virtual);
    expect(says(5)).toMatch(/went back/);
    times.begin(2, virtual);
    expect(says(5)).toBeUndefined();
  });

  it("does not leap by more than a day between two answers", () => {
    const { says, times } = told(virtual);
    expect(says(1001 * second + day)).toMatch(/leapt/);
    expect(says(999 * second + day)).toBeUndefined();
    expect(says(998 * second + 2 * day)).toBeUndefined();
    expect(times.floor).toBe(998 * second + 2 * day);
  });
});

describe("a chip's time", () => {
  it("that is moved leaps by what it was told to, once", () => {
    const { says, times } = told(true);
    times.advancing(365 * day);
    expect(says(1000 * second + 365 * day)).toBeUndefined();
    expect(says(1000 * second + 700 * day)).toMatch(/leapt/);
  });

  it("that goes by itself leaps while the host sleeps, by whichever of its clocks saw that", () => {
    const { says, host } = told(false);
    host.wall = 30 * 86_400_000;
    expect(says(1000 * second + 30 * day)).toBeUndefined();
    host.now = 60 * day;
    expect(says(1000 * second + 60 * day)).toBeUndefined();
  });

  it("that goes by itself does not stand still for a minute", () => {
    const { says, host } = told(false);
    for (const at of [20, 40, 59]) {
      host.now = at * second;
      expect(says(1000 * second)).toBeUndefined();
    }
    host.now = 61 * second;
    expect(says(1000 * second)).toMatch(/stood still at 1000000000 µs for 61 s/);
    expect(says(1000 * second + 1)).toBeUndefined();
    expect(says(1000 * second + 1)).toBeUndefined();
  });

  it("that can be moved stands still as long as it likes", () => {
    const { says, host } = told(true);
    for (const at of [100, 1000, 10_000]) {
      host.now = at * second;
      expect(says(1000 * second)).toBeUndefined();
    }
  });
});
