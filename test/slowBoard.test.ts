import { describe, expect, it } from "vitest";
import { systemClock } from "../drivers/systemClock.ts";
import { parseAddress } from "../lab/address.ts";
import { emulate } from "../lab/emulate/emulate.ts";
import { openChip } from "../lab/openChip.ts";
import { keepingLog } from "./support/logs.ts";
import { mergeParts } from "../drivers/parts.ts";
import { attemptsWithin, deadlineFor } from "../drivers/deadlines.ts";
import type { MhoError } from "../src/errors.ts";
import { averagesInParts } from "../src/chip/timing.ts";
import { pcm90nmDefinition } from "../src/model/builtIn.ts";
import { executeRun, resumeRun } from "../src/run/engine.ts";
import type { RunPlan } from "../src/run/plan.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { describePcm64 } from "./support/chips.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { slowBoard, type SlowBoardOptions } from "./support/slowBoard.ts";

removeFoldersAfterEach();

const plan: RunPlan = {
  title: "verify",
  chipName: "pcm-64",
  chipSerialNumber: "EMU-7-slow",
  chipAddress: "slow",
  method: "verify",
  model: pcm90nmDefinition,
  sweepTimesSeconds: [1],
  sweepAverages: 16,
  pulsesPerDevice: 200,
  tiles: [
    {
      block: { tile: 0, rowStart: 0, rowCount: 4 },
      targetsMicrosiemens: Float32Array.from({ length: 160 }, (_, i) => 1 + (i % 24)),
    },
  ],
};

async function world(options: SlowBoardOptions = {}) {
  const store = await openWorkspace(emptyFolder());
  return { store, ...(await slowBoard(store, options)) };
}

const dialects = ["packet", "scpi"] as const;

describe.each(dialects)("a board of 10 ms a device that speaks %s", (dialect) => {
  it("is programmed and read to the end, and nothing is asked twice", async () => {
    const { context, store, events, records, seen, time } = await world({ dialect });
    const run = await executeRun(context, plan);
    expect((await store.summary(run)).outcome).toBe("done");
    expect(events.filter(({ type }) => type.startsWith("link"))).toEqual([]);
    expect(records.filter(({ level }) => level === "warn")).toEqual([]);
    // It took minutes of the line's time, in requests of two seconds at most.
    expect(time.nowMicroseconds()).toBeGreaterThan(200e6);
    expect(seen.longestRequestMicroseconds).toBeLessThanOrEqual(2e6);
  });

  it("tells how far each read is, every two seconds about, and never back", async () => {
    const { context, events, time } = await world({ dialect, rows: 8, columns: 25 });
    const tile = { block: { tile: 0, rowStart: 0, rowCount: 8 }, targetsMicrosiemens: new Float32Array(800) };
    const told: [number, number, number][] = [];
    const onEvent: typeof context.onEvent = (event) => {
      if (event.type === "rows_read") told.push([time.nowMicroseconds(), event.rows, event.left_seconds]);
      context.onEvent(event);
    };
    const tiles = [{ ...tile, targetsMicrosiemens: tile.targetsMicrosiemens.fill(5) }];
    await executeRun({ ...context, onEvent }, { ...plan, method: "open-loop", sweepAverages: 4, tiles });
    const sweep = told.slice(-8);
    expect(sweep.map(([, rows]) => rows)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    const last = events.findLast(({ type }) => type === "sweep");
    expect(last).toMatchObject({ type: "sweep" });
    sweep.slice(1).forEach(([at, , left], k) => {
      expect(at - sweep[k]![0]).toBeLessThan(10e6);
      expect(left).toBeLessThan(sweep[k]![2]);
    });
    expect(sweep[0]![2]).toBeGreaterThan(30);
  });

  it("hears of a stop within a step, and the run goes on later", async () => {
    const { context, store, time, stop, firmware } = await world({ dialect });
    time.after(30_000, () => (stop.requested = true));
    await expect(executeRun(context, plan)).rejects.toMatchObject({ code: "interrupted" });
    expect(firmware.inStandby).toBe(true);
    expect(time.nowMicroseconds()).toBeLessThan(34e6);
    stop.requested = false;
    await resumeRun(context, "r1");
    expect((await store.summary("r1")).outcome).toBe("done");
  });

  it("is in standby at once when that is asked for in the middle of a look", async () => {
    const { driver, time, link, firmware } = await world({ dialect });
    await driver.identify();
    const read = driver.read({ tile: 0, rowStart: 0, rowCount: 4 }, 64).catch((error: unknown) => error);
    await time.sleep(30e6);
    link.halt("standby was asked for");
    const asked = time.nowMicroseconds();
    await driver.standby();
    expect(firmware.inStandby).toBe(true);
    expect(time.nowMicroseconds() - asked).toBeLessThan(2.1e6);
    expect(await read).toMatchObject({ code: "interrupted" });
  });

  it("whose description says that it is fast is given up, with what to check, and never called safe when it is not", async () => {
    const { context, store, time, firmware } = await world({
      dialect,
      deviceMilliseconds: 30,
      describedMilliseconds: 0.01,
    });
    const error: unknown = await executeRun(context, plan).catch((found: unknown) => found);
    expect(error).toMatchObject({
      code: "link-lost",
      message: expect.stringMatching(/did not answer .* slower than timing/) as string,
    });
    const { facts } = error as MhoError;
    expect(firmware.inStandby || facts["standby"] === false).toBe(true);
    expect(time.nowMicroseconds()).toBeLessThan(3600e6);
    expect((await store.summary("r1")).outcome).toBe("failed");
  });

  it("is not asked twice at the end of a line of 960 bytes a second either", async () => {
    const { driver, records } = await world({
      dialect,
      deviceMilliseconds: 0.001,
      lineBytesPerSecond: 960,
      columns: 100,
    });
    await driver.identify();
    await driver.read({ tile: 0, rowStart: 0, rowCount: 4 }, 4);
    const codes = new Uint16Array(1600).fill(400);
    await driver.pulse(
      { tile: 0, rowStart: 0, rowCount: 4 },
      { codes, widthNanoseconds: 100, firstTicket: 1 },
    );
    expect(records.filter(({ level }) => level === "warn")).toEqual([]);
  });
});

describe("a read in parts", () => {
  it("is one part on a board that is fast enough, and as many as hold two seconds on others", async () => {
    const description = await describePcm64();
    const slow = { timing: { readRowMicroseconds: 400_000, pulseRowMicroseconds: 400_000 } };
    expect(averagesInParts(description, 65_535)).toEqual([65_535]);
    expect(averagesInParts(slow, 64)).toEqual([...Array<number>(12).fill(5), 4]);
    const slower = { timing: { readRowMicroseconds: 3e6, pulseRowMicroseconds: 3e6 } };
    expect(averagesInParts(slower, 2)).toEqual([1, 1]);
  });

  it("has the mean of all its reads, each counted once, and the mean of their times", async () => {
    const { converter } = await describePcm64();
    const part = (averages: number, codes: number[], chipTimeMicroseconds: number) => ({
      averages,
      codes: Uint16Array.from(codes),
      chipTimeMicroseconds,
    });
    const parts = [part(5, [100, 500, 1023, 7], 1000), part(3, [108, 500, 900, 0xffff], 9000)];
    expect(mergeParts(parts, converter)).toEqual({
      codes: Uint16Array.of(103, 500, 1023, 0xffff),
      chipTimeMicroseconds: 4000,
    });
    expect(mergeParts(parts.slice(0, 1), converter)).toBe(parts[0]);
  });
});

describe("a deadline", () => {
  it("is that of the usual margin for a fast board, and reckoned for a slow one, which is asked less often", () => {
    expect(deadlineFor(52, 750)).toBe(750);
    expect(deadlineFor(2000, 750)).toBe(2875);
    expect(attemptsWithin(750, 8)).toBe(8);
    expect(attemptsWithin(2875, 8)).toBe(2);
    expect(attemptsWithin(60_000, 8)).toBe(2);
  });
});

describe("a question in SCPI", () => {
  it("is logged with the tile, the row and the ticket that it is about", async () => {
    const { driver, records } = await world({ dialect: "scpi", leastLevel: "debug" });
    await driver.identify();
    await driver.read({ tile: 0, rowStart: 2, rowCount: 1 }, 1);
    const order = { codes: new Uint16Array(40).fill(400), widthNanoseconds: 100, firstTicket: 77 };
    await driver.pulse({ tile: 0, rowStart: 3, rowCount: 1 }, order);
    const answered = records.filter(({ msg }) => msg === "answered");
    expect(answered).toContainEqual(
      expect.objectContaining({ request: "read of tile 0, row 2", tile: 0, row: 2 }),
    );
    expect(answered).toContainEqual(
      expect.objectContaining({ request: "pulse of tile 0, row 3", tile: 0, row: 3, ticket: 77 }),
    );
  });
});

describe("mho emulate", () => {
  it("serves a slow board, whose answers take its time on a paced line, and whose address says how slow it is", async () => {
    const emulation = await emulate("pcm-64?device_milliseconds=4", {
      seed: 7,
      pace: true,
      onReplugged() {},
    });
    try {
      const address = parseAddress(emulation.address);
      expect(address).toMatchObject({ chip: "pcm-64", deviceMilliseconds: 4 });
      const { log, records } = keepingLog();
      const driver = await openChip(address, { seed: 7, log });
      await driver.identify();
      // A row takes longer than the usual margin for an answer.
      const begun = systemClock.nowMicroseconds();
      await driver.read({ tile: 0, rowStart: 0, rowCount: 1 }, 1);
      expect(systemClock.nowMicroseconds() - begun).toBeGreaterThan(1000e3);
      // Its hello may be late where the host is busy: the read was not asked for twice.
      expect(
        records.filter(({ msg, request }) => msg === "no reply" && String(request).startsWith("read")),
      ).toEqual([]);
      await driver.standby();
      await driver.close();
    } finally {
      emulation.close();
    }
  });
});
