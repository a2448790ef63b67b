import { describe, expect, it } from "vitest";
import { PacketFirmware } from "../emulator/packetFirmware.ts";
import { pcm64 } from "../emulator/presets.ts";
import { MhoError } from "../src/errors.ts";
import { Random } from "../src/random.ts";
import { Cable, runOver } from "./support/cutCable.ts";
import { removeFoldersAfterEach } from "./support/folders.ts";
import { misbooked } from "./support/misbooked.ts";

removeFoldersAfterEach();

// test/slow/reconnect.test.ts has more moments.
describe("a run over a cable that is pulled and put back at another port", () => {
  it("completes, and no pulse is fired twice or lost, at 12 random moments", async () => {
    const random = new Random(5).fork("cuts");
    let draws = 0;
    let cuts = 0;
    for (let n = 0; cuts < 12; n++) {
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
      for (let first = 10; first < 20; first += 3) {
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
      expect(uncertainRuns).toBeGreaterThan(0);
    },
  );

  it("leaves a warning for each loss, each search in vain, each return and each turn that is uncertain", async () => {
    const cable = new Cable();
    cable.onCut = () => cable.firmware.restart();
    const { links, events, records } = await runOver(cable, () => (cable.cuts < 8 ? 40 : Infinity));
    const warned = (message: string) =>
      records.filter(({ level, msg }) => level === "warn" && msg === message);
    expect(cable.cuts).toBe(8);
    const lost = warned("link lost");
    expect(lost).toHaveLength(8);
    for (const { error } of lost) expect(error?.code).toBe("link-lost");
    // After n cuts the cable is out for n mod 3 tries.
    expect(warned("the chip was not found again")).toHaveLength(9);
    const back = links.flatMap((event) => (event.type === "link_back" ? [event.after_milliseconds] : []));
    expect(warned("link back").map(({ after_milliseconds: after }) => after)).toEqual(back);
    const uncertain = events.filter((event) => event.type === "uncertain");
    expect(uncertain.length).toBeGreaterThan(0);
    expect(warned("rows are uncertain")).toMatchObject(
      uncertain.map(({ run, tile, turn, rows }) => ({ run, tile, turn, rows, fate: "uncertain" })),
    );
  });

  it("in the scpi dialect completes too, and books device by device what may have fired", async () => {
    const random = new Random(6).fork("cuts");
    let draws = 0;
    let cuts = 0;
    let unsure = 0;
    for (let n = 0; cuts < 10; n++) {
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

  it("fires afterwards what it could not fire, also by a method that never looks", async () => {
    let again = 0;
    for (let first = 3; first < 9; first++) {
      const cable = new Cable("scpi");
      let cutsLeft = 1;
      cable.onCut = () => cable.firmware.restart();
      const cut = (): number => (cutsLeft-- > 0 ? first : Infinity);
      const blind = { method: "open-loop" } as const;
      const { outcome, pending, felt, uncertain } = await runOver(cable, cut, 1e6, () => false, blind);
      expect(outcome).toBe("r1");
      if (pending === undefined) continue;
      again++;
      expect(pending).toBe(0);
      felt.subarray(0, 1024).forEach((pulses, i) => expect(pulses + uncertain[i]!).toBeGreaterThan(0));
    }
    expect(again).toBeGreaterThan(2);
  });

  it.each(["packet", "scpi"])(
    "over %s wakes a chip whose watchdog fired while the host slept, and fires nothing twice",
    async (dialect) => {
      for (const first of [3, 12, 40]) {
        const cable = new Cable(dialect);
        for (const again of [0, 25, 26]) cable.sleepsBefore.add(first + again);
        const { outcome, links, booked, notes, pending } = await runOver(cable, () => Infinity);
        expect([outcome, pending]).toEqual(["r1", 0]);
        expect(booked).toEqual(cable.firmware.chip.pulsesFeltByTile(0));
        expect(links.map(({ type }) => type)).toContain("woken");
        expect(notes.map(({ what }) => what)).toContain("woken");
      }
    },
  );

  it("leaves a chip alone that another program put in standby while it was awake", async () => {
    const cable = new Cable();
    cable.sleepsBefore.add(30);
    cable.sleepMilliseconds = 100;
    const { outcome } = await runOver(cable, () => Infinity);
    const message = expect.stringMatching(/put in standby by another program, and is left there/) as string;
    expect(outcome).toMatchObject({ code: "chip-refused", message });
    expect(cable.firmware.inStandby).toBe(true);
  });

  it("ends with the reason when the chip does not come back in time", async () => {
    const cable = new Cable();
    cable.onCut = () => {
      cable.open = () => {
        throw new MhoError("port-failed", "Cannot open the port: there is none.");
      };
    };
    const { outcome, links } = await runOver(cable, () => 20, 5000);
    expect(outcome).toMatchObject({ code: "link-lost" });
    expect(links.map(({ type }) => type)).toEqual(["link_lost"]);
  });

  it("stops looking for the chip when it is asked to", async () => {
    const cable = new Cable();
    cable.onCut = () => {
      cable.open = () => {
        throw new MhoError("port-failed", "Cannot open the port: there is none.");
      };
    };
    const { outcome } = await runOver(
      cable,
      () => 20,
      1e9,
      () => cable.cuts > 0,
    );
    const message = expect.stringMatching(/^Stopped while .* out of reach\. .*outputs may be on/) as string;
    expect(outcome).toMatchObject({ code: "standby-failed", message });
  });

  it("does not take another chip for the one it lost", async () => {
    const cable = new Cable();
    cable.onCut = () => {
      Object.assign(cable, { firmware: new PacketFirmware(pcm64(1), 8) });
    };
    const { outcome } = await runOver(cable, () => 20, 5000);
    expect(outcome).toMatchObject({ code: "link-lost" });
  });
});
