import { describe, expect, it } from "vitest";
import { type ConnectedDriver, ReconnectingDriver } from "../drivers/reconnectingDriver.ts";
import type { Transport } from "../drivers/transport.ts";
import type { Firmware } from "../emulator/firmware.ts";
import { PacketFirmware } from "../emulator/packetFirmware.ts";
import { noDefects, pcm64 } from "../emulator/presets.ts";
import { builtInDialects, dialectNamed, emulatedChip, type LabDialect } from "../lab/dialects.ts";
import { MhoError } from "../src/errors.ts";
import { pcm90nmDefinition } from "../src/model/builtIn.ts";
import { executeRun } from "../src/run/engine.ts";
import type { LinkEvent, RunEvent } from "../src/run/events.ts";
import { PulseLedger } from "../src/run/ledger.ts";
import type { RunPlan } from "../src/run/plan.ts";
import { Random } from "../src/random.ts";
import { summarise } from "../src/results/summary.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { describePcm64, stillClock } from "./support/chips.ts";
import { misbooked } from "./support/misbooked.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { keepingLog } from "./support/logs.ts";

removeFoldersAfterEach();

/** A cable to an emulated chip that can be cut at any byte, and is back after a few tries, at another port. */
class Cable {
  readonly dialect: LabDialect;
  readonly firmware: Firmware;
  ports = 0;
  cuts = 0;
  /** Writes until the next cut; the last one arrives or not, by its parity. */
  writesLeft = Infinity;
  #triesUntilBack = 0;
  brownOut = false;
  /** Writes before which the chip's watchdog fires, and what it is told of. */
  readonly sleepsBefore = new Set<number>();
  sleepMilliseconds = 60_000;
  onSleep: () => void = () => {};
  #writes = 0;

  constructor(dialect = "packet") {
    this.dialect = dialectNamed(builtInDialects, dialect);
    this.firmware = emulatedChip(this.dialect, { ...pcm64(1), defects: noDefects }, 7);
  }
  onCut: () => void = () => {};

  open(): Transport {
    if (this.#triesUntilBack-- > 0) throw new MhoError("port-failed", "Cannot open the port: there is none.");
    let onBytes: (bytes: Uint8Array) => void = () => {};
    let onClosed: (reason: string) => void = () => {};
    let open = true;
    const end = (reason: string): void => {
      if (!open) return;
      open = false;
      onClosed(reason);
    };
    return {
      port: `port ${++this.ports}`,
      onBytes: (listener) => void (onBytes = listener),
      onClosed: (listener) => void (onClosed = listener),
      write: async (bytes) => {
        if (!open) throw new MhoError("link-lost", "The cable is out.");
        if (--this.writesLeft < 0) {
          this.cuts++;
          this.#triesUntilBack = this.cuts % 3;
          // Half of the cuts come after the chip heard, and before it was heard.
          if (this.brownOut) this.firmware.sag(bytes, 0);
          else if (this.cuts % 2 === 0) this.firmware.receive(bytes, 0);
          this.onCut();
          end("the cable was pulled");
          throw new MhoError("link-lost", "The cable was pulled.");
        }
        if (this.sleepsBefore.has(this.#writes++)) {
          this.firmware.tick(60e6);
          this.onSleep();
        }
        const replies = this.firmware.receive(bytes, 0);
        await Promise.resolve();
        if (open) for (const reply of replies) onBytes(reply);
      },
      close: () => {
        end("closed");
        return Promise.resolve();
      },
    };
  }
}

const plan: RunPlan = {
  title: "verify",
  chipName: "pcm-64",
  chipSerialNumber: "EMU-7",
  chipAddress: "cable",
  method: "verify",
  model: pcm90nmDefinition,
  sweepTimesSeconds: [1],
  sweepAverages: 1,
  pulsesPerDevice: 200,
  tiles: [
    {
      block: { tile: 0, rowStart: 0, rowCount: 4 },
      targetsMicrosiemens: Float32Array.from({ length: 1024 }, (_, i) => 1 + (i % 24)),
    },
  ],
};

/** Runs the plan over a cable that is cut after so many writes each time. */
async function runOver(
  cable: Cable,
  cutAfter: () => number,
  patienceMilliseconds = 1e6,
  stopped: () => boolean = () => false,
  over: Partial<RunPlan> = {},
) {
  const description = await describePcm64(1);
  const links: LinkEvent[] = [];
  const notedMeanwhile: (string | undefined)[] = [];
  const { log, records } = keepingLog();
  let session = 1;
  let now = 0;
  let wall = Date.parse("2026-01-01T00:00:00Z");
  cable.onSleep = () => (wall += cable.sleepMilliseconds);
  const store = await openWorkspace(emptyFolder());
  const connect = (): ConnectedDriver =>
    cable.dialect.open(cable.open(), {
      address: "cable",
      description,
      session: session++,
      deadlineMilliseconds: 20,
    });
  const driver = new ReconnectingDriver(connect(), {
    open: () => {
      cable.writesLeft = cutAfter();
      return Promise.resolve().then(connect);
    },
    patienceMilliseconds,
    stopped,
    now: () => now,
    wallTime: () => new Date(wall).toISOString(),
    async sleep(milliseconds) {
      now += milliseconds;
      const [run] = await store.runs();
      // Whoever looks on knows of it while the chip is still being looked for.
      if (run !== undefined) notedMeanwhile.push((await store.notes(run.id)).at(-1)?.what);
    },
    onEvent: (event) => links.push(event),
    log,
  });
  const events: RunEvent[] = [];
  cable.writesLeft = 1 + cutAfter();
  const outcome = await executeRun(
    {
      driver,
      store,
      clock: stillClock(),
      stop: { requested: false },
      linkNotes: () => driver.linkNotes(),
      onLinkNote: (listener) => driver.onLinkNote(listener),
      wallTime: () => "2026-01-01T00:00:00Z",
      onEvent: (event) => events.push(event),
      log,
    },
    { ...plan, ...over },
  ).then(
    (id) => id,
    (error: unknown) => error as MhoError,
  );
  const ledger = await PulseLedger.ofChip(
    store,
    { name: "pcm-64", serialNumber: "EMU-7" },
    description.geometry,
  );
  const booked = ledger.pulsesOfTile(0);
  const uncertain = ledger.uncertainOfTile(0);
  const notes = (await store.runs()).length > 0 ? await store.notes("r1") : [];
  const pending = notes.length === 0 ? undefined : (await summarise(store, "r1")).verdicts.pending;
  await store.close();
  const felt = cable.firmware.chip.pulsesFeltByTile(0);
  return { outcome, events, links, records, notes, notedMeanwhile, booked, uncertain, felt, pending };
}

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
