import { progressOf } from "../cli/progress.ts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ChipDriver, ChipIdentity, Reading } from "../src/chip/driver.ts";
import type { Log } from "../src/log.ts";
import { pcm90nmDefinition } from "../src/model/builtIn.ts";
import { executeRun } from "../src/run/engine.ts";
import { PulseLedger } from "../src/run/ledger.ts";
import type { RunPlan } from "../src/run/plan.ts";
import { SteadyClock } from "../drivers/steadyClock.ts";
import type { RunStore } from "../src/run/store.ts";
import { nextAge, watchRuns, watchTimes } from "../src/run/watch.ts";
import type { RunEvent } from "../src/run/events.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { collect } from "./contracts/runStore.ts";
import { openTestChip, stillClock, type TestChip } from "./support/chips.ts";
import { failingAt } from "./support/failingAt.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { keepingLog } from "./support/logs.ts";
import { mho } from "./support/commandHere.ts";

removeFoldersAfterEach();

const wallTime = (): string => "2026-01-01T00:00:00Z";

/** @param more  of the plan: what differs from the usual. */
async function programmed(
  chip: TestChip,
  store: RunStore,
  tiles = 1,
  {
    rowStart = 5,
    ...more
  }: Partial<RunPlan> & { rowStart?: number; target?: (device: number) => number } = {},
): Promise<string> {
  const { target = () => 12, ...different } = more;
  const plan: RunPlan = {
    title: "to be watched",
    chipName: "pcm-64",
    chipSerialNumber: "EMU-7",
    chipAddress: chip.driver.address,
    method: "open-loop",
    model: pcm90nmDefinition,
    sweepTimesSeconds: [],
    sweepAverages: 1,
    pulsesPerDevice: 200,
    tiles: Array.from({ length: tiles }, (_, tile) => ({
      block: { tile, rowStart, rowCount: 2 },
      targetsMicrosiemens: Float32Array.from({ length: 512 }, (_, i) => target(i)),
    })),
    ...different,
  };
  const context = { driver: chip.driver, store, clock: stillClock(), wallTime };
  return executeRun({ ...context, stop: { requested: false }, onEvent() {} }, plan);
}

/** @param stopAfter  sweeps after which somebody asks to stop. */
async function watch(
  chip: TestChip,
  store: RunStore,
  runs: string[],
  stopAfter = Infinity,
  onEvent: (event: RunEvent) => void = () => {},
) {
  const events: RunEvent[] = [];
  const stop = { requested: false };
  const driver = new SteadyClock(chip.driver, store, wallTime);
  await watchRuns(
    {
      driver,
      markClock: () => driver.mark(),
      store,
      clock: stillClock(),
      stop,
      wallTime,
      onEvent(event) {
        events.push(event);
        onEvent(event);
        if (events.length > stopAfter) stop.requested = true;
      },
    },
    runs,
  );
  return events;
}

/** A chip that says that its time cannot be moved. */
function inRealTime(driver: ChipDriver): ChipDriver {
  const identify = async (): Promise<ChipIdentity> => {
    const identity = await driver.identify();
    return { ...identity, capabilities: { ...identity.capabilities, virtualTime: false } };
  };
  return new Proxy(driver, {
    get(target, key) {
      if (key === "identify") return identify;
      const value: unknown = Reflect.get(target, key);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

describe("a watch", () => {
  it("reads every tile at each age after its last pulse, with all that a later reader needs", async () => {
    const chip = await openTestChip({ tiles: 2 });
    const store = await openWorkspace(emptyFolder());
    const run = await programmed(chip, store, 2);
    await store.setWatch(run, { timesSeconds: [10, 100, 1000], averages: 4 });
    const events = await watch(chip, store, [run]);
    expect(events).toHaveLength(1 + 2 * 3);
    const sweeps = await collect(store.sweeps(run));
    const places = sweeps.map(({ tile, timeSeconds }) => `${tile} ${timeSeconds}`);
    expect(places).toEqual(["0 10", "1 10", "0 100", "1 100", "0 1000", "1 1000"]);
    for (const { environment, referenceCodes, converter, codes, averages } of sweeps) {
      expect(environment!.celsius).toBeCloseTo(25, 2);
      expect(referenceCodes).toHaveLength(chip.description.referencesMicrosiemens!.length);
      expect(converter).toEqual(chip.description.converter);
      expect([codes?.length, averages]).toEqual([512, 4]);
    }
    for (const event of events) if (event.type === "sweep") expect(event.late_seconds).toBeLessThan(0.2);
    expect(chip.firmware.inStandby).toBe(true);
  });

  it("is told what a run waits for and how long, where time goes by itself: late looks, and its sweeps", async () => {
    const chip = await openTestChip({ tiles: 1 });
    const store = await openWorkspace(emptyFolder());
    const events: RunEvent[] = [];
    const plan: RunPlan = {
      title: "slow to settle",
      chipName: "pcm-64",
      chipSerialNumber: "EMU-7",
      chipAddress: chip.driver.address,
      method: "verify",
      model: pcm90nmDefinition,
      sweepTimesSeconds: [1000],
      sweepAverages: 1,
      pulsesPerDevice: 200,
      tiles: [
        {
          block: { tile: 0, rowStart: 5, rowCount: 2 },
          targetsMicrosiemens: new Float32Array(512).fill(12),
        },
      ],
    };
    const sleep = async (duration: number): Promise<void> => void (await chip.driver.advance(duration));
    const onEvent = (event: RunEvent): void => void events.push(event);
    const clock = { ...stillClock(), sleep };
    const stop = { requested: false };
    await executeRun({ driver: inRealTime(chip.driver), store, clock, stop, wallTime, onEvent }, plan);
    const look = events.find((event) => event.type === "next_look")!;
    expect(look).toMatchObject({ run: "r1", tile: 0 });
    expect(look.time_seconds).toBeCloseTo(20, 1);
    expect(look.due_in_seconds).toBeGreaterThan(19);
    expect(look.due_in_seconds).toBeLessThanOrEqual(look.time_seconds);
    expect(events.find((event) => event.type === "next_sweep")).toMatchObject({ time_seconds: 1000 });
    const said: string[] = [];
    const tell = progressOf("program", {
      say() {},
      // As a log has it, where a wait of some seconds is soon taken for a hang.
      progress: (_, steady) => void (steady !== undefined && said.push(steady)),
    });
    tell(look);
    tell({ ...look, due_in_seconds: 3 });
    expect(said).toEqual([
      expect.stringMatching(
        /^program: waiting for the next look at \d\d:\d\d:\d\d, in 20 s: it is due 20 s after the last pulse$/,
      ),
    ]);
  });

  it("tells of a chip that does not confirm standby first, and then that all was read", async () => {
    const chip = await openTestChip({ tiles: 1 });
    const store = await openWorkspace(emptyFolder());
    const run = await programmed(chip, store, 1);
    await store.setWatch(run, { timesSeconds: [10], averages: 4 });
    const driver = failingAt(chip.driver, "standby", 1);
    const world = { driver, store, clock: stillClock(), stop: { requested: false }, wallTime, onEvent() {} };
    await expect(watchRuns(world, [run])).rejects.toThrow(
      /^The chip at .* did not confirm standby.* All ages of the watch were read\.$/,
    );
  });

  it("that failed is told of by show before the figures of its run, and no more once it goes on", async () => {
    const chip = await openTestChip({ tiles: 1 });
    const folder = emptyFolder();
    const store = await openWorkspace(folder);
    const run = await programmed(chip, store, 1);
    await store.setWatch(run, { timesSeconds: [10], averages: 4 });
    const driver = failingAt(chip.driver, "read", 1);
    const world = { driver, store, clock: stillClock(), stop: { requested: false }, wallTime, onEvent() {} };
    await expect(watchRuns(world, [run])).rejects.toThrow(/^read failed/);
    const shown = (): Promise<string> => mho("show", run, "--workspace", folder).then(({ out }) => out);
    const failed = await shown();
    expect(failed).toMatch(/The last watch failed at \S+: read failed.*\ndone, begun .*\n.* pulses on /);
    expect(failed.match(/read failed/g)).toHaveLength(1);
    await watch(chip, store, [run]);
    expect(await shown()).not.toMatch(/The last watch failed/);
    await store.close();
  });

  it("says which read it waits for and how long, where time goes by itself", async () => {
    const chip = await openTestChip({ tiles: 1 });
    const store = await openWorkspace(emptyFolder());
    const run = await programmed(chip, store, 1);
    await store.setWatch(run, { timesSeconds: [10, 100], averages: 4 });
    const events: RunEvent[] = [];
    const sleep = async (duration: number): Promise<void> => void (await chip.driver.advance(duration));
    await watchRuns(
      {
        driver: inRealTime(chip.driver),
        store,
        clock: { ...stillClock(), sleep },
        stop: { requested: false },
        wallTime,
        onEvent: (event) => void events.push(event),
      },
      [run],
    );
    expect(events.map(({ type }) => type)).toEqual([
      "watching",
      "next_sweep",
      "sweep",
      "next_sweep",
      "sweep",
    ]);
    expect(events[3]).toMatchObject({ run, tile: 0, time_seconds: 100 });
    const { due_in_seconds: wait } = events[3] as { due_in_seconds: number };
    expect(wait).toBeGreaterThan(89.5);
    expect(wait).toBeLessThan(90);
  });

  it("ends when somebody who looks on wants one of its runs to stop, and begins anew all the same", async () => {
    const chip = await openTestChip();
    const store = await openWorkspace(emptyFolder());
    const [a, b] = [await programmed(chip, store), await programmed(chip, store, 1, { rowStart: 9 })];
    for (const run of [a, b]) await store.setWatch(run, { timesSeconds: [10, 100], averages: 4 });
    const asking = (event: RunEvent): void => {
      if (event.type === "sweep") void store.setRequest(b, "stop");
    };
    const stopped = watch(chip, store, [a, b], Infinity, asking);
    await expect(stopped).rejects.toMatchObject({ code: "interrupted" });
    expect(chip.firmware.inStandby).toBe(true);
    expect((await store.notes(b)).map(({ what }) => what)).toEqual(["stopped"]);
    await store.setRequest(a, "pause");
    const events = await watch(chip, store, [a, b]);
    expect(events.filter(({ type }) => type === "sweep")).toHaveLength(3);
    await store.close();
  });

  it("that is stopped goes on where it was, and makes up for what passed by one read with its true age", async () => {
    const chip = await openTestChip();
    const store = await openWorkspace(emptyFolder());
    const run = await programmed(chip, store);
    await store.setWatch(run, { timesSeconds: [10, 20, 40, 80, 160, 320], averages: 1 });
    await expect(watch(chip, store, [run], 2)).rejects.toMatchObject({ code: "interrupted" });
    expect(chip.firmware.inStandby).toBe(true);
    await chip.driver.identify();
    await chip.driver.advance(150e6);
    const events = await watch(chip, store, [run]);
    const taken = (await collect(store.sweeps(run))).map(({ timeSeconds }) => timeSeconds);
    expect(taken).toEqual([10, 20, 160, 320]);
    const late = events.find((event) => event.type === "sweep")!;
    expect(late.time_seconds === 160 && late.late_seconds > 9 && late.late_seconds < 12).toBe(true);
    expect(await watch(chip, store, [run])).toHaveLength(1);
  });

  it("of several runs reads each when it is due", async () => {
    const chip = await openTestChip();
    const store = await openWorkspace(emptyFolder());
    const first = await programmed(chip, store);
    await chip.driver.identify();
    await chip.driver.advance(50e6);
    const second = await programmed(chip, store, 1, { rowStart: 9 });
    for (const run of [first, second]) await store.setWatch(run, { timesSeconds: [60, 100], averages: 1 });
    const events = await watch(chip, store, [first, second]);
    const order = events.flatMap((event) =>
      event.type === "sweep" ? `${event.run} ${event.time_seconds}` : [],
    );
    expect(order).toEqual([`${first} 60`, `${first} 100`, `${second} 60`, `${second} 100`]);
  });

  it("leaves out a tile that a later run programmed anew, and says which", async () => {
    const chip = await openTestChip({ tiles: 2 });
    const store = await openWorkspace(emptyFolder());
    const first = await programmed(chip, store, 2);
    const later = await programmed(chip, store, 1, { rowStart: 6 });
    for (const run of [first, later]) await store.setWatch(run, { timesSeconds: [10], averages: 1 });
    const events = await watch(chip, store, [first]);
    expect(events.slice(0, 2)).toEqual([
      { type: "left_out", run: first, tile: 0, by: later },
      { type: "watching", runs: [first], sweeps: 1 },
    ]);
    expect((await collect(store.sweeps(first))).map(({ tile }) => tile)).toEqual([1]);
    expect((await watch(chip, store, [later])).map(({ type }) => type)).toEqual(["watching", "sweep"]);
    // Other devices of the same rows are nobody's drift but their own.
    const beside = await programmed(chip, store, 1, {
      rowStart: 8,
      target: (i) => (i % 2 ? 12 : Number.NaN),
    });
    await programmed(chip, store, 1, { rowStart: 8, target: (i) => (i % 2 ? Number.NaN : 12) });
    await store.setWatch(beside, { timesSeconds: [10], averages: 1 });
    expect((await watch(chip, store, [beside])).map(({ type }) => type)).toEqual(["watching", "sweep"]);
  });

  it("takes a chip of another name for another chip, whatever its number", async () => {
    const chip = await openTestChip();
    const store = await openWorkspace(emptyFolder());
    const run = await programmed(chip, store);
    const [plan, identity] = [await store.plan(run), await store.identity(run)];
    const stranger = { ...identity, name: "of another make" };
    const other = await store.beginRun({ ...plan, chipName: stranger.name }, stranger, wallTime());
    const hour = 3600e6;
    for (const turn of await collect(store.turns(run))) {
      const rowTimesMicroseconds = turn.fired.rowTimesMicroseconds.map((at) => at + hour);
      await store.appendTurn(other, { ...turn, fired: { ...turn.fired, rowTimesMicroseconds } });
    }
    const { name: chipName, serialNumber: chipSerialNumber, boot } = stranger;
    const clocks = { chipTimeMicroseconds: 2 * hour, offsetMicroseconds: hour, markedAt: wallTime() };
    await store.markClock({ chipName, chipSerialNumber, boot, ...clocks });
    await store.setWatch(run, { timesSeconds: [10], averages: 1 });
    expect((await watch(chip, store, [run])).map(({ type }) => type)).toEqual(["watching", "sweep"]);
    const [sweep] = await collect(store.sweeps(run));
    expect(sweep!.rowTimesMicroseconds[0]).toBeLessThan(60e6);
    expect((await PulseLedger.ofChip(store, identity, chip.description.geometry)).pulsesOfTile(0)).toEqual(
      chip.firmware.chip.pulsesFeltByTile(0),
    );
  });

  it("of nothing but what was programmed anew is refused with the run to watch: the newest trim, of a trimmed run", async () => {
    const chip = await openTestChip({ tiles: 2 });
    const store = await openWorkspace(emptyFolder());
    const first = await programmed(chip, store, 2);
    const some = (i: number): number => (i % 7 ? Number.NaN : 9);
    const trim = await programmed(chip, store, 1, { corrects: first, target: some });
    const again = await programmed(chip, store, 2, { corrects: trim, target: some });
    for (const run of [first, trim, again]) await store.setWatch(run, { timesSeconds: [10], averages: 1 });
    for (const run of [first, trim]) {
      await expect(watch(chip, store, [run])).rejects.toMatchObject({
        code: "bad-argument",
        message: expect.stringContaining(
          `tile 0 of ${run} was programmed anew by ${again}: mho watch ${again} reads it now`,
        ) as string,
      });
    }
    expect(chip.firmware.inStandby).toBe(true);
    expect((await watch(chip, store, [again])).map(({ type }) => type)).toEqual([
      "watching",
      "sweep",
      "sweep",
    ]);
    // A device that the trims left alone is still theirs: whoever pulses it takes the tile over.
    const stranger = await programmed(chip, store, 1, { target: (i) => (i === 1 ? 9 : Number.NaN) });
    await store.setWatch(again, { timesSeconds: [10, 20], averages: 1 });
    expect((await watch(chip, store, [again]))[0]).toEqual({
      type: "left_out",
      run: again,
      tile: 0,
      by: stranger,
    });
  });

  it("refuses a chip that the run was not on", async () => {
    const chip = await openTestChip();
    const store = await openWorkspace(emptyFolder());
    const run = await programmed(chip, store);
    await store.setWatch(run, { timesSeconds: [10], averages: 1 });
    const other = await openTestChip({ seed: 8 });
    await expect(watch(other, store, [run])).rejects.toMatchObject({ code: "wrong-chip" });
  });

  it("reads at ages that rise evenly on a logarithmic axis and end where they should", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 2, max: 1e8, noNaN: true }),
        fc.integer({ min: 1, max: 50 }),
        (until, perDecade) => {
          const times = watchTimes(until, perDecade);
          expect(times.at(-1)).toBe(until);
          const steps = times.slice(1).map((time, k) => time / times[k]!);
          expect(Math.min(...steps, 2)).toBeGreaterThan(1);
          expect(Math.max(...steps)).toBeLessThan(10 ** (1 / perDecade) * 1.001);
        },
      ),
    );
    expect(watchTimes(86_400, 6)).toHaveLength(31);
  });

  it("always reads next at an age that was not read, the last of those that passed", () => {
    const times = fc.uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: 1 });
    fc.assert(
      fc.property(times, fc.nat(1000), fc.nat(1000), (unsorted, newest, age) => {
        const sorted = unsorted.sort((a, b) => a - b);
        const next = nextAge(sorted, newest, age);
        const left = sorted.filter((time) => time > newest);
        const passed = left.filter((time) => time <= age);
        expect(next).toBe(passed.at(-1) ?? left.at(0));
      }),
    );
  });
});

/** A chip of which nothing matters but its clock. */
class BareClock implements Partial<ChipDriver> {
  readonly address = "a board";
  boot = 1;
  own = 0;
  virtualTime = false;

  identify(): Promise<ChipIdentity> {
    const capabilities = { virtualTime: this.virtualTime } as ChipIdentity["capabilities"];
    return Promise.resolve({
      name: "bare",
      serialNumber: "S1",
      boot: this.boot,
      capabilities,
    } as ChipIdentity);
  }

  chipTime(): Promise<number> {
    return Promise.resolve(this.own);
  }

  read(): Promise<Reading> {
    return Promise.resolve({
      conductanceMicrosiemens: Float32Array.of(5),
      flags: Uint8Array.of(0),
      rowTimesMicroseconds: Float64Array.of(this.own),
    });
  }
}

describe("a steady clock", () => {
  const hour = 3600e6;
  async function at(
    hours: { wall: number },
    board: BareClock,
    store: RunStore,
    log?: Log,
  ): Promise<SteadyClock> {
    const wall = (): string => new Date(Date.UTC(2026, 0, 1) + (hours.wall * hour) / 1000).toISOString();
    const clock = new SteadyClock(board as unknown as ChipDriver, store, wall, log);
    await clock.identify();
    return clock;
  }

  it("goes on by the calendar over a board's restart, once and again", async () => {
    const store = await openWorkspace(emptyFolder());
    const board = new BareClock();
    board.own = 10 * hour;
    const hours = { wall: 0 };
    await (await at(hours, board, store)).mark();
    hours.wall = 5;
    Object.assign(board, { own: 1 * hour, boot: 2 });
    const later = await at(hours, board, store);
    expect(await later.chipTime()).toBe(15 * hour);
    await later.mark();
    Object.assign(board, { own: 3 * hour });
    hours.wall = 7;
    expect(await (await at(hours, board, store)).chipTime()).toBe(17 * hour);
  });

  it("sees a restart that caught up with the old time while nobody looked", async () => {
    const store = await openWorkspace(emptyFolder());
    const board = new BareClock();
    board.own = 1 * hour;
    const hours = { wall: 0 };
    await (await at(hours, board, store)).mark();
    hours.wall = 24;
    Object.assign(board, { own: 2 * hour, boot: 2 });
    expect(await (await at(hours, board, store)).chipTime()).toBe(25 * hour);
  });

  it("notices a restart in mid-session, and says so in the log", async () => {
    const store = await openWorkspace(emptyFolder());
    const board = new BareClock();
    board.own = 4 * hour;
    const hours = { wall: 0 };
    const { log, records } = keepingLog();
    const clock = await at(hours, board, store, log);
    hours.wall = 1;
    board.own = 60e6;
    expect(records).toEqual([]);
    expect(await clock.chipTime()).toBe(5 * hour);
    expect(records).toEqual([
      expect.objectContaining({
        level: "warn",
        msg: "the chip's clock began anew; its time is counted on by the calendar",
        chip_time_microseconds: 60e6,
        after_milliseconds: 3_600_000,
      }),
    ]);
  });

  it("notices a restart in the middle of a read by the rows that came after it", async () => {
    const store = await openWorkspace(emptyFolder());
    const board = new BareClock();
    board.own = 4 * hour;
    const hours = { wall: 0 };
    const clock = await at(hours, board, store);
    hours.wall = 1;
    board.own = 60e6;
    const { rowTimesMicroseconds } = await clock.read({ tile: 0, rowStart: 0, rowCount: 1 }, 1);
    expect([...rowTimesMicroseconds]).toEqual([5 * hour]);
  });

  it("leaves a chip alone whose time can be moved, and which kept it", async () => {
    const store = await openWorkspace(emptyFolder());
    const board = new BareClock();
    Object.assign(board, { own: 4 * hour, virtualTime: true });
    const hours = { wall: 0 };
    await (await at(hours, board, store)).mark();
    hours.wall = 1000;
    Object.assign(board, { own: 4 * hour + 5, boot: 2 });
    expect(await (await at(hours, board, store)).chipTime()).toBe(4 * hour + 5);
  });
});
