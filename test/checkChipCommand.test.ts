import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { PacketFirmware } from "../emulator/packetFirmware.ts";
import { findPreset } from "../emulator/presets.ts";
import { openTcpLine } from "../emulator/tcpLine.ts";
import { parseAddress } from "../lab/address.ts";
import { openBench } from "../lab/bench.ts";
import { describeChip } from "../lab/openChip.ts";
import { emulatedDescription } from "../lab/selfDescription.ts";
import { mho } from "./support/commandHere.ts";
import { eventLines } from "./support/eventLines.ts";
import { faultyPacket, packetFaults } from "./support/faultyBoards.ts";
import { recall } from "../src/run/recall.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

const page = readFileSync(new URL("../docs/chip-description.md", import.meta.url), "utf8");
const example = JSON.parse(/a test reads this file -->\s+```json\n(.*?)```/s.exec(page)![1]!) as object;

function fileOf(change: object): string {
  const path = join(emptyFolder(), "mine.json");
  writeFileSync(path, JSON.stringify({ ...example, ...change }));
  return path;
}

async function checked(what: string, options: object = {}) {
  const bench = await openBench({ workspace: emptyFolder() });
  onTestFinished(() => bench.close());
  return bench.checkChip(what, options);
}

const pulses = (example as { readonly rram_pulses: { readonly set: object; readonly reset: object } })
  .rram_pulses;
const limits = (example as { readonly limits: object }).limits;

describe("mho check-chip of a file", () => {
  it("finds nothing to mend in the example of the page, and names what it leaves out", async () => {
    const { kind, sound, findings } = await checked(fileOf({}));
    expect({ kind, sound }).toEqual({ kind: "file", sound: true });
    const notes = findings.filter(({ verdict }) => verdict === "note").map(({ text }) => text);
    expect(notes).toContain("rram_pulses.forming: `mho measure form` is refused.");
  });

  it.each([
    ["a key that cannot be", { max_conductance_microsiemens: -1 }, /max_conductance_microsiemens/],
    [
      "a pulse outside its limits",
      { limits: { ...limits, max_width_nanoseconds: 500 } },
      /rram_pulses\.set\.width_nanoseconds is 1000, outside limits 50 … 500 ns/,
    ],
    [
      "limits that exclude each other",
      { limits: { ...limits, min_width_nanoseconds: 20_000 } },
      /no pulse can be given/,
    ],
    ["a model of another range", { model: "reram-cmo-2" }, /range|µS/],
    [
      "an amplitude that no code has",
      { limits: { ...limits, max_amplitude_volts: 0.001 } },
      /smallest amplitude, 0\.005 V/,
    ],
    [
      "pulses that no code reaches",
      { rram_pulses: { ...pulses, codes: 100 } },
      /rram_pulses\.set\.to_volts is 2\.2 V, and the codes reach 0\.495 V/,
    ],
    [
      "a SET that lowers",
      { rram_pulses: { ...pulses, set: { ...pulses.set, limit_microsiemens: [43, 35, 21, 7, 2] } } },
      /rram_pulses\.set: limit_microsiemens must not fall/,
    ],
    [
      "a RESET that raises",
      { rram_pulses: { ...pulses, reset: { ...pulses.reset, limit_microsiemens: [1, 3, 9, 22, 36, 42] } } },
      /rram_pulses\.reset: limit_microsiemens must not rise/,
    ],
  ])("finds %s", async (_, change, text) => {
    const { sound, findings } = await checked(fileOf(change));
    expect(sound).toBe(false);
    expect(findings.filter(({ verdict }) => verdict === "fault").map((one) => one.text)).toContainEqual(
      expect.stringMatching(text),
    );
  });

  it("refuses a device to pulse", async () => {
    await expect(checked(fileOf({}), { pulseDevice: { tile: 0, row: 0, device: 1 } })).rejects.toMatchObject({
      code: "bad-argument",
    });
  });
});

describe("mho check-chip of an address", () => {
  it("prints a line for each finding, and ends with 0 where nothing has to be mended", async () => {
    const { code, out } = await mho(
      "check-chip",
      "emulator:pcm-64",
      "--device",
      "0:3:5",
      "--workspace",
      emptyFolder(),
    );
    expect(out).toMatch(/^order +ok +A pulse at device 5 moved device 5\.$/m);
    expect(out).toMatch(/^amplitude +- /m);
    expect(out).toMatch(/^emulator:pcm-64: nothing has to be mended\.$/m);
    expect(code).toBe(0);
  });

  it("gives every finding as JSON, and the emulated board of a file passes for it", async () => {
    const address = `emulator:rram-128?chip=${fileOf({})}&dialect=scpi`;
    const { code, out } = await mho(
      "check-chip",
      address,
      "--no-watchdog",
      "--json",
      "--workspace",
      emptyFolder(),
    );
    expect(eventLines(out).at(-1)).toMatchObject({
      type: "result",
      command: "check-chip",
      checked: "board",
      chip: "my-chip",
      sound: true,
    });
    expect(code).toBe(0);
  });

  it("ends with 1 and says the remedy where a board behind a port has a fault", async () => {
    const { document } = await describeChip(parseAddress("emulator:pcm-64"));
    const preset = findPreset("pcm-64")!;
    const firmware = new PacketFirmware(preset, 7);
    firmware.selfDescription = emulatedDescription(document!, preset);
    const board = faultyPacket(firmware, packetFaults["averages ignored"]);
    const line = await openTcpLine(0);
    line.onBytes((bytes) => board.receive(bytes).forEach((reply) => line.write(reply)));
    onTestFinished(() => line.close());
    const args = ["--no-watchdog", "--workspace", emptyFolder()];
    const { code, out } = await mho("check-chip", `tcp:${line.name}`, ...args);
    expect(out).toMatch(/^averages +FAULT +.*the board ignores the averages; take so many reads/m);
    expect(out).toMatch(/: 1 fault has to be mended: averages\.$/m);
    expect(code).toBe(1);
  });

  it("books what it fires at a device, and its tickets: the workspace goes on with the chip", async () => {
    const { document } = await describeChip(parseAddress("emulator:pcm-64"));
    const preset = findPreset("pcm-64")!;
    const firmware = new PacketFirmware(preset, 7);
    firmware.selfDescription = emulatedDescription(document!, preset);
    const line = await openTcpLine(0);
    line.onBytes((bytes) => firmware.receive(bytes, 0).forEach((reply) => line.write(reply)));
    onTestFinished(() => line.close());
    const bench = await openBench({ workspace: emptyFolder(), chip: `tcp:${line.name}` });
    onTestFinished(() => bench.close());
    const device = { tile: 0, row: 3, device: 5 };
    const { findings } = await bench.checkChip(`tcp:${line.name}`, { pulseDevice: device, watchdog: false });
    expect(findings.map(({ text }) => text)).toContainEqual(
      expect.stringMatching(/^The pulses at device 0:3:5 are booked as run \S+\.$/),
    );
    const store = await bench.store();
    const [run] = await store.runs();
    const [memory] = await recall(store, run!.id);
    expect(memory!.pulses[5]).toBeGreaterThan(0);
    expect(memory!.pulses[5]).toBe(firmware.chip.pulsesFeltByTile(0)[3 * 256 + 5]);
    await bench.checkChip(`tcp:${line.name}`, { watchdog: false });
    // Not refused for pulses that were not booked.
    await bench.pulse({ row: 3, devices: [7], amplitude: "100uA", kind: "set", widthNanoseconds: 100 });
  });

  it.each([
    ["emulator:arc-one-32?dialect=arc-one", "description, session, errors, check, repeat"],
    ["emulator:keithley-2400?dialect=smu", "tickets, abort, order, amplitude, watchdog"],
    ["emulator:openmena-8?dialect=openmena", "averages, geometry, tickets"],
  ])(
    "tries a board by its driver where the dialect has nothing else: %s",
    async (address, notAsked) => {
      const { sound, kind, findings } = await checked(address);
      expect(findings.filter(({ verdict }) => verdict === "fault")).toEqual([]);
      expect({ sound, kind }).toEqual({ sound: true, kind: "board" });
      const good = findings.filter(({ verdict }) => verdict === "good").map(({ step }) => step);
      expect(good).toEqual(["hello", "read", "time", "limits", "standby", "opening"]);
      const left = findings.filter(({ step }) => step === "not asked");
      expect(left.map(({ text }) => text)).toEqual([expect.stringContaining(notAsked)]);
    },
    30_000,
  );

  it.each(["0:64:0", "1:0:0", "0:0:256"])(
    "refuses a device that the chip does not have: %s",
    async (device) => {
      const { code, err } = await mho(
        "check-chip",
        "emulator:pcm-64",
        "--device",
        device,
        "--workspace",
        emptyFolder(),
      );
      expect(err).toMatch(/is not on pcm-64/);
      expect(code).toBe(2);
    },
  );

  it("refuses a preset that there is not, and so does a dry run of a file in its place", async () => {
    const file = fileOf({});
    const { code, err } = await mho(
      "program",
      "targets.npy",
      "--chip",
      `emulator:${file}`,
      "--dry-run",
      "--workspace",
      emptyFolder(),
    );
    expect(err).toMatch(/There is no emulator .*emulator:pcm-64\?chip=FILE\.json/);
    expect(code).toBe(2);
  });
});
