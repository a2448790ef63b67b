import { describe, expect, it } from "vitest";
import { soak } from "../soak/soak.ts";
import { tellStory } from "../soak/story.ts";
import { drawWorld } from "../soak/world.ts";
import { emptyFolder, removeFoldersAfterEach } from "../support/folders.ts";

removeFoldersAfterEach();

// test/soak.test.ts has a few of each kind.
describe("a world of bad luck", () => {
  it.each([
    [8, "everything at once, blindly programmed"],
    [4, "an SCPI pulse that had fired before a reset was said not to have"],
    [615, "rows that a reset kept from firing were never fired by a method that does not look"],
    [1873, "max-set-fill took devices that a pulled cable kept from its first pulse for stuck ones"],
    [
      1370,
      "pulses that a kill kept from firing were taken for answers, and a trim aimed by a curve without a fall",
    ],
  ])("of seed %i holds (%s)", async (seed) => {
    const { deeds, crossings } = await soak(drawWorld(seed, 3, { rare: false, slow: false }));
    expect(deeds.length).toBeGreaterThan(3);
    expect(crossings).toBeGreaterThan(500);
  });

  it.each([
    [222, "another workspace, a second chip, and files that are moved away", "visit"],
    [30, "a disk that is truly full, where one may be mounted", "fill the disk"],
    [146, "rows of a closed workspace stayed in a file that was lost", "restore"],
    [686, "a refusal for unknown wear was forgotten in a reset of the chip", "agree to unknown wear"],
    [
      1528,
      "a chip was reset by the last order of a run that it had been refused to",
      "agree to unknown wear",
    ],
    [1676, "cells of which another workspace had used two rows were filled with one device each", "visit"],
    [3, "a host that sleeps", "sleep"],
  ])("of seed %i holds more (%s)", async (seed, _, deed) => {
    const { deeds } = await soak(drawWorld(seed, 3));
    expect(deeds.some((done) => done.startsWith(deed))).toBe(true);
  });

  it("of seed 10 holds for a month (few devices could be fitted, and the model's file was not read again)", async () => {
    const { crossings } = await soak(drawWorld(10, 30));
    expect(crossings).toBeGreaterThan(500);
  });

  it("in which nearly everything is done is lived through in the same way each time", async () => {
    const world = drawWorld(12, 1);
    const told = await tellStory(world, emptyFolder());
    expect(await tellStory(world, emptyFolder())).toEqual(told);
  });
});
