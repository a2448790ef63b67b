import { afterEach, describe, expect, it } from "vitest";
import { probePacket } from "../drivers/packet/probe.ts";
import { probeScpi } from "../drivers/scpi/probe.ts";
import type { Transport } from "../drivers/transport.ts";
import { parseAddress } from "../lab/address.ts";
import { builtInDialects } from "../lab/dialects.ts";
import { ChipLogs } from "../lab/logs/chipLogs.ts";
import { Session } from "../lab/session.ts";
import type { ChipDriver } from "../src/chip/driver.ts";
import { MhoError } from "../src/errors.ts";
import { pcm90nmDefinition } from "../src/model/builtIn.ts";
import { builtInMethods } from "../src/program/methods.ts";
import type { RunContext } from "../src/run/context.ts";
import { executeRun } from "../src/run/engine.ts";
import type { RunPlan } from "../src/run/plan.ts";
import type { RunStore } from "../src/run/store.ts";
import { watchRuns } from "../src/run/watch.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { openTestChip, stillClock, type TestChip } from "./support/chips.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { keepingLog, type KeptRecord } from "./support/logs.ts";

removeFoldersAfterEach();

const plan: RunPlan = {
  title: "two rows",
  chipName: "pcm-64",
  chipSerialNumber: "EMU-7",
  chipAddress: "emulator:pcm-64",
  method: "open-loop",
  model: pcm90nmDefinition,
  sweepTimesSeconds: [1],
  sweepAverages: 1,
  pulsesPerDevice: 200,
  tiles: [
    { block: { tile: 0, rowStart: 0, rowCount: 2 }, targetsMicrosiemens: new Float32Array(512).fill(12) },
  ],
};

function contextOf(chip: TestChip, store: RunStore, over: Partial<RunContext> = {}): RunContext {
  return {
    driver: chip.driver,
    store,
    clock: stillClock(),
    stop: { requested: false },
    wallTime: () => "2026-01-01T00:00:00Z",
    onEvent() {},
    ...over,
  };
}

const full = (): Promise<never> =>
  Promise.reject(new MhoError("workspace-failed", "The workspace failed: the disk is full."));

/** The same object, some of its methods replaced. */
function differing<T extends object>(whole: T, parts: Partial<T>): T {
  return new Proxy(whole, {
    get(target, name) {
      const part = (parts as Record<string | symbol, unknown>)[name];
      if (part !== undefined) return part;
      const value = (target as Record<string | symbol, unknown>)[name];
      return typeof value === "function" ? (value as () => unknown).bind(target) : value;
    },
  });
}

describe("an error that does not end the work", () => {
  /** What is logged of a run of which something fails. */
  async function loggedOf(
    parts: { store?: Partial<RunStore>; driver?: Partial<ChipDriver> },
    over: Partial<RunContext> = {},
  ): Promise<{ records: KeptRecord[]; outcome: unknown }> {
    const chip = await openTestChip();
    const store = await openWorkspace(emptyFolder());
    const { log, records } = keepingLog();
    const context = contextOf(chip, differing<RunStore>(store, parts.store ?? {}), {
      log,
      driver: differing<ChipDriver>(chip.driver, parts.driver ?? {}),
      ...over,
    });
    const outcome = await executeRun(context, plan).catch((error: unknown) => error);
    await store.close();
    return { records, outcome };
  }
  const of = (records: readonly KeptRecord[], message: string) => records.find(({ msg }) => msg === message);
  const error = { code: "workspace-failed", message: expect.stringContaining("full") as string };

  it("is logged where a stop cannot be noted", async () => {
    const { records } = await loggedOf({ store: { appendNote: full } }, { stop: { requested: true } });
    expect(of(records, "the stop was not noted")).toMatchObject({ level: "warn", run: "r1", error });
  });

  it("is logged where the end of a failed run cannot be written down", async () => {
    const { records, outcome } = await loggedOf({ store: { appendTurn: full, endRun: full } });
    expect(outcome).toMatchObject({ code: "workspace-failed" });
    expect(of(records, "the run failed")).toMatchObject({ level: "error", run: "r1", error });
    expect(of(records, "how the run ended was not written down")).toMatchObject({ level: "warn", error });
    expect(of(records, "run ended")).toMatchObject({ level: "info", outcome: "failed", standby: true });
  });

  it("is logged where what happened to the link cannot be noted", async () => {
    let tell = (): void => {};
    const note = { notedAt: "2026-01-01T00:00:00Z", what: "link-lost", text: "Gone." } as const;
    let notes: (typeof note)[] = [];
    const { records } = await loggedOf(
      { store: { appendNote: full } },
      {
        onLinkNote: (listener) => void (tell = listener),
        linkNotes: () => notes.splice(0),
        onEvent: ({ type }) => {
          if (type !== "turn") return;
          notes = [note];
          tell();
        },
      },
    );
    expect(of(records, "what happened to the link was not noted")).toMatchObject({
      level: "warn",
      run: "r1",
      error,
    });
  });

  it("is logged where the chip does not confirm standby", async () => {
    const standby = (): Promise<never> => Promise.reject(new MhoError("link-lost", "Gone."));
    const { records } = await loggedOf({ driver: { standby } });
    const expected = { level: "warn", run: "r1", error: { code: "link-lost", message: "Gone." } };
    expect(of(records, "the chip did not confirm standby")).toMatchObject(expected);
    expect(of(records, "run ended")).toMatchObject({ outcome: "done", standby: false });
  });

  it("is logged where the end of a watch cannot be noted", async () => {
    const chip = await openTestChip();
    const store = await openWorkspace(emptyFolder());
    const { log, records } = keepingLog();
    const run = await executeRun(contextOf(chip, store), plan);
    await store.setWatch(run, { timesSeconds: [2], averages: 1 });
    const broken = differing<RunStore>(store, { appendNote: full, appendSweep: full });
    await expect(watchRuns(contextOf(chip, broken, { log }), [run])).rejects.toMatchObject({
      code: "workspace-failed",
    });
    expect(of(records, "the watch failed")).toMatchObject({ level: "error", run, error });
    expect(of(records, "how the watch ended was not noted")).toMatchObject({ level: "warn", error });
    expect(of(records, "watch ended")).toMatchObject({ run, outcome: "failed", standby: true });
    await store.close();
  });
});

describe("an error that does not end the work of a bench", () => {
  /** A chip of a bench whose store lacks some of its methods. */
  async function sessionWith(parts: Partial<RunStore>) {
    const store = await openWorkspace(emptyFolder());
    const { log: own, records } = keepingLog();
    const logs = new ChipLogs({ own, wallTime: () => "", onOwnFailed() {} }, {});
    const session = await Session.open(parseAddress("emulator:pcm-64?seed=7", builtInDialects), {
      opening: { seed: 7 },
      store: differing<RunStore>(store, parts),
      stop: { requested: false },
      methods: builtInMethods,
      acceptUnknownWear: false,
      emit() {},
      logs,
    });
    const messages = () => records.filter(({ level }) => level === "warn").map(({ msg }) => msg);
    return { session, store, messages };
  }

  it("is logged where the chip's clock cannot be marked after it", async () => {
    let marks = 0;
    const { session, store, messages } = await sessionWith({
      markClock: () => (marks++ === 0 ? Promise.resolve() : full()),
    });
    expect(await session.work(0, () => Promise.resolve("done"))).toBe("done");
    expect(messages()).toEqual(["the chip's clock was not marked after the work"]);
    await session.close();
    await store.close();
  });

  it("is logged where a run that is ended at once cannot be marked as interrupted", async () => {
    const { session, store, messages } = await sessionWith({ endRun: full });
    await session.work(0, async (context) => {
      context.onEvent({ type: "started", run: "r1" } as Parameters<RunContext["onEvent"]>[0]);
      await session.standbyAtOnce();
    });
    expect(messages()).toEqual(["the end of the run was not written down"]);
    await session.close();
    await store.close();
  });
});

describe("an error at a port that is only asked", () => {
  const folder = process.env["TMPDIR"];
  afterEach(() => {
    if (folder === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = folder;
  });

  it.each([
    ["packet", probePacket, "the port did not answer a hello"],
    ["scpi", probeScpi, "the port took no *IDN?"],
  ])("is logged by the probe of %s, which answers that there is no chip", async (_, probe, message) => {
    const dead: Transport = {
      port: "COM3",
      write: () => Promise.reject(new MhoError("link-lost", "Cannot write to COM3.")),
      onBytes() {},
      onClosed() {},
      close: () => Promise.resolve(),
    };
    const { log, records } = keepingLog();
    expect(await probe(dead, 20, log)).toBeUndefined();
    const error = { code: "link-lost", message: "Cannot write to COM3." };
    expect(records).toMatchObject([{ level: "warn", port: "COM3", msg: message, error }]);
  });
});
