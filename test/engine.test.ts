import { describe, expect, it } from "vitest";
import type { ChipDriver } from "../src/chip/driver.ts";
import type { Clock } from "../src/clock.ts";
import type { MhoError } from "../src/errors.ts";
import { pcm90nmDefinition } from "../src/model/builtIn.ts";
import { executeRun, resumeRun } from "../src/run/engine.ts";
import type { RunEvent } from "../src/run/events.ts";
import { lastPulse } from "../src/run/journal.ts";
import { PulseLedger } from "../src/run/ledger.ts";
import type { RunPlan } from "../src/run/plan.ts";
import { nextJob } from "../src/run/schedule.ts";
import type { RunStore } from "../src/run/store.ts";
import { summarise } from "../src/results/summary.ts";
import { recall } from "../src/run/recall.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { collect } from "./contracts/runStore.ts";
import { openTestChip, stillClock, type TestChip } from "./support/chips.ts";
import { failingAt } from "./support/failingAt.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

const rows = 4;

function planFor(chip: TestChip, method: string, tiles = 1): RunPlan {
  return {
    title: method,
    chipName: "pcm-64",
    chipSerialNumber: "EMU-7",
    chipAddress: chip.driver.address,
    method,
    model: pcm90nmDefinition,
    sweepTimesSeconds: [1, 3600],
    sweepAverages: 1,
    pulsesPerDevice: 200,
    tiles: Array.from({ length: tiles }, (_, tile) => ({
      block: { tile, rowStart: 3, rowCount: rows },
      // Every level between nothing and full range, and every seventh device left alone.
      targetsMicrosiemens: Float32Array.from({ length: rows * 256 }, (_, i) =>
        i % 7 === 0 ? Number.NaN : i % 26,
      ),
    })),
  };
}

async function run(
  chip: TestChip,
  plan: RunPlan,
  over: {
    driver?: ChipDriver;
    stopAfter?: number;
    store?: RunStore;
    clock?: Clock;
    onEvent?: (event: RunEvent) => void;
  } = {},
) {
  const store = over.store ?? (await openWorkspace(emptyFolder()));
  const events: RunEvent[] = [];
  const stop = { requested: false };
  const context = {
    driver: over.driver ?? chip.driver,
    store,
    clock: over.clock ?? stillClock(),
    stop,
    wallTime: () => "2026-01-01T00:00:00Z",
    onEvent(event: RunEvent) {
      events.push(event);
      over.onEvent?.(event);
      if (events.length === over.stopAfter) stop.requested = true;
    },
  };
  const outcome = await executeRun(context, plan).then(
    (id) => ({ id }),
    (error: unknown) => ({ error: error as MhoError }),
  );
  return { store, events, outcome };
}

describe("a run", () => {
  it("books every pulse that the devices felt, device by device, over several runs", async () => {
    const chip = await openTestChip({ tiles: 2 });
    const { store } = await run(chip, planFor(chip, "open-loop", 2));
    await run(chip, planFor(chip, "verify", 2), { store });
    const ledger = await PulseLedger.ofChip(
      store,
      { name: "pcm-64", serialNumber: "EMU-7" },
      chip.description.geometry,
    );
    for (const tile of [0, 1]) {
      expect(ledger.pulsesOfTile(tile)).toEqual(chip.firmware.chip.pulsesFeltByTile(tile));
      expect(ledger.pulsesOfTile(tile)[3 * 256 + 1]).toBeGreaterThan(1);
    }
    await store.close();
  });

  it("books what the board's own loop gave, device by device", async () => {
    const chip = await openTestChip();
    const { store } = await run(chip, planFor(chip, "on-board"));
    const ledger = await PulseLedger.ofChip(
      store,
      { name: "pcm-64", serialNumber: "EMU-7" },
      chip.description.geometry,
    );
    expect(ledger.pulsesOfTile(0)).toEqual(chip.firmware.chip.pulsesFeltByTile(0));
    const { verdicts: counts, devices } = await summarise(store, "r1");
    expect(counts.pending).toBe(0);
    expect((counts.accepted + counts["accepted outside tolerance"]) / devices).toBeGreaterThan(0.9);
    await store.close();
  });

  it("remembers when each device was last pulsed, to the microsecond, and leaves the others alone", async () => {
    const chip = await openTestChip();
    const { store, outcome } = await run(chip, planFor(chip, "verify"));
    const [memory] = await recall(store, (outcome as { id: string }).id);
    expect(memory!.pulsedAtMicroseconds.filter(Number.isNaN)).toHaveLength(Math.ceil((rows * 256) / 7));
    // A device read a year later has drifted by its age: what the journal says must agree with the chip.
    const [firstSweep] = await collect(store.sweeps("r1"));
    const ages = firstSweep!.rowTimesMicroseconds.map((time) => (time - lastPulse(memory!)) / 1e6);
    expect(Math.min(...ages)).toBeGreaterThanOrEqual(1);
    expect(Math.max(...ages)).toBeLessThan(1.2);
    await store.close();
  });

  it("sweeps every tile at every time after its own last pulse", async () => {
    const chip = await openTestChip({ tiles: 3 });
    const { store } = await run(chip, planFor(chip, "verify", 3));
    const memories = await recall(store, "r1");
    const sweeps = await collect(store.sweeps("r1"));
    expect(sweeps).toHaveLength(6);
    for (const { tile, timeSeconds, rowTimesMicroseconds } of sweeps) {
      const age = (rowTimesMicroseconds[0]! - lastPulse(memories[tile]!)) / 1e6;
      expect(age).toBeGreaterThanOrEqual(timeSeconds);
      expect(age).toBeLessThan(timeSeconds + 1);
    }
    await store.close();
  });

  it("gives every device with a target a verdict, and accepts at least 95 % of them", async () => {
    const chip = await openTestChip();
    const { store } = await run(chip, planFor(chip, "verify"));
    const { verdicts, devices, pulses, devicesByPulses } = await summarise(store, "r1");
    expect(verdicts.pending).toBe(0);
    expect(verdicts.accepted / devices).toBeGreaterThan(0.95);
    expect(devicesByPulses.reduce((sum, count, n) => sum + count * n, 0)).toBe(pulses);
    await store.close();
  });

  it("takes tickets above all that the store or the chip knows", async () => {
    const chip = await openTestChip();
    const { store } = await run(chip, planFor(chip, "open-loop"));
    const newest = await store.newestTicket({ name: "pcm-64", serialNumber: "EMU-7" });
    await run(chip, planFor(chip, "open-loop"), { store });
    const [second] = await collect(store.turns("r2"));
    expect(second!.firstTicket).toBeGreaterThan(newest);
    const fresh = await run(chip, planFor(chip, "open-loop"));
    const [third] = await collect(fresh.store.turns("r1"));
    expect(third!.firstTicket).toBeGreaterThan(second!.firstTicket);
    expect(chip.firmware.chip.pulsesFeltByTile(0)[3 * 256 + 1]).toBe(3);
    await store.close();
    await fresh.store.close();
  });

  it("tells its events in their order", async () => {
    const chip = await openTestChip();
    const { store, events } = await run(chip, planFor(chip, "verify"));
    const kinds = events.map(({ type }) => type).join(" ");
    expect(kinds).toMatch(/^started( turn)+( sweep){2} ended$/);
    await store.close();
  });

  it("is the same run for the same seed, and another for another", async () => {
    const read = async (seed: number): Promise<number[]> => {
      const chip = await openTestChip({ seed });
      const { store } = await run(chip, { ...planFor(chip, "verify"), chipSerialNumber: `EMU-${seed}` });
      const sweeps = await collect(store.sweeps("r1"));
      await store.close();
      return [...sweeps.at(-1)!.conductanceMicrosiemens];
    };
    expect(await read(7)).toEqual(await read(7));
    expect(await read(7)).not.toEqual(await read(8));
  });
});

describe("a run that ends early", () => {
  it("stops after the turn when asked, in standby, as interrupted", async () => {
    const chip = await openTestChip();
    const { store, events, outcome } = await run(chip, planFor(chip, "verify"), { stopAfter: 4 });
    expect(outcome).toMatchObject({ error: { code: "interrupted" } });
    expect(chip.firmware.inStandby).toBe(true);
    expect(events.at(-1)).toMatchObject({ type: "ended", outcome: "interrupted" });
    expect((await store.runs())[0]!.outcome).toBe("interrupted");
    await store.close();
  });

  it("refuses a chip that it was not planned for, and fires nothing", async () => {
    const chip = await openTestChip();
    const { store, outcome } = await run(chip, { ...planFor(chip, "verify"), chipSerialNumber: "EMU-8" });
    expect(outcome).toMatchObject({ error: { code: "wrong-chip" } });
    expect((outcome as { error: MhoError }).error.message).toContain(
      "number EMU-7, but this run was planned for",
    );
    expect(chip.firmware.inStandby).toBe(true);
    expect(await store.runs()).toEqual([]);
    await store.close();
  });

  it.each(["read", "pulse", "chipTime"] as const)(
    "puts the chip in standby and says failed when %s fails",
    async (call) => {
      const chip = await openTestChip();
      const failing = failingAt(chip.driver, call, 2);
      const { store, outcome } = await run(chip, planFor(chip, "verify"), { driver: failing });
      expect(outcome).toMatchObject({ error: { code: "link-lost" } });
      expect(chip.firmware.inStandby).toBe(true);
      expect((await store.runs())[0]!.outcome).toBe("failed");
      await store.close();
    },
  );

  it("has journalled the tickets of a pulse that may have fired", async () => {
    const chip = await openTestChip();
    const failing = failingAt(chip.driver, "pulse", 1);
    const { store } = await run(chip, planFor(chip, "verify"), { driver: failing });
    const turns = await collect(store.turns("r1"));
    expect(turns.at(-1)!.firstTicket).toBeGreaterThan(0);
    expect(turns.at(-1)!.orders[0]!.codes.some((code) => code > 0)).toBe(true);
    await store.close();
  });

  it("tells what failed first, also when standby fails too", async () => {
    const chip = await openTestChip();
    const failing = failingAt(failingAt(chip.driver, "standby", 1), "read", 1);
    const { store, outcome } = await run(chip, planFor(chip, "verify"), { driver: failing });
    expect((outcome as { error: MhoError }).error.message).toMatch(/^read failed\. .*outputs may be on/);
    await store.close();
  });
});

describe("a chip that does not confirm standby", () => {
  it("is never said to be in standby: the run ends with a code of its own, a note and what to do", async () => {
    for (const stop of [true, false]) {
      const chip = await openTestChip();
      const failing = failingAt(chip.driver, "standby", 1);
      const over = { driver: failing, ...(stop ? { stopAfter: 3 } : {}) };
      const { store, events, outcome } = await run(chip, planFor(chip, "verify"), over);
      const { error } = outcome as { error: MhoError };
      expect(error.code).toBe("standby-failed");
      expect(error.message).toMatch(/did not confirm standby, so its outputs may be on.*mho standby --chip/);
      expect(error.message).not.toContain("is in standby");
      // The fault first, and then how well it went.
      if (!stop) expect(error.message).toMatch(/^The chip at .* Run r1 itself is done\.$/);
      expect((await store.notes("r1")).map(({ what }) => what)).toContain("standby-failed");
      expect(events.map(({ type }) => type).slice(-2)).toEqual(["standby_failed", "ended"]);
      expect((await store.runs())[0]!.outcome).toBe(stop ? "interrupted" : "done");
      await store.close();
    }
  });
});

describe("a run that somebody looks on at", () => {
  it("pauses between two turns, the chip in standby, and goes on to the end when that is taken back", async () => {
    const chip = await openTestChip();
    const store = await openWorkspace(emptyFolder());
    const standbyWhilePaused: boolean[] = [];
    const clock: Clock = {
      nowMicroseconds: () => 0,
      async sleep() {
        if ((await store.request("r1")) !== "pause") return;
        standbyWhilePaused.push(chip.firmware.inStandby);
        if (standbyWhilePaused.length === 3) await store.setRequest("r1", undefined);
      },
    };
    const { events, outcome } = await run(chip, planFor(chip, "verify"), {
      store,
      clock,
      onEvent(event) {
        if (event.type === "turn" && event.turn === 2) void store.setRequest("r1", "pause");
      },
    });
    expect(outcome).toEqual({ id: "r1" });
    expect(standbyWhilePaused).toEqual([true, true, true]);
    expect(events.map(({ type }) => type).join(" ")).toMatch(
      /^started turn turn turn paused unpaused( turn)+( sweep){2} ended$/,
    );
    expect((await store.notes("r1")).map(({ what }) => what)).toEqual(["paused", "resumed"]);
    expect((await summarise(store, "r1")).verdicts.pending).toBe(0);
    await store.close();
  });

  it.each(["at once", "out of a pause"])("stops %s, in standby, and can be resumed", async (from) => {
    const chip = await openTestChip();
    const store = await openWorkspace(emptyFolder());
    const clock: Clock = { nowMicroseconds: () => 0, sleep: () => store.setRequest("r1", "stop") };
    const { outcome } = await run(chip, planFor(chip, "verify"), {
      store,
      clock,
      onEvent(event) {
        if (event.type === "turn") void store.setRequest("r1", from === "at once" ? "stop" : "pause");
      },
    });
    expect(outcome).toMatchObject({ error: { code: "interrupted" } });
    expect(chip.firmware.inStandby).toBe(true);
    expect(await store.request("r1")).toBeUndefined();
    expect((await store.notes("r1")).at(-1)!.what).toBe("stopped");
    const context = { driver: chip.driver, store, clock, stop: { requested: false } };
    await resumeRun({ ...context, wallTime: () => "t", onEvent() {} }, "r1");
    expect((await store.runs())[0]!.outcome).toBe("done");
    await store.close();
  });

  it("is heard while it waits for a sweep", async () => {
    const chip = await openTestChip();
    const store = await openWorkspace(emptyFolder());
    const identify = async () => {
      const identity = await chip.driver.identify();
      return { ...identity, capabilities: { ...identity.capabilities, virtualTime: false } };
    };
    const waiting = new Proxy(chip.driver, {
      get(target, property) {
        if (property === "identify") return identify;
        const value = Reflect.get(target, property, target) as unknown;
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    });
    const clock: Clock = { nowMicroseconds: () => 0, sleep: () => store.setRequest("r1", "stop") };
    const { outcome } = await run(chip, planFor(chip, "open-loop"), { store, clock, driver: waiting });
    expect(outcome).toMatchObject({ error: { code: "interrupted" } });
    await store.close();
  });
});

describe("the order of jobs", () => {
  const tile = { block: { tile: 0, rowStart: 0, rowCount: 1 }, targetsMicrosiemens: new Float32Array(0) };
  const due = (dueAt: number) => ({ tile, timeSeconds: 1, dueAt });
  const work = (dueAt: number) => ({ dueAt });

  it("takes turns while no sweep falls due before one would be over", () => {
    expect(nextJob(1, [work(0)], [due(1000)], 0, 999)).toEqual({ kind: "turn", work: work(0) });
    expect(nextJob(1, [], [due(1000)], 0, 999)).toEqual({ kind: "next tile" });
  });

  it("sweeps first what would fall due meanwhile, the earliest first", () => {
    expect(nextJob(1, [work(0)], [due(900), due(500)], 0, 600)).toEqual({ kind: "sweep", sweep: due(500) });
  });

  it("begins the next tile while those at work wait for their devices to settle", () => {
    expect(nextJob(1, [work(50)], [], 0, 10)).toEqual({ kind: "next tile" });
    expect(nextJob(0, [work(50), work(40)], [due(45)], 0, 10)).toEqual({ kind: "turn", work: work(40) });
  });

  it("ends when there is nothing left", () => {
    expect(nextJob(0, [], [], 0, 0)).toEqual({ kind: "none" });
    expect(nextJob(0, [], [due(5)], 0, 0)).toEqual({ kind: "sweep", sweep: due(5) });
  });
});
