import { describe, expect, it } from "vitest";
import { Random } from "../../src/random.ts";
import { Cable, runOver } from "../support/cutCable.ts";
import { removeFoldersAfterEach } from "../support/folders.ts";
import { misbooked } from "../support/misbooked.ts";

removeFoldersAfterEach();

describe("a run over a cable that is pulled and put back at another port", () => {
  it("completes, and no pulse is fired twice or lost, at 100 random moments", async () => {
    const random = new Random(5).fork("cuts");
    let draws = 0;
    let cuts = 0;
    for (let n = 0; cuts < 100; n++) {
      const cable = new Cable();
      const { outcome, booked, felt, links, notedMeanwhile } = await runOver(
        cable,
        () => 2 + (random.at(draws++, n).word0 % 40),
      );
      expect(outcome).toBe("r1");
      expect(booked).toEqual(felt);
      expect(links.filter(({ type }) => type === "link_back").length).toBe(cable.cuts);
      expect(notedMeanwhile.every((what) => what === "link-lost")).toBe(true);
      cuts += cable.cuts;
    }
  });

  it.each([
    ["reset", false],
    ["browned out in mid-pulse", true],
  ])(
    "goes on by reading where the chip was %s meanwhile, and books device by device what is uncertain",
    async (_, brownOut) => {
      let uncertainRuns = 0;
      for (let first = 10; first < 20; first++) {
        const cable = new Cable();
        let cutsLeft = 1;
        cable.brownOut = brownOut;
        cable.onCut = () => cable.firmware.restart();
        const { outcome, events, booked, uncertain, felt, notes } = await runOver(cable, () =>
          cutsLeft-- > 0 ? first : Infinity,
        );
        expect(outcome).toBe("r1");
        const told = events.filter(({ type }) => type === "uncertain");
        if (told.length > 0) uncertainRuns++;
        expect(notes.map(({ what }) => what)).toEqual(
          ["link-lost", "link-back", "uncertain"].slice(0, told.length > 0 ? 3 : 2),
        );
        // Never more than was booked, and less only where a pulse is booked as uncertain.
        expect(misbooked(felt, booked, uncertain)).toEqual([]);
      }
      expect(uncertainRuns).toBeGreaterThan(2);
    },
  );

  it("in the scpi dialect completes too, and books device by device what may have fired", async () => {
    const random = new Random(6).fork("cuts");
    let draws = 0;
    let cuts = 0;
    let unsure = 0;
    for (let n = 0; cuts < 60; n++) {
      const cable = new Cable("scpi");
      const { outcome, booked, uncertain, felt } = await runOver(
        cable,
        () => 2 + (random.at(draws++, n).word0 % 40),
      );
      expect(outcome).toBe("r1");
      expect(misbooked(felt, booked, uncertain)).toEqual([]);
      unsure += uncertain.reduce((sum, n) => sum + n, 0);
      cuts += cable.cuts;
    }
    expect(unsure).toBeGreaterThan(0);
  });
});
