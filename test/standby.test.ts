import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { connectInProcess } from "../drivers/inProcess.ts";
import { type ConnectedDriver, ReconnectingDriver } from "../drivers/reconnectingDriver.ts";
import type { Firmware } from "../emulator/firmware.ts";
import { noDefects, pcm64 } from "../emulator/presets.ts";
import { openTcpLine } from "../emulator/tcpLine.ts";
import { openBench } from "../lab/bench.ts";
import { builtInDialects, dialectNamed, emulatedChip } from "../lab/dialects.ts";
import { pcm90nmDefinition } from "../src/model/builtIn.ts";
import { executeRun, resumeRun } from "../src/run/engine.ts";
import { PulseLedger } from "../src/run/ledger.ts";
import type { RunPlan } from "../src/run/plan.ts";
import { tryStandby } from "../src/run/standby.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { describePcm64, stillClock } from "./support/chips.ts";
import { mho as mhoHere } from "./support/commandHere.ts";
import { mho, startMho, type Started } from "./support/commandLine.ts";
import { emulatorHere } from "./support/emulatorHere.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

const plan: RunPlan = {
  title: "verify",
  chipName: "pcm-64",
  chipSerialNumber: "EMU-7",
  chipAddress: "in process",
  method: "verify",
  model: pcm90nmDefinition,
  sweepTimesSeconds: [1],
  sweepAverages: 1,
  pulsesPerDevice: 12,
  tiles: [
    {
      block: { tile: 0, rowStart: 0, rowCount: 4 },
      targetsMicrosiemens: Float32Array.from({ length: 1024 }, (_, i) => 1 + (i % 24)),
    },
  ],
};

/** What a test hears of a driver's line. */
interface Listener {
  /** False where the message is to be lost. */
  readonly onMessage?: () => boolean | void;
  readonly onLost?: () => void;
  /** A lost link was opened anew, and the chip greeted. */
  readonly onMended?: () => void;
  readonly stopped?: () => boolean;
}

/** A driver of a chip whose answers come late, so that a turn has many rows under way. */
async function driverOf(dialect: string, firmware: Firmware, listener: Listener = {}) {
  const description = await describePcm64(1);
  const connect = (): ConnectedDriver => {
    const answers = (bytes: Uint8Array) =>
      firmware.receive(bytes, 0).map((reply) => ({ bytes: reply as Uint8Array, lateMilliseconds: 1 }));
    const line = connectInProcess({
      receive: (bytes) => (listener.onMessage?.() === false ? [] : answers(bytes)),
    });
    const options = { address: "in process", description, session: ++sessions };
    return dialectNamed(builtInDialects, dialect).open(line, options);
  };
  return new ReconnectingDriver(connect(), {
    async open() {
      const driver = connect();
      await driver.identify();
      listener.onMended?.();
      return driver;
    },
    patienceMilliseconds: 1000,
    sleep: () => Promise.resolve(),
    now: () => 0,
    wallTime: () => "2026-01-01T00:00:00Z",
    stopped: listener.stopped ?? (() => false),
    onEvent: ({ type }) => {
      if (type === "link_lost") listener.onLost?.();
    },
  });
}
let sessions = 0;

describe("standby of a chip that was reset meanwhile", () => {
  it.each(["packet", "scpi"])(
    "is confirmed over %s, though the chip knows no session until it is greeted, also after a stop",
    async (dialect) => {
      const preset = { ...pcm64(1), defects: noDefects };
      const firmware = emulatedChip(dialectNamed(builtInDialects, dialect), preset, 7);
      const driver = await driverOf(dialect, firmware, { stopped: () => true });
      await driver.identify();
      firmware.restart();
      expect(await tryStandby(driver)).toEqual({ safe: true });
      expect(firmware.inStandby).toBe(true);
    },
  );
});

describe("standby in the middle of a turn", () => {
  it.each([
    ["packet", 20],
    ["packet", 50],
    ["scpi", 33],
    ["scpi", 71],
  ])(
    "ends a run over %s as stopped at message %i: nothing is pulsed any more, and it is resumed to the end",
    async (dialect, at) => {
      const preset = { ...pcm64(1), defects: noDefects };
      const firmware = emulatedChip(dialectNamed(builtInDialects, dialect), preset, 7);
      const store = await openWorkspace(emptyFolder());
      const contextOf = (driver: ReconnectingDriver, text?: string) => ({
        driver,
        store,
        clock: stillClock(),
        stop: { requested: false, text },
        wallTime: () => "2026-01-01T00:00:00Z",
        onEvent: () => {},
      });
      let messages = 0;
      let halted: Promise<unknown> | undefined;
      let feltAtStandby: Uint32Array | undefined;
      const onMessage = (): void => {
        if (++messages !== at) return;
        // As a request does that comes in while rows are on their way.
        queueMicrotask(() => {
          driver.halt("standby was asked for");
          halted = tryStandby(driver).then((outcome) => {
            feltAtStandby = firmware.chip.pulsesFeltByTile(0).slice();
            return outcome;
          });
        });
      };
      const driver = await driverOf(dialect, firmware, { onMessage });
      await expect(executeRun(contextOf(driver, "Stopped by a test."), plan)).rejects.toMatchObject({
        code: "interrupted",
        message: "Run r1 was stopped and the chip is in standby. Go on with mho resume r1.",
      });
      expect(await halted).toEqual({ safe: true });
      expect(firmware.inStandby).toBe(true);
      expect(firmware.chip.pulsesFeltByTile(0)).toEqual(feltAtStandby);
      expect((await store.runs())[0]!.outcome).toBe("interrupted");
      expect((await store.notes("r1")).map(({ what, text }) => [what, text])).toEqual([
        ["stopped", "Stopped by a test."],
      ]);
      const sent = messages;
      const row = { tile: 0, rowStart: 0, rowCount: 1 };
      const pulse = { codes: new Uint16Array(256).fill(400), widthNanoseconds: 100, firstTicket: 9000 };
      const later = [driver.identify(), driver.read(row, 1), driver.pulse(row, pulse), driver.chipTime()];
      for (const call of later) await expect(call).rejects.toMatchObject({ code: "interrupted" });
      expect(messages).toBe(sent);

      await resumeRun(contextOf(await driverOf(dialect, firmware)), "r1");
      expect((await store.runs())[0]!.outcome).toBe("done");
      const ledger = await PulseLedger.ofChip(
        store,
        { name: "pcm-64", serialNumber: "EMU-7" },
        preset.geometry,
      );
      const felt = firmware.chip.pulsesFeltByTile(0);
      // Without tickets a row that may have fired is booked, to be on the safe side.
      const booked = ledger.pulsesOfTile(0);
      const short = felt.filter((pulses, i) => pulses > booked[i]!).length;
      expect(short).toBe(0);
      if (dialect === "packet") expect(Array.from(booked)).toEqual(Array.from(felt));
      await store.close();
    },
  );
});

describe("standby while a lost link is looked for", () => {
  it.each(["packet", "scpi"])(
    "puts the chip that is found again over %s in standby, and pulses nothing",
    async (dialect) => {
      const preset = { ...pcm64(1), defects: noDefects };
      const firmware = emulatedChip(dialectNamed(builtInDialects, dialect), preset, 7);
      let isLost = false;
      let wasAwake = false;
      const driver = await driverOf(dialect, firmware, {
        onMessage: () => !isLost,
        onLost: () => (isLost = false),
        onMended() {
          wasAwake = !firmware.inStandby;
          driver.halt("standby was asked for");
        },
      });
      await driver.identify();
      isLost = true;
      // A heartbeat finds out within a second that the line is silent.
      await expect(driver.heartbeat()).rejects.toMatchObject({ code: "interrupted" });
      expect(wasAwake).toBe(true);
      expect(await tryStandby(driver)).toEqual({ safe: true });
      expect(firmware.inStandby).toBe(true);
    },
  );
});

/** A run of two tiles on an emulated chip at the end of a line as slow as a real one, that is in the middle of its turns. */
async function busyRun(dialect: string, folder: string): Promise<{ run: Started; address: string }> {
  const { address } = await emulatorHere("pcm-64?tiles=2", { dialect, pty: true, pace: true });
  const targets = join(folder, "targets.csv");
  writeFileSync(targets, `${Array(256).fill("9").join(",")}\n`.repeat(128));
  const run = startMho([
    "program",
    targets,
    "--unit",
    "uS",
    "--json",
    "--chip",
    address,
    "--workspace",
    folder,
  ]);
  await run.line(/"turn"/);
  return { run, address };
}

describe("standby of a chip that is not the one that was described", () => {
  it.each(["packet", "scpi"])(
    "is carried out all the same, over %s: it needs no description",
    async (dialect) => {
      const preset = { ...pcm64(3), defects: noDefects };
      const firmware = emulatedChip(dialectNamed(builtInDialects, dialect), preset, 7);
      const line = await openTcpLine(0);
      line.onBytes((bytes) => {
        for (const reply of firmware.receive(bytes, 0)) line.write(reply as Uint8Array);
      });
      // The description that is taken has one tile.
      const bench = await openBench({
        workspace: emptyFolder(),
        chip: `tcp:${line.name}?dialect=${dialect}&tiles=1`,
      });
      expect(await bench.standby()).toEqual({ name: "pcm-64", serialNumber: "EMU-7" });
      expect(firmware.inStandby).toBe(true);
      await bench.close();
      line.close();
    },
  );

  it("is carried out although the description that the address names is missing", async () => {
    const firmware = emulatedChip(
      dialectNamed(builtInDialects, "packet"),
      { ...pcm64(1), defects: noDefects },
      7,
    );
    const line = await openTcpLine(0);
    line.onBytes((bytes) => {
      for (const reply of firmware.receive(bytes, 0)) line.write(reply as Uint8Array);
    });
    const chip = `tcp:${line.name}?chip=${join(emptyFolder(), "gone.json")}`;
    const bench = await openBench({ workspace: emptyFolder(), chip });
    expect(await bench.standby()).toEqual({ name: "pcm-64", serialNumber: "EMU-7" });
    expect(firmware.inStandby).toBe(true);
    await bench.close();
    line.close();
  });
});

describe("mho standby", () => {
  it.each(["packet", "scpi"])(
    "of a busy %s line asks its program, which is stopped between two rows and can be resumed",
    async (dialect) => {
      const folder = emptyFolder();
      const { run, address } = await busyRun(dialect, folder);
      const standby = await mhoHere("standby", "--chip", address);
      expect([standby.code, standby.err, standby.out]).toEqual([
        0,
        "",
        expect.stringMatching(
          /^mho program \(process \d+\) holds .* told to stop and to put the chip in standby\.\npcm-64 number EMU-7 is in standby\.\n$/,
        ),
      ]);
      expect(await run.ended()).toMatchObject({
        code: 130,
        err: expect.stringContaining("Run r1 was stopped and the chip is in standby.") as string,
      });
      const store = await openWorkspace(folder);
      expect((await store.notes("r1")).at(-1)).toMatchObject({
        what: "stopped",
        text: "Stopped by mho standby.",
      });
      expect((await store.runs())[0]!.outcome).toBe("interrupted");
      await store.close();
    },
  );

  it.runIf(process.platform === "linux")(
    "ends a program that does not answer, and puts the chip in standby itself",
    async () => {
      const { run, address } = await busyRun("packet", emptyFolder());
      run.process.kill("SIGSTOP");
      const closed = once(run.process, "close");
      const standby = await mhoHere("standby", "--chip", address);
      expect([standby.code, standby.out]).toEqual([
        0,
        expect.stringMatching(
          /holds .*\n.*\(process \d+\) did not answer.*told to end\.\n.*it is killed.*\n.*is in standby\.\n$/,
        ),
      ]);
      expect(await closed).toEqual([null, "SIGKILL"]);
    },
  );

  it("of a bench between two calls tells the next call, once, and leaves the port free", async () => {
    const { address } = await emulatorHere("pcm-64", { pty: true });
    const bench = await openBench({ workspace: emptyFolder(), chip: address });
    const row = { tile: 0, rowStart: 0, rowCount: 1 };
    await bench.read(row);
    expect((await mho("standby", "--chip", address)).code).toBe(0);
    // The port is free although this process goes on.
    expect((await mho("standby", "--chip", address)).out).toBe("pcm-64 number EMU-7 is in standby.\n");
    await expect(bench.read(row)).rejects.toMatchObject({
      code: "interrupted",
      message: expect.stringMatching(/^mho standby was run for the chip at/) as string,
    });
    expect((await bench.read(row)).conductanceMicrosiemens.length).toBe(256);
    // A bench that asks for it itself knows, and goes on.
    expect(await bench.standby()).toMatchObject({ name: "pcm-64", serialNumber: "EMU-7" });
    await bench.read(row);
    await bench.close();
  });

  it("of a chip that has fallen silent says that it is not known to be safe, with 3", async () => {
    const chip = startMho(["emulate", "pcm-64"]);
    const { address } = JSON.parse(await chip.line(/address/)) as { address: string };
    chip.process.kill("SIGSTOP");
    const { code, err } = await mhoHere("standby", "--chip", address);
    expect([code, err]).toEqual([
      3,
      expect.stringMatching(/did not confirm standby, so its outputs may be on until its watchdog acts/),
    ]);
    chip.process.kill("SIGKILL");
    await chip.ended();
  });
});
