import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { connectInProcess } from "../drivers/inProcess.ts";
import { findPreset, pcm64 } from "../emulator/presets.ts";
import { Rp2040Firmware } from "../emulator/rp2040/firmware.ts";
import { decodeUf2, encodeUf2 } from "../emulator/rp2040/uf2.ts";
import { readChipDescription } from "../files/chipDescription.ts";
import { builtInDialects } from "../lab/dialects.ts";
import { openBench } from "../lab/bench.ts";
import { emulate } from "../lab/emulate/emulate.ts";
import { boardChip } from "../lab/firmware/boardChip.ts";
import { blockAddress, descriptionBlock, usualSettings } from "../lab/firmware/descriptionBlock.ts";
import { crc32c } from "../protocols/crc32c.ts";
import { BodyReader, BodyWriter } from "../protocols/packet/body.ts";
import { encodeFrame, FrameDecoder } from "../protocols/packet/frame.ts";
import { encodeHello, encodePulseRow, encodeReadRow, kinds } from "../protocols/packet/messages.ts";
import { type ChipDriver, rowFates } from "../src/chip/driver.ts";
import { firmwareUnderTest } from "./support/firmware.ts";
import { chipDriverContract } from "./contracts/chipDriver.ts";
import { describePcm64 } from "./support/chips.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

const image = await firmwareUnderTest();
const description = await describePcm64();

/** What the reference firmware cannot do, by dialect. */
const lacking = {
  packet: { multiply: false, burst: false, describe: true },
  scpi: { multiply: false, burst: false, onBoardVerify: false, tickets: false, describe: true },
} as const;

for (const [name, declares] of Object.entries(lacking)) {
  const dialect = builtInDialects.find((known) => known.name === name)!;
  const open = async () => {
    const board = boardChip(image, pcm64(1), 7, description);
    const transport = connectInProcess({ receive: (bytes) => board.receive(bytes, 0) });
    return { driver: dialect.open(transport, { address: "x", description, session: 99 }), dispose() {} };
  };
  chipDriverContract(`the ${name} driver of the RP2040's machine code`, open, { declares, clockRuns: true });
}

function openBoard(seed = 7, start = 1): { board: Rp2040Firmware; driver: ChipDriver; heard: number[] } {
  const board = boardChip(image, pcm64(1), seed, description, start);
  const heard: number[] = [];
  const receive = (bytes: Uint8Array): Uint8Array[] => {
    const replies = board.receive(bytes, 0);
    for (const reply of replies) heard.push(...reply);
    return replies;
  };
  const [packet] = builtInDialects;
  const driver = packet!.open(connectInProcess({ receive }), { address: "x", description, session: 99 });
  return { board, driver, heard };
}

const block = { tile: 0, rowStart: 0, rowCount: 2 };

describe("the machine code", () => {
  it("says and does the same, bit for bit, each time", async () => {
    const told = async (): Promise<[number[], number]> => {
      const { board, driver, heard } = openBoard();
      await driver.identify();
      await driver.pulse(block, {
        codes: new Uint16Array(512).fill(500),
        widthNanoseconds: 100,
        firstTicket: 5,
      });
      await driver.read(block, 4);
      await driver.advance(86_400e6);
      await driver.read(block, 1);
      return [heard, board.instructions];
    };
    const [first, again] = [await told(), await told()];
    expect(again).toEqual(first);
    expect(first[0].length).toBeGreaterThan(2000);
  });

  it("brings a row to its targets by the board's own loop, and says how many pulses it gave", async () => {
    const { board, driver } = openBoard();
    await driver.identify();
    const targetsMicrosiemens = Float32Array.from({ length: 512 }, (_, k) =>
      k % 9 === 0 ? Number.NaN : 2 + (k % 16),
    );
    const order = { targetsMicrosiemens, marginMicrosiemens: 0.8, iterations: 40, widthNanoseconds: 100 };
    const report = await driver.verify(block, { ...order, firstTicket: 50 });
    const felt = board.chip.pulsesFeltByTile(0).subarray(0, 512);
    expect([...report.pulsesGiven!]).toEqual([...felt]);
    expect(felt.every((pulses, k) => k % 9 !== 0 || pulses === 0)).toBe(true);
    const { conductanceMicrosiemens } = await driver.read(block, 16);
    const off = conductanceMicrosiemens.filter((g, k) => Math.abs(g - targetsMicrosiemens[k]!) > 2);
    expect(off.length).toBeLessThan(15);
  });

  it("begins another boot when it starts anew, and knows nothing of earlier tickets", async () => {
    const { board, driver } = openBoard();
    const { boot } = await driver.identify();
    const order = { codes: new Uint16Array(512).fill(500), widthNanoseconds: 100, firstTicket: 10 };
    await driver.pulse(block, order);
    const time = await driver.chipTime();
    board.restart();
    expect(board.inStandby).toBe(true);
    const after = await driver.identify();
    expect(after).toMatchObject({ newestTicket: 0 });
    expect(after.boot).not.toBe(boot);
    expect([...(await driver.fates(10, 2, boot)).fates]).toEqual([rowFates.uncertain, rowFates.uncertain]);
    expect(await driver.chipTime()).toBeGreaterThan(time);
    expect((await openBoard(7, 2).driver.identify()).boot).not.toBe(boot);
  });

  it("goes to standby by itself when its host is silent", async () => {
    const { board, driver } = openBoard();
    await driver.identify();
    board.tick(9_900_000);
    expect(board.inStandby).toBe(false);
    board.tick(10_100_000);
    expect(board.inStandby).toBe(true);
    await expect(driver.read(block, 1)).rejects.toMatchObject({ code: "chip-refused" });
  });

  it("pulses half of a row when its supply fails, and starts anew", async () => {
    const { board, driver } = openBoard();
    await driver.identify();
    const codes = new Uint16Array(256).fill(400);
    const pulse = { ticket: 9, tile: 0, row: 0, kind: "reset", gateCode: 0, codes } as const;
    const body = encodePulseRow({ ...pulse, widthNanoseconds: 100, trailingNanoseconds: 0 });
    board.sag(encodeFrame({ kind: kinds.pulse, session: 99, tag: 2, body }), 0);
    board.restart();
    const felt = board.chip.pulsesFeltByTile(0).subarray(0, 256);
    expect(new Set(felt.subarray(0, 128))).toEqual(new Set([1]));
    expect(new Set(felt.subarray(128))).toEqual(new Set([0]));
  });

  it("gives the description that it was told, in parts, with its check", async () => {
    const { board, driver } = openBoard();
    await driver.identify();
    let text = "";
    for (let tag = 2, total = 1; text.length < total; tag++) {
      const body = new BodyWriter(6).u32(text.length).u16(700).done();
      const [reply] = board.receive(encodeFrame({ kind: describeKind, session: 99, tag, body }), 0);
      let part: Uint8Array = new Uint8Array(0);
      new FrameDecoder().push(
        reply!,
        (frame) => (part = frame.body),
        () => {},
      );
      const fields = new BodyReader(part);
      total = fields.u32();
      expect(fields.u32()).toBe(crc32c(new TextEncoder().encode(description.document!.text)));
      expect(fields.u16()).toBe(16);
      const length = fields.u16();
      text += new TextDecoder().decode(part.subarray(12, 12 + length));
    }
    expect(text).toBe(description.document!.text);
  });

  it("that was told nothing of its chip answers hello, and refuses the rest", async () => {
    const board = new Rp2040Firmware(pcm64(1), 7, image);
    const hello = encodeFrame({ kind: kinds.hello, session: 5, tag: 1, body: encodeHello() });
    expect(new TextDecoder("latin1").decode(board.receive(hello, 0)[0]!)).toContain("undescribed");
    const read = encodeReadRow({ tile: 0, row: 0, averages: 1 });
    const [refused] = board.receive(encodeFrame({ kind: kinds.read, session: 5, tag: 2, body: read }), 0);
    expect(new TextDecoder("latin1").decode(refused!)).toContain("tiles on this board: 0");
  });
});

describe("mho emulate --firmware", () => {
  const options = { seed: 7, tcpPort: 0, pace: false, onReplugged() {} };

  it.each(["packet", "scpi"])("serves the machine code in %s, and it needs no ?chip=", async (dialect) => {
    const emulation = await emulate("pcm-64", { ...options, dialect, firmware: "rp2040" });
    const address = emulation.address.replace(/&chip=[^&]*|&tiles=[^&]*/g, "");
    const bench = await openBench({ workspace: emptyFolder(), chip: address });
    const { conductanceMicrosiemens } = await bench.read({ tile: 0, rowStart: 3, rowCount: 1 });
    expect(conductanceMicrosiemens).toHaveLength(256);
    await bench.close();
    emulation.close();
  });

  it("refuses a firmware that there is not, and what machine code cannot do", async () => {
    await expect(emulate("pcm-64", { ...options, firmware: "pico" })).rejects.toMatchObject({
      code: "bad-argument",
      message: "There is no firmware pico. Known are rp2040.",
    });
    const timed = { ...options, firmware: "rp2040", timeScale: 2 };
    await expect(emulate("pcm-64", timed)).rejects.toMatchObject({
      message: expect.stringContaining("--time-scale cannot be used with --firmware") as string,
    });
    const { board } = openBoard();
    expect(() => board.lie()).toThrow(/does not lie/);
    expect(() => board.fallDumb()).toThrow(/leaves no request alone/);
  });
});

describe("rows of 1,024 devices", () => {
  it.each(["packet", "scpi"])("are read and pulsed in %s", async (name) => {
    const preset = findPreset("pcm-256", { tiles: 1 })!;
    const wide = await readChipDescription("chips/pcm-256.json");
    const board = boardChip(image, preset, 7, wide);
    const transport = connectInProcess({ receive: (bytes) => board.receive(bytes, 0) });
    const dialect = builtInDialects.find((known) => known.name === name)!;
    const driver = dialect.open(transport, { address: "x", description: wide, session: 99 });
    await driver.identify();
    const row = { tile: 0, rowStart: 200, rowCount: 1 };
    const before = await driver.read(row, 16);
    // No more than a row may draw.
    const codes = Uint16Array.from({ length: 1024 }, (_, k) => (k % 4 === 3 ? 700 : 0));
    await driver.pulse(row, { codes, widthNanoseconds: 100, firstTicket: 1 });
    const after = await driver.read(row, 16);
    const moved = after.conductanceMicrosiemens.map((g, k) =>
      Math.abs(g - before.conductanceMicrosiemens[k]!),
    );
    expect(moved.filter((g, k) => k % 4 === 3 && g > 5).length).toBeGreaterThan(240);
    expect(moved.filter((g, k) => k % 4 !== 3 && g > 5)).toHaveLength(0);
  });
});

const describeKind = 0x0f;

describe("the block that tells a board of its chip", () => {
  const settings = { ...usualSettings, serialNumber: "W3-D17" };

  it("is refused for rows that the firmware has no room for", () => {
    const geometry = { ...description.geometry, columns: 300 };
    expect(() => descriptionBlock({ ...description, geometry }, settings)).toThrow(
      /rows of 1200 devices, and the firmware has room for 1024/,
    );
  });

  it("fits the chips that come with mho whose rows are not too long", async () => {
    for (const chip of ["pcm-64", "pcm-256", "rram-128", "ecram-64"]) {
      const described = await readChipDescription(`chips/${chip}.json`);
      const bytes = descriptionBlock(described, settings);
      expect(bytes.length).toBe(512 + described.document!.text.length);
      const blocks = [{ address: blockAddress, bytes }];
      const again = decodeUf2(encodeUf2(blocks))!;
      expect(again.map(({ address }) => address)).toEqual(again.map((_, k) => blockAddress + 256 * k));
      expect(Buffer.concat(again.map((one) => one.bytes)).subarray(0, bytes.length)).toEqual(
        Buffer.from(bytes),
      );
    }
  });
});

describe("the image", () => {
  it("is at most 64 kB", () => {
    expect(image.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThanOrEqual(65_536);
  });

  it("is the one whose SHA-256 stands beside it", async () => {
    const sum = await readFile("firmware/image/SHA256SUMS", "utf8");
    const file = await readFile("firmware/image/mho-rp2040.uf2");
    expect(sum).toBe(`${createHash("sha256").update(file).digest("hex")}  mho-rp2040.uf2\n`);
  });

  it("leaves the sectors of the description alone", () => {
    for (const { address, bytes } of image) {
      expect(address + bytes.length).toBeLessThanOrEqual(blockAddress);
    }
  });

  it("is refused where it is none for this processor", () => {
    expect(decodeUf2(new Uint8Array(512))).toBeUndefined();
    expect(decodeUf2(new Uint8Array(0))).toBeUndefined();
    const other = encodeUf2([{ address: blockAddress, bytes: new Uint8Array(10) }]);
    other[28]! ^= 1;
    expect(decodeUf2(other)).toBeUndefined();
  });
});
