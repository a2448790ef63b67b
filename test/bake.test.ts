import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseAddress } from "../lab/address.ts";
import { openBench } from "../lab/bench.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

const valuesMicrosiemens = Float32Array.from({ length: 2 * 256 }, () => 15);

/** Programs two rows, and watches them by another command: mean conductance and temperature at each age, in hours. */
async function watched(conditions: string) {
  const workspace = emptyFolder();
  const celsius: (number | null)[] = [];
  const open = () =>
    openBench({
      workspace,
      chip: `emulator:pcm-64?seed=5&births=sound${conditions}`,
      onEvent: (event) => {
        if (event.type === "sweep") celsius.push(event.celsius);
      },
    });
  const first = await open();
  const run = await first.program({ title: "even", valuesMicrosiemens }, { sweepTimesSeconds: [1] });
  await first.close();
  // The chip was switched off in between: its state keeps its devices, and its address its temperatures.
  const second = await open();
  await second.watch(run, { until: 5 * 86_400, perDecade: 4 });
  const means: number[] = [];
  const hours: number[] = [];
  for await (const { sweep } of second.sweeps(run)) {
    const { conductanceMicrosiemens } = sweep;
    means.push(conductanceMicrosiemens.slice(0, 512).reduce((sum, g) => sum + g, 0) / 512);
    hours.push(sweep.timeSeconds / 3600);
  }
  await second.close();
  return { means, hours, celsius, states: readdirSync(join(workspace, "chips")) };
}

describe("a bake by address", () => {
  it("is felt by a run that was programmed before it: hot reads in the oven, a mark when it is cool again", async () => {
    const [baked, never] = [await watched("&bake=85C,64h,10h"), await watched("")];
    expect(baked.hours).toEqual(never.hours);
    const inOven = baked.hours.map((hour) => hour > 11 && hour < 73);
    baked.hours.forEach((hour, k) => {
      if (hour < 9.9) expect(baked.means[k]).toBe(never.means[k]);
      if (inOven[k]) expect(baked.means[k]! / never.means[k]!).toBeGreaterThan(1.3);
      if (hour > 75) expect(baked.means[k]! / never.means[k]!).toBeLessThan(0.85);
    });
    expect(inOven.filter(Boolean).length).toBeGreaterThan(1);
    expect(baked.hours.at(-1)).toBeGreaterThan(75);
    expect(new Set(baked.celsius)).toEqual(new Set([25, 85]));
    expect(baked.states).toContain("pcm-64,seed=5,bake=85C,64h,10h,births=sound.state");
  });

  it.each(["packet", "scpi"])(
    "of a board without sensors says nothing of its temperature, in %s",
    async (dialect) => {
      const { celsius } = await watched(`&bake=85C,64h,10h&sensor=none&dialect=${dialect}`);
      expect(new Set(celsius)).toEqual(new Set([null]));
    },
  );

  it.each([
    ["85C", /how long/],
    ["85,64h", /85C,64h,1h, and 85,64h is not/],
    ["900C,64h", /from -60C to 300C/],
    ["85C,64h,1h,2h", /is not/],
    ["85C,../../x", /is not/],
    ["85C,5M", /is not/],
    ["85C,64h,1h;60C,1h,2h", /its bakes overlap/],
  ])("%s is refused, saying what is wrong", (bake, message) => {
    expect(() => parseAddress(`emulator:pcm-64?bake=${bake}`)).toThrow(message);
  });

  it("may be one of several, in any order", () => {
    expect(parseAddress("emulator:pcm-64?bake=125C,2h,3d;85C,64h").bakes).toEqual([
      { celsius: 85, fromMicroseconds: 3.6e9, toMicroseconds: 65 * 3.6e9 },
      { celsius: 125, fromMicroseconds: 72 * 3.6e9, toMicroseconds: 74 * 3.6e9 },
    ]);
  });
});
