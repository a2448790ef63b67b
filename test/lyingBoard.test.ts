import { describe, expect, it } from "vitest";
import type { DumbTo, LieAbout } from "../emulator/faults.ts";
import { exitCodes, type MhoError } from "../src/errors.ts";
import { pcm90nmDefinition } from "../src/model/builtIn.ts";
import { executeRun, resumeRun } from "../src/run/engine.ts";
import type { RunPlan } from "../src/run/plan.ts";
import { openWorkspace } from "../storage/workspace.ts";
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
  sweepTimesSeconds: [30],
  sweepAverages: 4,
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
  return { store, ...(await slowBoard(store, { deviceMilliseconds: 0.01, ...options })) };
}

const everyDialect = ["packet", "scpi"] as const;
const mostMicroseconds = 300e6;
/** Five greetings in vain, and the questions between them. */
const mostInVainMicroseconds = 50e6;

describe.each(everyDialect)("a chip that greets in %s", (dialect) => {
  it.each(["reads", "pulses", "not-fired", "tags"] as DumbTo[])(
    "and is dumb to %s ends the run with 3 within 50 s, in standby, to be resumed when it is mended",
    async (to) => {
      const { context, store, time, firmware, events } = await world({ dialect });
      // The run begins well.
      time.after(200, () => firmware.fallDumb(to, Infinity));
      const error = (await executeRun(context, plan).catch((found: unknown) => found)) as MhoError;
      expect(exitCodes[error.code]).toBe(3);
      expect(error.message).toMatch(
        /greeted anew .* (no row more was read or fired|confirmed none)|confirmed none/s,
      );
      expect(error.message).toMatch(/Check /);
      expect(firmware.inStandby).toBe(true);
      expect(time.nowMicroseconds()).toBeLessThan(mostInVainMicroseconds);
      expect(events.filter(({ type }) => type === "link_back").length).toBeLessThanOrEqual(6);
      expect((await store.summary("r1")).outcome).toBe("failed");
      firmware.fallDumb(to, 0);
      await resumeRun(context, "r1");
      expect((await store.summary("r1")).outcome).toBe("done");
    },
  );

  it("and hangs every few requests finishes, however often, as long as rows are read in between", async () => {
    const events = Array.from({ length: 60 }, (_, k) => ({
      afterRequests: 6 * (k + 1),
      fault: "hang" as const,
      forMilliseconds: 7000,
    }));
    const { driver, events: told } = await world({
      dialect,
      deviceMilliseconds: 1,
      rows: 64,
      faults: { events },
    });
    await driver.identify();
    const reading = await driver.read({ tile: 0, rowStart: 0, rowCount: 64 }, 4);
    expect(reading.conductanceMicrosiemens.every(Number.isFinite)).toBe(true);
    expect(told.filter(({ type }) => type === "link_back").length).toBeGreaterThan(5);
  });
});

describe.each(everyDialect)("a lie in %s", (dialect) => {
  const lies: LieAbout[] = ["time-goes-back", "time-leaps", "time-stops", "codes", "count", "temperature"];

  it.each(lies)("about %s that is told once is asked again, and the run goes on", async (about) => {
    const { context, store, firmware, time, records } = await world({
      dialect,
      realTime: about === "time-stops",
    });
    time.after(200, () => firmware.lie(about, 1));
    const run = await executeRun(context, plan);
    expect((await store.summary(run)).outcome).toBe("done");
    if (about !== "time-stops") {
      expect(records.filter(({ msg }) => msg === "an answer that cannot be")).toHaveLength(1);
    }
  });

  it.each(lies)("about %s that is told for ever ends with 3, and nothing of it is kept", async (about) => {
    const { context, store, firmware, time, link, driver } = await world({
      dialect,
      realTime: about === "time-stops",
    });
    time.after(200, () => firmware.lie(about, Infinity));
    const error = (await executeRun(context, plan).catch((found: unknown) => found)) as MhoError;
    expect(exitCodes[error.code]).toBe(3);
    expect(error.message).toMatch(/something else than can be: /);
    expect(firmware.inStandby).toBe(true);
    expect(time.nowMicroseconds()).toBeLessThan(mostMicroseconds);
    await driver.mark().catch(() => undefined);
    for await (const sweep of store.sweeps("r1")) expect(Math.max(...sweep.codes!)).toBeLessThan(1024);
    for await (const { fired } of store.turns("r1")) {
      for (const at of fired.rowTimesMicroseconds) if (at > 0) expect(at).toBeLessThan(1e12);
    }
    const mark = await store.newestMark(await link.identify());
    expect(mark?.chipTimeMicroseconds ?? 0).toBeLessThan(1e12);
    // Once it tells the truth it is as good as ever.
    firmware.lie(about, 0);
    await resumeRun(context, "r1");
    expect((await store.summary("r1")).outcome).toBe("done");
  });
});
