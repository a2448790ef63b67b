import { describe, expect, it } from "vitest";
import { emulate } from "../lab/emulate/emulate.ts";
import { examine } from "../lab/replay/replay.ts";
import { connectInProcess } from "../drivers/inProcess.ts";
import { askLine } from "../drivers/ports.ts";
import { recorded } from "../drivers/transcript.ts";
import { pcm64 } from "../emulator/presets.ts";
import { openTcpLine } from "../emulator/tcpLine.ts";
import { parseAddress } from "../lab/address.ts";
import { builtInDialects, dialectNamed, emulatedChip } from "../lab/dialects.ts";
import { openChip } from "../lab/openChip.ts";
import type { ChipDriver } from "../src/chip/driver.ts";
import { pcm90nmDefinition } from "../src/model/builtIn.ts";
import { executeRun } from "../src/run/engine.ts";
import { summarise } from "../src/results/summary.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { chipDriverContract } from "./contracts/chipDriver.ts";
import { describePcm64, stillClock } from "./support/chips.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { toy } from "./toys/dialect.ts";

removeFoldersAfterEach();

/** What a lab hands in. */
const dialects = [...builtInDialects, toy];
const block = { tile: 0, rowStart: 0, rowCount: 2 };

const openToy = async () => {
  const firmware = emulatedChip(toy, pcm64(1), 7);
  const line = connectInProcess({ receive: (bytes) => firmware.receive(bytes, 0) });
  const options = { address: "x", description: await describePcm64(), session: 1 };
  return { driver: toy.open(line, options), dispose() {} };
};

chipDriverContract("a driver of a lab's own dialect", openToy, {
  declares: {
    multiply: false,
    onBoardVerify: false,
    environment: false,
    references: false,
    burst: false,
    tickets: false,
    codes: false,
  },
});

describe("a dialect of a lab's own", () => {
  it("is opened by the address of an emulated chip, and programs it in a run", async () => {
    const driver = await openChip(parseAddress("emulator:pcm-64?dialect=toy&seed=7", dialects), { seed: 1 });
    const store = await openWorkspace(emptyFolder());
    const run = await executeRun(
      {
        driver,
        store,
        clock: stillClock(),
        stop: { requested: false },
        wallTime: () => "2026-01-01T00:00:00Z",
        onEvent: () => {},
      },
      {
        title: "in a dialect of its own",
        chipAddress: driver.address,
        chipName: "pcm-64",
        chipSerialNumber: "EMU-7",
        method: "verify",
        model: pcm90nmDefinition,
        sweepTimesSeconds: [1],
        sweepAverages: 1,
        pulsesPerDevice: 200,
        tiles: [{ block, targetsMicrosiemens: Float32Array.from({ length: 512 }, (_, i) => 1 + (i % 20)) }],
      },
    );
    const { verdicts } = await summarise(store, run);
    expect(verdicts.accepted).toBeGreaterThan(450);
    await store.close();
  });

  it("is opened by the address of a chip on a network", async () => {
    const firmware = emulatedChip(toy, pcm64(1), 7);
    const line = await openTcpLine(0);
    line.onBytes((bytes) => firmware.receive(bytes, 0).forEach((reply) => line.write(reply)));
    const address = parseAddress(`tcp:${line.name}?dialect=toy&chip=pcm-64`, dialects);
    const driver = await openChip(address, { seed: 1 });
    expect(await driver.identify()).toMatchObject({ name: "pcm-64", serialNumber: "EMU-7" });
    expect(await program(driver)).toBe(true);
    await driver.close();
    line.close();
  });

  it("is found on a port beside the others, each by its own dialect", async () => {
    for (const { name } of dialects.filter((dialect) => dialect.probe !== undefined)) {
      const firmware = emulatedChip(dialectNamed(dialects, name), pcm64(1), 7);
      const line = connectInProcess({ receive: (bytes) => firmware.receive(bytes, 0) });
      expect(await askLine(line, dialects, 2400)).toMatchObject({
        kind: "chip",
        dialect: name,
        name: "pcm-64",
        serialNumber: "EMU-7",
      });
    }
    const mute = connectInProcess({ receive: () => [] });
    expect(await askLine(mute, dialects, 15)).toEqual({ kind: "silent" });
  });

  it("has its transcripts read, and compared with today's emulator", async () => {
    const written: object[] = [{ format: "mho-transcript", version: 1, dialect: "toy", address: "x" }];
    const driver = await openChip(parseAddress("emulator:pcm-64?dialect=toy&seed=7", dialects), {
      seed: 1,
      record: (line) =>
        recorded(
          line,
          () => 0,
          (passed) => written.push(passed),
        ),
    });
    await driver.identify();
    await program(driver);
    const bytes = Buffer.from(written.map((one) => JSON.stringify(one)).join("\n"));
    const { sent, findings, emulated } = examine(bytes, "given.jsonl", dialects);
    expect([sent.messages.length, findings, emulated]).toEqual([5, [], "same"]);
  });
});

describe("a dialect that is not in the list is refused by name, with those that are", () => {
  const known = /morse.*packet, scpi/;

  it("in a transcript", () => {
    const text = JSON.stringify({ format: "mho-transcript", version: 1, dialect: "morse", address: "x" });
    expect(() => examine(Buffer.from(text), "given.jsonl")).toThrow(known);
  });

  it("by mho emulate, as a flag and in the address", async () => {
    const options = { seed: 7, pace: false, onReplugged() {} };
    const asFlag = emulate("pcm-64", { ...options, dialect: "morse" });
    await expect(asFlag).rejects.toMatchObject({
      code: "bad-argument",
      message: expect.stringMatching(known) as string,
    });
    await expect(emulate("pcm-64?dialect=morse", options)).rejects.toThrow(/packet or scpi.*, and morse/);
  });

  it("in an address, and where no emulator speaks it", async () => {
    expect(() => parseAddress("tcp:127.0.0.1:1?dialect=toy")).toThrow(/packet or scpi.*, and toy is not/);
    const { emulate: _none, ...boardsOnly } = toy;
    const address = parseAddress("emulator:pcm-64?dialect=toy", [boardsOnly]);
    await expect(openChip(address, { seed: 1 })).rejects.toThrow(/No emulated chip speaks the toy dialect/);
  });
});

/** Reads, pulses and reads again. @returns whether the pulse was seen. */
async function program(driver: ChipDriver): Promise<boolean> {
  const row = { ...block, rowCount: 1 };
  const before = await driver.read(row, 4);
  await driver.pulse(row, {
    codes: new Uint16Array(256).fill(500),
    widthNanoseconds: 100,
    firstTicket: 1,
  });
  const after = await driver.read(row, 4);
  await driver.standby();
  const moved = after.conductanceMicrosiemens.filter(
    (g, i) => Math.abs(g - before.conductanceMicrosiemens[i]!) > 2,
  );
  return moved.length > 200;
}
