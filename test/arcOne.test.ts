import { describe, expect, it } from "vitest";
import { programArcOne } from "../bench/arcOne.ts";
import { arcOne } from "../drivers/arcOne/dialect.ts";
import { connectInProcess } from "../drivers/inProcess.ts";
import { askLine, perhapsBoard } from "../drivers/ports.ts";
import { openSerial } from "../drivers/serial.ts";
import type { After } from "../drivers/systemClock.ts";
import { ArcOneFirmware } from "../emulator/arcOneFirmware.ts";
import { findPreset, pcm64 } from "../emulator/presets.ts";
import { openPty } from "../emulator/pty.ts";
import { readChipDescription } from "../files/chipDescription.ts";
import { parseAddress } from "../lab/address.ts";
import { openBench } from "../lab/bench.ts";
import { builtInDialects } from "../lab/dialects.ts";
import { decodeFloats } from "../protocols/arcOne/replies.ts";
import { numberToken } from "../protocols/arcOne/tokens.ts";
import { rowFates } from "../src/chip/driver.ts";
import { chipDriverContract } from "./contracts/chipDriver.ts";
import { describePcm64 } from "./support/chips.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { misbooked } from "./support/misbooked.ts";

removeFoldersAfterEach();

const nothing = {
  virtualTime: false,
  multiply: false,
  onBoardVerify: false,
  environment: false,
  references: false,
  burst: false,
  tickets: false,
  clock: false,
  codes: false,
  serialNumber: false,
} as const;

let sessions = 0;

/**
 * Gaps and resets are over at once. So is the wait for a reply of a board in this process: what has not come by then does not come.
 */
const hurried =
  (waitsForReplies: boolean): After =>
  (milliseconds, then) => {
    let off = false;
    const isReply = milliseconds > 1 && milliseconds !== 2000;
    setImmediate(() => {
      if (!off && !(isReply && waitsForReplies)) then();
    });
    return () => (off = true);
  };

/** An emulated board, and a driver of it. `arriving` may hold back what was sent. */
async function board(arriving: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes, births = "sound") {
  const firmware = new ArcOneFirmware(findPreset("arc-one-32", { births: births as "sound" })!, 7);
  const described = await readChipDescription("chips/arc-one-32.json");
  const sent: string[] = [];
  const line = connectInProcess({
    receive(bytes) {
      sent.push(Buffer.from(bytes).toString("latin1").trim().replaceAll("\n", " "));
      return firmware.receive(arriving(bytes), 0);
    },
  });
  const driver = arcOne.open(line, {
    address: "x",
    description: described,
    session: ++sessions,
    serialNumber: "DIE-12",
    after: hurried(false),
  });
  return { firmware, description: described, driver, sent };
}

chipDriverContract(
  "the arc-one driver in process",
  async () => ({ driver: (await board()).driver, dispose() {} }),
  { declares: nothing, named: "DIE-12", widthNanoseconds: 1000, moves: 3, movesShare: 0.5 },
);

chipDriverContract(
  "the arc-one driver over a pseudo-terminal, which knows no parity",
  async () => {
    const firmware = new ArcOneFirmware(findPreset("arc-one-32", { births: "sound" })!, 7);
    const pty = openPty();
    pty.onBytes((bytes) => firmware.receive(bytes, 0).forEach((reply) => pty.write(reply)));
    const transport = await openSerial(pty.name, 921_600, { parity: "even" });
    const driver = arcOne.open(transport, {
      address: `serial:${pty.name}`,
      description: await readChipDescription("chips/arc-one-32.json"),
      session: ++sessions,
      serialNumber: "DIE-12",
      after: hurried(true),
    });
    return { driver, dispose: () => pty.close() };
  },
  { declares: nothing, named: "DIE-12", widthNanoseconds: 1000, moves: 3, movesShare: 0.5 },
);

const word = { tile: 0, rowStart: 4, rowCount: 1 };

function orderOf(volts: number, bits: readonly number[] = [6], width = 1000) {
  const codes = new Uint16Array(32);
  for (const bit of bits) codes[bit] = Math.round(volts / 0.005);
  return { kind: "set", codes, widthNanoseconds: width, firstTicket: 1 } as const;
}

describe("the driver of an ArC ONE", () => {
  it("starts the board by a reset, its settings and its version, and makes it safe by a reset", async () => {
    const { driver, sent, firmware } = await board();
    expect(await driver.identify()).toMatchObject({
      name: "arc-one-32",
      firmware: "2.0",
      serialNumber: "DIE-12",
    });
    expect(sent.map((tokens) => tokens.replace(/(00 )+00/, "00…"))).toEqual([
      "00…",
      "0 30 32 32 2 0 0 0.5",
      "01 2 0.5",
      "999",
    ]);
    await driver.identify();
    expect(sent).toHaveLength(4);
    await driver.standby();
    expect(sent.at(-1)).toMatch(/^00( 00)*$/);
    expect(firmware.inStandby).toBe(true);
  });

  it("pulses and reads a device by one job, with the polarity as the sign and a width that every board can read", async () => {
    const { driver, sent } = await board();
    await driver.identify();
    await driver.pulse(word, orderOf(1.5, [6], 90));
    await driver.pulse(word, { ...orderOf(2), kind: "reset" });
    expect(sent.slice(-2)).toEqual(["3 5 7 1.5 0.00000009", "3 5 7 -2 0.000001"]);
    await expect(driver.pulse(word, orderOf(1.5, [6], 80))).rejects.toMatchObject({
      code: "limit-exceeded",
      message: expect.stringContaining("a width of 80 ns is not a whole number from 90") as string,
    });
    expect(["0.0001", "1", "-0.5", "0.00000009", "50000"]).toEqual(
      [1e-4, 1, -0.5, 90e-9, 50_000].map(numberToken),
    );
  });

  it("reads one word device by device, and many as a whole, to the same conductances", async () => {
    const { driver, sent } = await board();
    await driver.identify();
    const all = await driver.read({ tile: 0, rowStart: 0, rowCount: 32 }, 8);
    const one = await driver.read({ ...word, rowStart: 20 }, 8);
    expect(sent.filter((tokens) => /^[12] /.test(tokens))).toEqual([
      "2 1 32 32",
      ...Array.from({ length: 32 }, (_, bit) => `1 21 ${bit + 1}`),
    ]);
    one.conductanceMicrosiemens.forEach((g, bit) =>
      expect(Math.abs(g / all.conductanceMicrosiemens[20 * 32 + bit]! - 1)).toBeLessThan(0.1),
    );
  });

  it("averages by the board's cycles, and more than it averages at once as the mean of several reads", async () => {
    const { driver, sent } = await board();
    await driver.identify();
    const top = { ...word, rowStart: 0 };
    await driver.read(top, 1);
    await driver.read(top, 18);
    const reads = sent.filter((tokens) => /^(011|2) /.test(tokens));
    const read = "2 1 1 32";
    expect(reads).toEqual([read, "011 240 0", read, read, "011 60 0", read]);
  });

  it.each([
    ["job", 0],
    ["kind", 1],
    ["words", 2],
    ["bits", 3],
  ])(
    "resets the board and reads again where the %s of a read was lost, and reads the same",
    async (_, place) => {
      let lose = false;
      const chip = await board((bytes) => {
        const tokens = Buffer.from(bytes).toString("latin1").split("\n");
        if (!lose || tokens[0] !== "2") return bytes;
        lose = false;
        tokens.splice(place, 1);
        return Buffer.from(tokens.join("\n"), "latin1");
      });
      const whole = { tile: 0, rowStart: 0, rowCount: 32 };
      await chip.driver.identify();
      const before = await chip.driver.read(whole, 8);
      lose = true;
      const after = await chip.driver.read(whole, 8);
      expect(lose).toBe(false);
      expect(chip.sent.filter((tokens) => tokens.startsWith("0 "))).toHaveLength(2);
      after.conductanceMicrosiemens.forEach((g, device) =>
        expect(Math.abs(g / before.conductanceMicrosiemens[device]! - 1)).toBeLessThan(0.15),
      );
    },
  );

  it("sends nothing of which a lost token makes a pulse higher or longer than the chip may have", async () => {
    const { driver, sent } = await board();
    await driver.identify();
    await driver.read({ tile: 0, rowStart: 0, rowCount: 32 }, 8);
    for (const rowStart of [0, 1, 2, 4, 20]) {
      await driver.read({ ...word, rowStart }, 1);
      await driver.pulse({ ...word, rowStart }, orderOf(3.2, [0, 1, 2, 30]));
      await driver.pulse({ ...word, rowStart }, { ...orderOf(3.2, [0, 1, 2, 30]), gateCode: 100 });
    }
    for (const request of new Set(sent.filter((tokens) => !tokens.startsWith("00")))) {
      const tokens = request.split(" ");
      for (const lost of tokens.keys()) {
        const firmware = new ArcOneFirmware(findPreset("arc-one-32", { births: "sound" })!, 7);
        const given: [number, number][] = [];
        firmware.chip.pulseRow = (_tile, _row, { codes, widthNanoseconds }) =>
          void given.push([Math.max(...codes), widthNanoseconds]);
        const started = "0 30 32 32 2 0 0 0.5 01 2 0.5".split(" ");
        const left = tokens.toSpliced(lost, 1);
        const flush = Array<string>(20).fill("00");
        firmware.receive(
          Buffer.from([...started, ...left, ...flush].map((token) => `${token}\n`).join("")),
          0,
        );
        for (const [code, width] of given)
          expect([request, lost, code <= 660, width <= 1000]).toEqual([request, lost, true, true]);
      }
    }
  });

  it("books the row of a lost pulse as uncertain, sends none of it again, and goes on with the other rows", async () => {
    let pulses = 0;
    const { driver, firmware, sent } = await board((bytes) => {
      const text = Buffer.from(bytes).toString("latin1");
      // The width of the third pulse is lost.
      return text.startsWith("3\n") && ++pulses === 3
        ? bytes.subarray(0, text.lastIndexOf("\n", text.length - 2) + 1)
        : bytes;
    });
    await driver.identify();
    const codes = new Uint16Array(96);
    for (const device of [0, 1, 32, 33, 64, 65]) codes[device] = 300;
    const order = { kind: "set", codes, widthNanoseconds: 1000, firstTicket: 1 } as const;
    const { fates } = await driver.pulse({ ...word, rowCount: 3 }, order);
    const { fired, uncertain } = rowFates;
    expect([...fates]).toEqual([fired, uncertain, fired]);
    expect(sent.filter((tokens) => tokens.startsWith("3 "))).toHaveLength(5);
    const felt = firmware.chip.pulsesFeltByTile(0);
    expect([0, 1, 32, 33, 64, 65].map((device) => felt[4 * 32 + device])).toEqual([1, 1, 0, 0, 1, 1]);
    expect(felt.reduce((sum, n) => sum + n, 0)).toBe(4);
  });

  it("never makes a higher voltage of half a token that a cut cable left", async () => {
    const { firmware, driver } = await board();
    // "2" of 2.6, before a reset is sent by the next connection.
    firmware.receive(Buffer.from("0\n30\n32\n32\n2\n0\n0\n0.5\n3\n5\n7\n2"), 0);
    const before = firmware.chip.truthOfTile(0, 0)[4 * 32 + 6]!;
    await driver.identify();
    const { conductanceMicrosiemens } = await driver.read(word, 8);
    expect(firmware.chip.pulsesFeltByTile(0).every((felt) => felt === 0)).toBe(true);
    expect(Math.abs(conductanceMicrosiemens[6]! / before - 1)).toBeLessThan(0.15);
  });

  it("resets a board that sends what was not asked for, and takes nothing of it for a reply", async () => {
    const firmware = new ArcOneFirmware(findPreset("arc-one-32", { births: "sound" })!, 7);
    let extra = 0;
    const line = connectInProcess({
      receive(bytes) {
        const replies = firmware.receive(bytes, 0);
        return extra-- > 0 ? [...replies, Uint8Array.of(1, 2, 3)] : replies;
      },
    });
    const description = await readChipDescription("chips/arc-one-32.json");
    const options = { address: "x", description, session: 1, after: hurried(false) };
    const driver = arcOne.open(line, options);
    await driver.identify();
    const before = await driver.read(word, 8);
    extra = 1;
    await driver.read(word, 8);
    const after = await driver.read(word, 8);
    after.conductanceMicrosiemens.forEach((g, bit) =>
      expect(Math.abs(g / before.conductanceMicrosiemens[bit]! - 1)).toBeLessThan(0.1),
    );
  });

  it("puts a series resistor before a device whose compliance is asked for, and refuses one that there is none for", async () => {
    const { driver, sent } = await board(undefined, "pristine");
    await driver.identify();
    const bits = Array.from({ length: 32 }, (_, bit) => bit);
    await driver.pulse(word, { ...orderOf(3.3, bits), gateCode: 60 });
    expect(sent.at(-1)).toBe("141 3.3 3.3 3.3 0.000001 0.000001 0.000001 0 0 0 1 3 1 1 5 32");
    const { conductanceMicrosiemens } = await driver.read(word, 8);
    const formed = conductanceMicrosiemens.filter((g) => g > 1);
    expect(formed.length).toBeGreaterThan(20);
    // 100 kΩ, the largest conductance that is not above 60 µS.
    expect(Math.max(...formed)).toBeLessThan(20);
    await expect(driver.pulse(word, { ...orderOf(3.3), gateCode: 0.5 })).rejects.toMatchObject({
      code: "limit-exceeded",
    });
  });

  it("refuses a chip that no ArC ONE can hold", async () => {
    const line = connectInProcess({ receive: () => [] });
    const options = { address: "x", description: await describePcm64(), session: 1 };
    await expect(arcOne.open(line, options).identify()).rejects.toThrow(/pcm-64 cannot be in the ArC ONE/);
    expect(() => new ArcOneFirmware(pcm64(1), 7)).toThrow(/32 × 32 devices at most/);
  });
});

describe("all 1,024 devices of an ArC ONE", () => {
  it("are programmed to ± 5 % over 50 cut cables and 20 lost tokens, and every pulse is booked", async () => {
    const found = await programArcOne({ seed: 3, method: "converge", cuts: 50, lostTokens: 20 });
    expect([found.cuts, found.lostTokens]).toEqual([50, 20]);
    expect(found.accepted).toBeGreaterThanOrEqual(0.98);
    expect(misbooked(found.felt, found.booked, found.uncertain)).toEqual([]);
  });

  it("are programmed by the address of an emulated board, whose dialect need not be named", async () => {
    expect(parseAddress("emulator:arc-one-32").dialect.name).toBe("arc-one");
    expect(parseAddress("emulator:arc-one-32?dialect=packet").dialect.name).toBe("packet");
    const bench = await openBench({
      workspace: emptyFolder(),
      chip: "emulator:arc-one-32?seed=5&state=none",
    });
    const valuesMicrosiemens = new Float32Array(64).fill(20);
    const run = await bench.program(
      { title: "two words", valuesMicrosiemens },
      { method: "converge", sweepTimesSeconds: [] },
    );
    const { plan } = await bench.run(run);
    expect(plan).toMatchObject({ chipName: "arc-one-32", chipSerialNumber: "EMU-5" });
    expect((await bench.runs()).find(({ id }) => id === run)).toBeDefined();
    await bench.close();
  });
});

describe("an emulated ArC ONE", () => {
  const started = (): ArcOneFirmware => {
    const firmware = new ArcOneFirmware(findPreset("arc-one-32", { births: "sound" })!, 7);
    expect(Buffer.from(say(firmware, "00 0 30 32 32 2 0 0 0.5 01 2 0.5")).toString()).toBe("1\n");
    return firmware;
  };
  const say = (firmware: ArcOneFirmware, tokens: string): Buffer =>
    Buffer.concat(firmware.receive(Buffer.from(`${tokens.replaceAll(" ", "\n")}\n`), 0));

  // Devices are named after the parameters; a stream ends with zeros for each device, or for each cycle.
  it.each([
    ["read one", "1 5 7", 1],
    ["read all", "2 1 4 6", 24],
    ["read masked", "2 2 32 32 3 1 1 5 7 32 32", 3],
    ["pulse and read", "3 5 7 1.5 0.0001", 1],
    ["select and pulse", "02 5 7 04 1.5 0.0001", 0],
    ["update hardware", "011 60 0", 0],
    ["FormFinder", "141 0.5 0.5 1.5 0.0001 100 0.0001 0.001 1 0 0 7 2 2 1 1 5 7", 2 * (3 * 6 + 3)],
    ["SwitchSeeker", "152 0.0001 0.5 0.5 1.5 0.001 1000000 5 10 2 10 0 0 1 5 7", 3 * (5 + 6) + 3],
    ["Endurance", "191 1 0.0001 0 -1 0.0001 0 0.001 1 2 4 1 5 7", 3 * 12 + 3],
    ["CurveTracer", "201 1 1 0.5 0.5 0.01 0.01 0 0 2 0 0 0 1 5 7", 2 * (3 * 8 + 3)],
    ["ChronoAmperometry", "220 1 0.1 4 1 5 7", 3 * 4 + 3],
    ["MultiBias, read", "50 1 0.0001 0.5 2 3 1 1 4", 3],
    ["MultiBias, write", "50 2.5 0.0001 0.5 2 3 2 1 4", 3 * 64],
  ])("does the job of the published table: %s", (_, tokens, floats) => {
    const firmware = started();
    const reply = say(firmware, tokens);
    expect(reply).toHaveLength(4 * floats);
    const values = [...decodeFloats(reply)];
    expect(values.every(Number.isFinite)).toBe(true);
    // It is in step: the next question is answered by itself.
    expect(say(firmware, "999")).toEqual(Buffer.of(2, 0, 0, 0));
  });

  it("converges to a state, and ends with zeros and no word of success", () => {
    const firmware = started();
    const values = [
      ...decodeFloats(say(firmware, "21 0.5 0.05 3 0.0001 100 0.0001 0.001 50000 5 5 1 1 1 5 7")),
    ];
    expect(values.slice(-3)).toEqual([0, 0, 0]);
    expect(Math.abs(values.at(-6)! / 50_000 - 1)).toBeLessThan(0.05);
  });

  it("skips blank tokens, answers no unknown one, and waits for what it was not told", () => {
    const firmware = started();
    expect(say(firmware, " 1  5 7")).toHaveLength(4);
    expect(say(firmware, "77 x")).toHaveLength(0);
    expect(say(firmware, "1 5")).toHaveLength(0);
    expect(say(firmware, "7")).toHaveLength(4);
  });

  it("knows jobs by their text, in which leading zeros count, and answers nothing before it was started", () => {
    const firmware = new ArcOneFirmware(findPreset("arc-one-32")!, 7);
    expect(say(firmware, "1 5 7")).toHaveLength(0);
    expect(say(started(), "01 2 0.5")).toHaveLength(0);
  });

  it("loses tokens that come too close together only where that is asked for", () => {
    const firmware = started();
    firmware.tokenGapMicroseconds = 500;
    expect(say(firmware, "1 5 7")).toHaveLength(0);
    const slow = (at: number, token: string): number =>
      firmware.receive(Buffer.from(`${token}\n`), at).reduce((sum, { length }) => sum + length, 0);
    firmware.restart();
    const settings = ["0", "30", "32", "32", "2", "0", "0", "0.5"];
    expect(settings.map((token, k) => slow(1e6 + 600 * k, token)).at(-1)).toBe(2);
    expect(["1", "5", "7"].map((token, k) => slow(2e6 + 600 * k, token))).toEqual([0, 0, 4]);
  });

  it("sends finite resistances of 1 Ω or more, also of a row that gives nothing", () => {
    const firmware = started();
    firmware.chip.killRow(0, 4);
    const values = [...decodeFloats(say(firmware, "2 1 32 32"))];
    expect(values.every((ohms) => Number.isFinite(ohms) && ohms >= 1)).toBe(true);
    expect(values.slice(128, 160).every((ohms) => ohms === Math.fround(1e12))).toBe(true);
  });
});

describe("a port of an mbed", () => {
  it("is perhaps an ArC ONE, and no dialect writes to it", async () => {
    const mbed = {
      path: "/dev/ttyACM0",
      vendor: "ARM",
      vendorId: "0d28",
      productId: "0204",
      serialNumber: "1",
    };
    expect(perhapsBoard(mbed, builtInDialects)).toBe("an ArC ONE");
    expect(perhapsBoard({ ...mbed, vendorId: "2e8a" }, builtInDialects)).toBeUndefined();
    const written: Uint8Array[] = [];
    const line = connectInProcess({ receive: (bytes) => (written.push(bytes.slice()), []) });
    expect(await askLine(line, [arcOne], 15)).toEqual({ kind: "silent" });
    expect(written).toEqual([]);
  });
});
