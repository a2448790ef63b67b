import { reportOfCut } from "./support/cutOff.ts";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { connectInProcess } from "../drivers/inProcess.ts";
import { askLine, perhapsBoard } from "../drivers/ports.ts";
import { ReconnectingDriver } from "../drivers/reconnectingDriver.ts";
import { smuCapabilities, understood } from "../drivers/smu/answers.ts";
import { smuModels } from "../drivers/smu/models.ts";
import { SmuDriver } from "../drivers/smu/smuDriver.ts";
import { findPreset } from "../emulator/presets.ts";
import { parseChannelMap, readChannelMap } from "../files/channelMap.ts";
import { builtInDialects, dialectNamed } from "../lab/dialects.ts";
import { replay } from "../lab/replay/replay.ts";
import { bytesOf, textOf } from "../protocols/scpi/bytes.ts";
import { rowFates } from "../src/chip/driver.ts";
import { builtInDefinition } from "../src/model/modelOf.ts";
import { Random } from "../src/random.ts";
import { executeRun } from "../src/run/engine.ts";
import { PulseLedger } from "../src/run/ledger.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { chipDriverContract } from "./contracts/chipDriver.ts";
import { stillClock } from "./support/chips.ts";
import { mho } from "./support/commandHere.ts";
import { Cable } from "./support/cutCable.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { smuBench } from "./support/smuBench.ts";

removeFoldersAfterEach();

const device = { tile: 0, rowStart: 0, rowCount: 1 };
const millisecond = 1_000_000;
const one = (volts: number, kind: "set" | "reset" = "reset") => ({
  kind,
  codes: Uint16Array.of(Math.round(volts / 0.005)),
  widthNanoseconds: millisecond,
  firstTicket: 1,
});

chipDriverContract(
  "a source-measure unit before an array behind a switch",
  async () => ({ driver: (await smuBench("keithley-2450-8x8")).open(), dispose() {} }),
  { declares: smuCapabilities, widthNanoseconds: millisecond, moves: 1.5, named: "DIE-12" },
);

describe.each(["keithley-2400", "keithley-2450"] as const)("a %s before one device", (name) => {
  it("reads conductance as current over voltage, by READ? alone, and leaves 0 V", async () => {
    const { firmware, open, sent } = await smuBench(name);
    const driver = open();
    await driver.identify();
    const { conductanceMicrosiemens } = await driver.read(device, 16);
    const truth = firmware.chip.truthOfTile(0, 0)[0]!;
    expect(Math.abs(conductanceMicrosiemens[0]! - truth)).toBeLessThan(0.03 * truth);
    expect(sent.filter((line) => /MEAS|CONF/.test(line))).toEqual([]);
    expect(sent.at(-1)).toMatch(/:SOUR:VOLT 0/);
  });

  it("sets the current limit before every output that it switches on", async () => {
    const { open, sent } = await smuBench(name);
    const driver = open();
    await driver.identify();
    await driver.read(device, 1);
    await driver.pulse(device, one(2));
    await driver.read(device, 1);
    const words = sent.join(";").split(/[;\n]/);
    const on = words.flatMap((word, n) => (/^:OUTP ON$|^:INIT$/.test(word) ? [n] : []));
    expect(on.length).toBeGreaterThanOrEqual(3);
    on.forEach((n, k) => {
      const since = words.slice(on[k - 1] ?? 0, n);
      expect(since.filter((word) => /:CURR:PROT \S+$|:ILIM \S+$/.test(word))).toHaveLength(1);
    });
  });

  it("resets with a negative level and sets with a positive one, one level and then 0 V", async () => {
    const { open, sent, firmware } = await smuBench(name);
    const driver = open();
    await driver.identify();
    const g = async (): Promise<number> => (await driver.read(device, 4)).conductanceMicrosiemens[0]!;
    const before = await g();
    for (let n = 0; n < 3; n++) await driver.pulse(device, one(3.2));
    const low = await g();
    for (let n = 0; n < 3; n++) await driver.pulse(device, one(2.4, "set"));
    const high = await g();
    expect(low).toBeLessThan(0.7 * before);
    expect(high).toBeGreaterThan(low + 10);
    expect(firmware.chip.pulsesFeltByTile(0)[0]).toBe(6);
    const lists = sent.flatMap((line) => /:SOUR:LIST:VOLT ([^;]*)/.exec(line)?.[1] ?? []);
    expect(lists).toEqual([...Array<string>(3).fill("-3.2,0"), ...Array<string>(3).fill("2.4,0")]);
  });

  it("refuses a pulse that is shorter than its levels, with the width that it can give, before anything is sent", async () => {
    const { description } = await smuBench(name);
    const limits = { ...description.limits, minWidthNanoseconds: 100 };
    const { open, sent } = await smuBench(name, { over: { description: { ...description, limits } } });
    const driver = open();
    await driver.identify();
    const before = sent.length;
    await expect(driver.pulse(device, { ...one(2), widthNanoseconds: 500_000 })).rejects.toMatchObject({
      code: "limit-exceeded",
      message: expect.stringMatching(
        /Nothing was fired: the shortest level that a Keithley 24\d0 holds lasts 1 ms, and the pulse is to last 0\.5 ms/,
      ) as string,
    });
    expect(sent).toHaveLength(before);
  });

  it("is uncertain of a pulse whose answer is lost, and sends it no second time", async () => {
    const { open, lose, sent } = await smuBench(name);
    const driver = open();
    await driver.identify();
    lose((asked) => /^:READ\?$|^:INIT/.test(asked));
    const { fates } = await reportOfCut(driver.pulse(device, one(2)));
    expect([...fates]).toEqual([rowFates.uncertain]);
    expect(sent.filter((line) => line.includes(":LIST:VOLT "))).toHaveLength(1);
    await expect(driver.heartbeat()).rejects.toMatchObject({ code: "link-lost" });
  });

  it("has not fired where the answer to a setting before is lost", async () => {
    const { open, lose, firmware } = await smuBench(name);
    const driver = open();
    await driver.identify();
    lose((asked) => asked.includes(":LIST:VOLT"));
    await expect(driver.pulse(device, one(2))).rejects.toMatchObject({ code: "link-lost" });
    expect(firmware.chip.pulsesFeltByTile(0)[0]).toBe(0);
  });

  it("is in standby with its output off at 0 V, also when it no longer answers", async () => {
    const { open, sent, lose, firmware } = await smuBench(name);
    const driver = open();
    await driver.identify();
    await driver.read(device, 1);
    await driver.standby();
    expect(sent.at(-1)).toMatch(/:OUTP OFF\n.*:SOUR:VOLT 0\n:OUTP\?$/);
    expect(firmware.inStandby).toBe(true);
    await driver.identify();
    await driver.read(device, 1);
    lose(() => true);
    await expect(driver.heartbeat()).rejects.toMatchObject({ code: "link-lost" });
    await expect(driver.standby()).rejects.toMatchObject({ code: "link-lost" });
    expect(firmware.inStandby).toBe(true);
  });
});

describe("a 2450 that is set to another language", () => {
  it("is told from its answer, with the remedy, and by error -285 where it says nothing else", async () => {
    const { open } = await smuBench("keithley-2450", { language: "TSP" });
    const remedy = /set to the language TSP.*send \*LANG SCPI.*switch it off and on again/;
    await expect(open().identify()).rejects.toMatchObject({
      code: "wrong-chip",
      message: expect.stringMatching(remedy) as string,
    });
    expect(() => understood("-285\tTSP Syntax Error at line 1", ":READ?", "smu")).toThrow(remedy);
    expect(understood("-2.850000E-07", ":READ?", "smu")).toBe("-2.850000E-07");
  });
});

describe("another instrument", () => {
  it("is refused by what it calls itself", async () => {
    const receive = (): Uint8Array[] => [bytesOf("KEITHLEY INSTRUMENTS INC.,MODEL 2000,1,A1\n")];
    const { description } = await smuBench("keithley-2400");
    const driver = new SmuDriver(connectInProcess({ receive }), {
      address: "x",
      description,
      session: 1,
    });
    await expect(driver.identify()).rejects.toThrow(/MODEL 2000.*series of Keithley 2400 and Keithley 2450/);
  });

  it("on a port is known by its answer as a source-measure unit, and nothing but questions that set nothing is sent to it in its language", async () => {
    const { firmware } = await smuBench("keithley-2400");
    const asked: string[] = [];
    const line = connectInProcess({
      receive(bytes) {
        asked.push(textOf(bytes));
        return firmware.receive(bytes, 0);
      },
    });
    const answer = await askLine(line, builtInDialects, 2400);
    expect(answer).toMatchObject({ kind: "chip", dialect: "smu", name: "MODEL 2400", serialNumber: "EMU-7" });
    const words = asked.filter((text) => /^[\x20-\x7e\r\n]+$/.test(text));
    expect(new Set(words.map((text) => text.trim().replace(/ [\d,]+#H[\dA-F]{8};/, " …;")))).toEqual(
      new Set(["*IDN?", "SYST:TAG? …;*IDN?", "*STB?"]),
    );
    const port = { path: "/dev/ttyACM0", vendor: "x", productId: "2450", serialNumber: undefined };
    expect(perhapsBoard({ ...port, vendorId: "05E6" }, builtInDialects)).toBe("a Keithley instrument");
  });
});

describe("an array behind a switch matrix", () => {
  it("has the channels of one device closed, and is sourced only when the switch confirms them", async () => {
    const { open, sent } = await smuBench("keithley-2450-8x8");
    const driver = open();
    await driver.identify();
    await driver.pulse(
      { tile: 0, rowStart: 2, rowCount: 1 },
      { ...one(2), codes: Uint16Array.from({ length: 8 }, (_, k) => (k === 5 ? 400 : 0)) },
    );
    const switched = sent.filter((line) => line.startsWith("switch"));
    expect(switched[1]).toBe(
      'switch: channel.open("allslots")\nchannel.close("1A03,2B06")\nprint(channel.getclose("allslots"))',
    );
    await driver.standby();
    expect(sent.at(-1)).toMatch(/^switch: channel\.open\("allslots"\)/);
  });

  it("is not sourced where other channels are closed than the map says", async () => {
    const { firmware } = await smuBench("keithley-2450-8x8");
    const { rows, columns } = firmware.beside!.channels;
    const channels = { rows, columns: columns.with(0, ["9Z99"]) };
    const { open } = await smuBench("keithley-2450-8x8", { over: { channels } });
    const driver = open();
    await driver.identify();
    await expect(driver.read(device, 1)).rejects.toThrow(
      /other channels closed than it was told: 1A01 instead of 1A01, 9Z99\. Nothing was sourced/,
    );
  });

  it("is refused without a switch, and with a map of another size", async () => {
    const array = { switchLine: undefined, channels: undefined };
    const without = (await smuBench("keithley-2450-8x8", { over: array })).open();
    await expect(without.identify()).rejects.toThrow(/reaches several devices by a switch only/);
    const channels = { rows: [["1A01"]], columns: [["2B01"]] };
    const small = (await smuBench("keithley-2450-8x8", { over: { channels } })).open();
    await expect(small.identify()).rejects.toThrow(/its channel map is for 1 rows of 1 devices/);
  });

  it("has its channels in a file, whose mistakes are named by their field", async () => {
    const map = await readChannelMap("chips/channels/707b-8x8.json");
    expect(map).toEqual((await smuBench("keithley-2450-8x8")).firmware.beside!.channels);
    const wrong = JSON.stringify({ format: "mho-channels", version: 1, rows: ['1A01");x('], columns: ["a"] });
    expect(() => parseChannelMap(Buffer.from(wrong), "map.json")).toThrow(/map\.json.*rows\.0/);
  });

  it.each([
    ["the same channel", ["1A01", "1A01"]],
    ["channels that are all among another's", [["1A01", "3C01"], "1A02", "3C01"]],
  ])("is refused where two rows have %s: both would be connected", (_, rows) => {
    const map = JSON.stringify({ format: "mho-channels", version: 1, rows, columns: ["2B01"] });
    expect(() => parseChannelMap(Buffer.from(map), "map.json")).toThrow(
      /map\.json: rows\.\d: .*both would be connected/,
    );
  });

  it("may share a channel where each row has another one besides", () => {
    const rows = [
      ["1A01", "3C01"],
      ["1A02", "3C01"],
    ];
    const map = JSON.stringify({ format: "mho-channels", version: 1, rows, columns: ["2B01"] });
    expect(parseChannelMap(Buffer.from(map), "map.json").rows).toEqual(rows);
  });
});

describe("the exchange with an instrument", () => {
  it("is this one, to the letter, for a pulse of a 2400", async () => {
    const { open, sent } = await smuBench("keithley-2400");
    const driver = open();
    await driver.identify();
    const before = sent.length;
    await driver.pulse(device, { ...one(1.5, "set"), widthNanoseconds: 10 * millisecond, gateCode: 100 });
    expect(sent.slice(before)).toEqual([
      ":SENS:CURR:NPLC 0.01;:SENS:AVER OFF\n:SYST:ERR?",
      ":SOUR:VOLT:MODE FIX;:SOUR:VOLT 0;:SENS:CURR:PROT 0.000045;:SENS:CURR:RANG 0.000045\n:SYST:ERR?",
      ":SOUR:DEL 0.009;:SOUR:LIST:VOLT 1.5,0;:TRIG:COUN 2\n:SYST:ERR?",
      ":OUTP ON;:SOUR:VOLT:MODE LIST\n:SYST:ERR?",
      ":READ?",
      ":SOUR:VOLT:MODE FIX;:SOUR:VOLT 0;:TRIG:COUN 1;:SOUR:DEL 0\n:SYST:ERR?",
    ]);
  });

  it("is this one for a pulse of a 2450, whose sweep switches its output", async () => {
    const { open, sent } = await smuBench("keithley-2450");
    const driver = open();
    await driver.identify();
    const before = sent.length;
    await driver.pulse(device, { ...one(1.5), widthNanoseconds: 10 * millisecond });
    expect(sent.slice(before)).toEqual([
      ":SENS:CURR:NPLC 0.01;:SENS:CURR:AVER OFF\n:SYST:ERR?",
      ":SOUR:VOLT 0;:SOUR:VOLT:ILIM 0.001;:SENS:CURR:RANG 0.001\n:SYST:ERR?",
      ':TRAC:CLE "defbuffer1";:SOUR:LIST:VOLT -1.5,0;:SOUR:SWE:VOLT:LIST 1,0.0095\n:SYST:ERR?',
      ':INIT;*WAI;:TRAC:DATA? 1,2,"defbuffer1",SOUR,READ',
      ":SOUR:VOLT 0\n:SYST:ERR?",
    ]);
  });

  it("reads what instruments say: signs, exponents, short of five fields or one", () => {
    const [k2400, k2450] = smuModels;
    expect(k2400!.reading(["+2.000000E-01,-1.040000E-05,+1.638400E+04"], 0.2)).toEqual({
      volts: 0.2,
      amperes: -1.04e-5,
      isLimited: false,
    });
    expect(k2400!.reading(["+2.000000E-01,+1.040000E-05,+1.639200E+04"], 0.2)?.isLimited).toBe(true);
    expect(k2400!.reading(["+2.000000E-01,+1.0E-05"], 0.2)).toBeUndefined();
    expect(k2450!.reading(["1.5E-05", "0"], 0.2)).toEqual({ volts: 0.2, amperes: 1.5e-5, isLimited: false });
    expect(k2450!.reading(["1.5E-05", ""], 0.2)).toBeUndefined();
    expect(k2450!.reading(["-285\tTSP", "0"], 0.2)).toBeUndefined();
  });

  it("ends with the words of the instrument where it refuses one, and nothing has fired", async () => {
    const { open, firmware } = await smuBench("keithley-2400", { over: { mostMicroamperes: Number.NaN } });
    const driver = open();
    await driver.identify();
    await expect(driver.pulse(device, one(2))).rejects.toMatchObject({
      code: "chip-refused",
      message: expect.stringMatching(
        /refused :SOUR:VOLT:MODE FIX.*: -224,"Illegal parameter value"/,
      ) as string,
    });
    expect(firmware.chip.pulsesFeltByTile(0)[0]).toBe(0);
  });

  it("has another read voltage where one is given, within the limits of the description", async () => {
    const { description } = await smuBench("keithley-2450");
    const limits = { ...description.limits, maxReadVolts: 0.4 };
    const { open, sent } = await smuBench("keithley-2450", {
      over: { description: { ...description, limits } },
    });
    const driver = open();
    await driver.identify();
    const usual = (await driver.read(device, 16)).conductanceMicrosiemens[0]!;
    const at = (await driver.read(device, 16, undefined, 0.1)).conductanceMicrosiemens[0]!;
    expect(Math.abs(at / usual - 1)).toBeLessThan(0.03);
    expect(sent.some((line) => line.includes(":SOUR:VOLT 0.1;:OUTP ON"))).toBe(true);
    await expect(driver.read(device, 1, undefined, 0.5)).rejects.toMatchObject({ code: "limit-exceeded" });
  });
});

describe("a transcript of an instrument", () => {
  it("is read again without a finding", async () => {
    const file = join(emptyFolder(), "read.jsonl");
    const chip = "emulator:keithley-2400?seed=5&state=none";
    const { code, err } = await mho(
      "read",
      "--chip",
      chip,
      "--transcript",
      file,
      "--workspace",
      emptyFolder(),
    );
    expect([code, err]).toEqual([0, expect.not.stringContaining("mho: ")]);
    const { sent, received, findings } = await replay(file);
    expect(sent.messages.length).toBe(10);
    expect(received.messages.length).toBe(10);
    expect(findings).toEqual([]);
  });
});

describe("one device between the terminals of an instrument", () => {
  it("is programmed over a line that is cut again and again, and what it felt is what was booked or is uncertain", async () => {
    let [cuts, unsure] = [0, 0];
    for (let n = 0; n < 6; n++) {
      const { felt, booked, uncertain, cutsMade } = await programOverCuts(n);
      expect(felt).toBeGreaterThanOrEqual(booked - uncertain);
      expect(felt).toBeLessThanOrEqual(booked);
      cuts += cutsMade;
      unsure += uncertain;
    }
    expect(cuts).toBeGreaterThan(20);
    expect(unsure).toBeGreaterThan(0);
  });
});

/** Programs one device by verify over a cable that is pulled after some tens of lines each time. */
async function programOverCuts(seed: number) {
  const cable = new Cable(dialectNamed(builtInDialects, "smu"), findPreset("keithley-2400")!);
  const { description } = await smuBench("keithley-2400");
  const random = new Random(seed).fork("cuts");
  let draws = 0;
  const next = (): number => 8 + (random.at(draws++, 0).word0 % 30);
  cable.onCut = () => void (cable.writesLeft = next());
  cable.writesLeft = next();
  const store = await openWorkspace(emptyFolder());
  const clock = stillClock();
  let session = 0;
  const connect = (): SmuDriver =>
    new SmuDriver(cable.open(), {
      address: "cable",
      description,
      session: ++session,
      serialNumber: "DIE-1",
      hostTime: () => clock.nowMicroseconds(),
    });
  const driver = new ReconnectingDriver(connect(), {
    open: async () => connect(),
    patienceMilliseconds: 1e6,
    sleep: () => Promise.resolve(),
    now: () => 0,
    wallTime: () => "2026-01-01T00:00:00Z",
    stopped: () => false,
    onEvent() {},
  });
  await executeRun(
    {
      driver,
      store,
      clock,
      stop: { requested: false },
      wallTime: () => "2026-01-01T00:00:00Z",
      onEvent() {},
    },
    {
      title: "one device",
      chipName: "smu-device",
      chipSerialNumber: "DIE-1",
      chipAddress: "cable",
      method: "verify",
      model: builtInDefinition("reram-wan-2022")!,
      sweepTimesSeconds: [1],
      sweepAverages: 1,
      pulsesPerDevice: 500,
      tiles: [{ block: device, targetsMicrosiemens: Float32Array.of(8 + 4 * seed) }],
    },
  );
  const chip = { name: "smu-device", serialNumber: "DIE-1" };
  const ledger = await PulseLedger.ofChip(store, chip, description.geometry);
  await store.close();
  return {
    felt: cable.firmware.chip.pulsesFeltByTile(0)[0]!,
    booked: ledger.pulsesOfTile(0)[0]!,
    uncertain: ledger.uncertainOfTile(0)[0]!,
    cutsMade: cable.cuts,
  };
}
