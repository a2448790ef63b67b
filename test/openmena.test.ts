import { reportOfCut } from "./support/cutOff.ts";
import { describe, expect, it } from "vitest";
import { connectInProcess } from "../drivers/inProcess.ts";
import { readsAndPulsesOnly } from "../drivers/lacking.ts";
import { openmena } from "../drivers/openmena/dialect.ts";
import { askLine, perhapsBoard } from "../drivers/ports.ts";
import type { ConnectedDriver } from "../drivers/reconnectingDriver.ts";
import { OpenmenaFirmware } from "../emulator/openmenaFirmware.ts";
import { findPreset, pcm64 } from "../emulator/presets.ts";
import { readChipDescription } from "../files/chipDescription.ts";
import { builtInDialects, dialectNamed, emulatedChip } from "../lab/dialects.ts";
import { type ChipDriver, type PulseOrder, rowFates } from "../src/chip/driver.ts";
import { reramWan2022Definition } from "../src/model/builtIn.ts";
import { Random } from "../src/random.ts";
import { executeRun, resumeRun } from "../src/run/engine.ts";
import { PulseLedger } from "../src/run/ledger.ts";
import { summarise } from "../src/results/summary.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { chipDriverContract } from "./contracts/chipDriver.ts";
import { stillClock } from "./support/chips.ts";
import { mho } from "./support/commandHere.ts";
import { Cable, plan, runOver } from "./support/cutCable.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { misbooked } from "./support/misbooked.ts";

removeFoldersAfterEach();

const lab = dialectNamed(builtInDialects, "openmena");
const preset = findPreset("openmena-8")!;
const describeOpenmena = () => readChipDescription("chips/openmena-8.json");

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "latin1"));

/** A driver over a line to a board that a test may stand in for; a deadline passes only where nothing comes back. */
async function over(receive: (text: string) => readonly string[]) {
  const description = await describeOpenmena();
  const sent: string[] = [];
  const deadlines: number[] = [];
  let now = 0;
  let pass: () => void = () => {};
  const line = connectInProcess({
    receive(bytes) {
      const text = Buffer.from(bytes).toString("latin1");
      sent.push(text);
      const said = receive(text);
      if (said.length === 0) setImmediate(() => pass());
      return said.map((one) => bytesOf(`${one}\r\n`));
    },
  });
  const driver: ConnectedDriver = openmena.open(line, {
    address: "a bench",
    description,
    session: 5,
    serialNumber: "DIE-12",
    after(milliseconds, then) {
      deadlines.push(milliseconds);
      pass = then;
      return () => {};
    },
    hostTime: () => ++now,
  });
  return { driver, sent, deadlines, pass: (time: number) => void (now += time) };
}

const started = [
  "Ready to receive commands:",
  " - INFEREMULTIPLE:",
  " - WEIGHTMODIF",
  " - WEIGHTMODIFALL",
  "",
];
const refused = "Error: INFEREMULTIPLE requires N > 0";

/** A board that answers as it should, and counts 931 without a voltage and 1931 with one. */
function wellBehaved(text: string): string[] {
  if (text.trim() === "") return started;
  if (text.startsWith("SETVOLTAGES")) return ["Voltages updated:", "0.75"];
  const vectors = /^INFEREMULTIPLE: ([1-9]\d*) (.*)\n$/.exec(text);
  if (vectors === null) return [refused];
  const values = vectors[2]!.split(" ").map(Number);
  const rows = Array.from({ length: Number(vectors[1]) }, (_, n) => {
    const driven = values.slice(8 * n, 8 * n + 8).some((value) => value !== 2048);
    return Array<string>(8)
      .fill(driven ? "1931.00" : "931.00")
      .join("\t");
  });
  const begun = `Running inference for ${rows.length} input vectors...`;
  return [begun, "INFEREMULTIPLE ADC Averages:", ...rows, "INFEREMULTIPLE complete."];
}

/** For the devices of a row, all of it or the first ones. */
const order = (over: Partial<PulseOrder> = {}): PulseOrder => ({
  kind: "set",
  codes: new Uint16Array(8).fill(450),
  widthNanoseconds: 20_000,
  firstTicket: 1,
  ...over,
});
const row = { tile: 0, rowStart: 3, rowCount: 1 };

chipDriverContract(
  "a driver of an OpenMENA",
  async () => {
    const firmware = emulatedChip(lab, preset, 7);
    // As forming left them, some devices conduct more than the converter tells.
    for (let k = 0; k < 64; k++)
      firmware.receive(bytesOf(`WEIGHTMODIF: ${k >> 3} ${k % 8} -1 5 0.75 0.75 0.4 1.1 1\n`), 0);
    // A fortnight later they have come to rest.
    expect(firmware.bake(26, 1.2e12)).toBeGreaterThan(1.2e12);
    firmware.restart();
    const line = connectInProcess({ receive: (bytes) => firmware.receive(bytes, 0) });
    const settings = {
      address: "x",
      description: await describeOpenmena(),
      session: 1,
      serialNumber: "DIE-12",
    };
    return { driver: openmena.open(line, settings), dispose() {} };
  },
  { declares: readsAndPulsesOnly, named: "DIE-12", widthNanoseconds: 1000, moves: 1 },
);

describe("an OpenMENA", () => {
  it("is programmed by verify", async () => {
    const firmware = emulatedChip(lab, preset, 7);
    const clock = stillClock();
    const driver = openmena.open(connectInProcess({ receive: (bytes) => firmware.receive(bytes, 0) }), {
      address: "x",
      description: await describeOpenmena(),
      session: 1,
      serialNumber: "DIE-12",
      hostTime: () => clock.nowMicroseconds(),
    });
    const store = await openWorkspace(emptyFolder());
    const context = {
      driver,
      store,
      clock,
      stop: { requested: false },
      wallTime: () => "2026-01-01T00:00:00Z",
    };
    const run = await executeRun({ ...context, onEvent() {} }, { ...small, chipSerialNumber: "DIE-12" });
    expect((await summarise(store, run)).verdicts.accepted).toBeGreaterThan(60);
    await store.close();
  });

  it("is programmed over a cable that is cut 60 times, and reset each time: nothing is sent twice, and what may have fired is booked", async () => {
    const random = new Random(8).fork("cuts");
    let [draws, cuts, unsure] = [0, 0, 0];
    for (let n = 0; cuts < 60; n++) {
      const cable = new Cable(lab, preset);
      cable.onCut = () => cable.firmware.restart();
      const cutAfter = () => 4 + (random.at(draws++, n).word0 % 60);
      const result = await runOver(cable, cutAfter, 1e6, () => false, small, describeOpenmena);
      expect(result.outcome).toBe("r1");
      expect(misbooked(result.felt, result.booked, result.uncertain)).toEqual([]);
      unsure += result.uncertain.reduce((sum, rows) => sum + rows, 0);
      cuts += cable.cuts;
    }
    expect(unsure).toBeGreaterThan(0);
  });

  it("is read after a kill in mid-pulse before it is pulsed again: what was under way is uncertain", async () => {
    const firmware = emulatedChip(lab, preset, 7);
    const clock = stillClock();
    const description = await describeOpenmena();
    const store = await openWorkspace(emptyFolder());
    const sent: string[] = [];
    const contextOf = (session: number, opened: (driver: ChipDriver) => ChipDriver) => {
      firmware.restart();
      const receive = (bytes: Uint8Array): Uint8Array[] => {
        sent.push(Buffer.from(bytes).toString("latin1"));
        return firmware.receive(bytes, 0);
      };
      const settings = { address: "x", description, session, serialNumber: "DIE-12" };
      const hostTime = () => clock.nowMicroseconds();
      const driver = opened(openmena.open(connectInProcess({ receive }), { ...settings, hostTime }));
      const wallTime = () => "2026-01-01T00:00:00Z";
      return { driver, store, clock, stop: { requested: false }, wallTime, onEvent() {} };
    };
    let pulses = 0;
    const dying = contextOf(1, (driver) =>
      Object.assign(Object.create(driver) as ChipDriver, {
        read: driver.read.bind(driver),
        identify: driver.identify.bind(driver),
        async pulse(...given: Parameters<ChipDriver["pulse"]>) {
          const report = await driver.pulse(...given);
          // The board has fired, and the process that would have booked it is no more.
          if (++pulses === 4) throw new Error("the process was killed");
          return report;
        },
        standby: () => Promise.reject(new Error("dead")),
      }),
    );
    await expect(executeRun(dying, { ...small, chipSerialNumber: "DIE-12" })).rejects.toThrow(/killed/);
    sent.length = 0;
    await resumeRun(
      contextOf(2, (driver) => driver),
      "r1",
    );
    expect(sent.slice(0, 3).map((text) => text.slice(0, 17))).toEqual([
      "\n",
      "INFEREMULTIPLE: 0",
      "INFEREMULTIPLE: 2",
    ]);
    const key = { name: "openmena-8", serialNumber: "DIE-12" };
    const ledger = await PulseLedger.ofChip(store, key, description.geometry);
    const uncertain = ledger.uncertainOfTile(0);
    expect(uncertain.some((count) => count > 0)).toBe(true);
    expect(misbooked(firmware.chip.pulsesFeltByTile(0), ledger.pulsesOfTile(0), uncertain)).toEqual([]);
    await store.close();
  });

  it("has fired a row when it has refused what followed each of its pulses, and not before", async () => {
    let answers = 0;
    const { driver, sent } = await over((text) =>
      text.startsWith("WEIGHTMODIF") && ++answers > 3 ? [] : wellBehaved(text),
    );
    await driver.identify();
    const first = await driver.pulse(row, order({ codes: Uint16Array.of(450, 0, 450, 0, 0, 0, 0, 0) }));
    expect([...first.fates]).toEqual([rowFates.fired]);
    const second = await reportOfCut(
      driver.pulse({ ...row, rowCount: 2 }, order({ codes: new Uint16Array(16).fill(450) })),
    );
    expect([...second.fates]).toEqual([rowFates.uncertain, rowFates.notFired]);
    expect(second.rowTimesMicroseconds.every(Number.isNaN)).toBe(true);
    const pulses = sent.filter((text) => text.startsWith("WEIGHTMODIF"));
    expect(pulses).toEqual(
      [0, 2, 0, 1].map((j) => `WEIGHTMODIF: 3 ${j} 1 1 1.445 0.545 0.750 0.750 20\nINFEREMULTIPLE: 0\n`),
    );
    await expect(driver.heartbeat()).rejects.toMatchObject({ code: "link-lost" });
  });

  it("that refuses a pulse leaves its row uncertain, as a line that was damaged may have moved another device", async () => {
    const { driver } = await over((text) =>
      text.startsWith("WEIGHTMODIF")
        ? ["Invalid arguments. Indices 0-7, sign 1/-1, pulses > 0", refused]
        : wellBehaved(text),
    );
    await driver.identify();
    expect([...(await reportOfCut(driver.pulse(row, order()))).fates]).toEqual([rowFates.uncertain]);
    await expect(driver.read(row, 1)).rejects.toThrow(/it said "Invalid arguments\. Indices 0-7/);
  });

  it.each([
    [
      "a SET of more volts than it gives",
      { codes: new Uint16Array(8).fill(480) },
      /0\.955 V in a SET at most, not 0\.96/,
    ],
    [
      "a width of half a microsecond more",
      { widthNanoseconds: 1500 },
      /widths of whole µs, and 1500 ns is none/,
    ],
    ["a gate", { gateCode: 3 }, /has no gates/],
    ["a trailing edge", { trailingNanoseconds: 10 }, /a trailing edge of 10 ns/],
  ])("is not sent %s", async (_, wrong, message) => {
    const { driver, sent } = await over(wellBehaved);
    await driver.identify();
    const before = sent.length;
    await expect(driver.pulse(row, order(wrong))).rejects.toMatchObject({ code: "limit-exceeded" });
    await expect(driver.pulse(row, order(wrong))).rejects.toThrow(message);
    expect(sent.length).toBe(before);
  });

  it("gives a RESET by the other pair of voltages, about virtual ground as far as it goes", async () => {
    const { driver, sent } = await over(wellBehaved);
    await driver.identify();
    const codes = Uint16Array.of(700, 0, 0, 0, 0, 0, 0, 0);
    await driver.pulse(row, order({ kind: "reset", codes }));
    expect(sent.at(-1)).toMatch(/^WEIGHTMODIF: 3 0 -1 1 0\.750 0\.750 0\.050 1\.450 20\n/);
  });

  it("is read above what its columns count without a voltage, which is measured once a minute", async () => {
    const { driver, sent, deadlines, pass } = await over(wellBehaved);
    await driver.identify();
    const { conductanceMicrosiemens } = await driver.read(row, 1);
    for (const found of conductanceMicrosiemens) expect(found).toBeCloseTo(1000 * 0.02015, 4);
    const rest = Array<string>(8).fill("2048").join(" ");
    const driven = "2048 2048 2048 2594 2048 2048 2048 2048";
    expect(sent.at(-1)).toBe(`INFEREMULTIPLE: 2 ${rest} ${driven}\n`);
    // A vector takes it 1.04 s.
    expect(deadlines.at(-1)).toBeGreaterThan(2 * 1040);
    await driver.read(row, 1);
    expect(sent.at(-1)).toBe(`INFEREMULTIPLE: 1 ${driven}\n`);
    pass(61e6);
    await driver.read(row, 1);
    expect(sent.at(-1)).toMatch(/^INFEREMULTIPLE: 2 /);
  });

  it.each([
    ["counts of seven columns", (text: string) => text.replace(/\t[^\t]*$/, "")],
    ["counts beyond its converter", (text: string) => text.replace(/\d+\.00$/, "4096.00")],
    ["no numbers", (text: string) => text.replace(/\d+\.00$/, "ovf")],
    ["a count that is blank", (text: string) => text.replace(/\d+\.00$/, " ")],
    ["a count that is no decimal", (text: string) => text.replace(/\d+\.00$/, "0x7f")],
  ])("whose read has %s is not believed", async (_, spoil) => {
    const { driver } = await over((text) =>
      wellBehaved(text).map((line) => (line.includes("\t") ? spoil(line) : line)),
    );
    await driver.identify();
    await expect(driver.read(row, 1)).rejects.toMatchObject({ code: "link-lost" });
  });

  it("that is reset in the middle of a read is another boot: the link is lost", async () => {
    const { driver } = await over((text) => (/: [1-9]/.test(text) ? started : wellBehaved(text)));
    await driver.identify();
    await expect(driver.read(row, 1)).rejects.toThrow(/it was reset, and said its banner again/);
  });

  it("whose port was opened without a reset says no banner, and is believed when it answers", async () => {
    const { driver, deadlines } = await over((text) => (text.trim() === "" ? [] : wellBehaved(text)));
    expect(await driver.identify()).toMatchObject({ name: "openmena-8", serialNumber: "DIE-12", boot: 5 });
    expect(deadlines[0]).toBe(3000);
    const { driver: mute } = await over(() => []);
    await expect(mute.identify()).rejects.toMatchObject({ code: "link-lost" });
  });

  it("in standby has every line at virtual ground", async () => {
    const { driver, sent } = await over(wellBehaved);
    await driver.identify();
    await driver.standby();
    expect(sent.at(-1)).toBe("SETVOLTAGES: 0.75 0.75 0.75 0.75 0.75 0.75 0.75 0.75 0.75\n");
  });

  it("is told to go to standby between two pulses of a row: the others do not leave, and the row is uncertain", async () => {
    const { driver, sent } = await over(wellBehaved);
    await driver.identify();
    const report = driver.pulse({ ...row, rowCount: 2 }, order({ codes: new Uint16Array(16).fill(450) }));
    await Promise.all([report, driver.standby()]);
    expect([...(await report).fates]).toEqual([rowFates.uncertain, rowFates.notFired]);
    expect(sent.filter((text) => text.startsWith("WEIGHTMODIF"))).toHaveLength(1);
    expect(sent.at(-1)).toMatch(/^SETVOLTAGES/);
  });

  it("is never asked by mho ports: its port is known by the system's words", async () => {
    const due = {
      path: "/dev/ttyACM0",
      vendor: "Arduino",
      vendorId: "2341",
      productId: "003d",
      serialNumber: undefined,
    };
    expect(perhapsBoard(due, builtInDialects)).toBe("an OpenMENA or another Arduino Due");
    expect(perhapsBoard({ ...due, productId: "0043" }, [lab])).toBeUndefined();
    const written: Uint8Array[] = [];
    const line = connectInProcess({ receive: (bytes) => (written.push(bytes.slice()), []) });
    expect(await askLine(line, [lab], 15)).toEqual({ kind: "silent" });
    expect(written).toEqual([]);
  });

  it("is read by a command, emulated in this process", async () => {
    const chip = "emulator:openmena-8?dialect=openmena&seed=7&state=none";
    const { code, out } = await mho("read", chip, "--row", "3", "--json");
    expect([code, out]).toEqual([0, expect.stringContaining("microsiemens")]);
  });
});

describe("an emulated OpenMENA", () => {
  it("holds a chip of 8 × 8 devices and no other", () => {
    expect(() => new OpenmenaFirmware(pcm64(1), 7)).toThrow(
      /holds a chip of 8 × 8 devices, and pcm-64 is another/,
    );
  });

  it("answers orders that it does not understand, and no pulse that it does", () => {
    const board = new OpenmenaFirmware(preset, 7);
    const ask = (line: string): string =>
      board
        .receive(bytesOf(`${line}\n`), 0)
        .map((bytes) => Buffer.from(bytes).toString("latin1"))
        .join("");
    expect(ask("")).toMatch(/ - WEIGHTMODIFALL\r\n\r\n$/);
    expect(ask("WEIGHTMODIF: 1 2 1 1 1.4 0.6 0.75 0.75 10")).toBe("");
    expect(board.chip.pulsesFeltByTile(0)[10]).toBe(1);
    expect(ask("WEIGHTMODIF: 1 8 1 1 1.4 0.6 0.75 0.75 10")).toMatch(/^Invalid arguments/);
    expect(ask("INFEREMULTIPLE: 0")).toBe("Error: INFEREMULTIPLE requires N > 0\r\n");
    expect(ask("INFEREMULTIPLE: 1 2048 2048")).toMatch(/^Error: /);
  });
});

const small = {
  ...plan,
  chipName: "openmena-8",
  model: reramWan2022Definition,
  tiles: [
    {
      block: { tile: 0, rowStart: 0, rowCount: 8 },
      targetsMicrosiemens: Float32Array.from({ length: 64 }, (_, i) => 2 + ((i * 7) % 33)),
    },
  ],
};
