import { describe, expect, it } from "vitest";
import { connectInProcess } from "../drivers/inProcess.ts";
import { PacketDriver } from "../drivers/packet/packetDriver.ts";
import { openTcp } from "../drivers/tcp.ts";
import { openTcpLine } from "../emulator/tcpLine.ts";
import { openSerial } from "../drivers/serial.ts";
import { PacketFirmware } from "../emulator/packetFirmware.ts";
import { findPreset, pcm64 } from "../emulator/presets.ts";
import { openPty } from "../emulator/pty.ts";
import { readChipDescription } from "../files/chipDescription.ts";
import { builtInDialects, emulatedChip } from "../lab/dialects.ts";
import { encodeFrame, FrameDecoder } from "../protocols/packet/frame.ts";
import { kinds, replyBit } from "../protocols/packet/messages.ts";
import { type ChipCapabilities, readingFlags, rowFates } from "../src/chip/driver.ts";
import { Random, uniformOf } from "../src/random.ts";
import { chipDriverContract } from "./contracts/chipDriver.ts";
import { describePcm64, openTestChip, spoiledLine } from "./support/chips.ts";

/** What boards of each dialect lack. A dialect whose boards are no phase-change chips has a suite of its own. */
const lacking: Readonly<Record<string, Partial<ChipCapabilities>>> = {
  packet: {},
  scpi: { multiply: false, onBoardVerify: false, tickets: false },
};

for (const dialect of builtInDialects.filter(({ name }) => name in lacking)) {
  const declares = lacking[dialect.name]!;
  const inProcess = async () => {
    const firmware = emulatedChip(dialect, pcm64(1), 7);
    const transport = connectInProcess({ receive: (bytes) => firmware.receive(bytes, 0) });
    const description = await describePcm64();
    return { driver: dialect.open(transport, { address: "x", description, session: 99 }), dispose() {} };
  };
  chipDriverContract(`the ${dialect.name} driver in process`, inProcess, { declares });

  chipDriverContract(
    `the ${dialect.name} driver of electrochemical devices`,
    async () => {
      const preset = findPreset("ecram-64", { births: "sound" })!;
      const firmware = emulatedChip(dialect, preset, 7);
      const transport = connectInProcess({ receive: (bytes) => firmware.receive(bytes, 0) });
      const described = await readChipDescription("chips/ecram-64.json");
      // A limit below the highest code, as other chips have it.
      const description = { ...described, limits: { ...described.limits, maxAmplitude: 30 } };
      return { driver: dialect.open(transport, { address: "x", description, session: 99 }), dispose() {} };
    },
    { declares: { ...declares, onBoardVerify: false }, widthNanoseconds: 1000, moves: 0.15 },
  );

  const overPty = async () => {
    const firmware = emulatedChip(dialect, pcm64(1), 7);
    const pty = openPty();
    pty.onBytes((bytes) => firmware.receive(bytes, 0).forEach((reply) => pty.write(reply)));
    const transport = await openSerial(pty.name, 3_000_000);
    const description = await describePcm64();
    const driver = dialect.open(transport, { address: `serial:${pty.name}`, description, session: 99 });
    return { driver, dispose: () => pty.close() };
  };
  chipDriverContract(`the ${dialect.name} driver over a pseudo-terminal`, overPty, { declares });

  const overTcp = async () => {
    const firmware = emulatedChip(dialect, pcm64(1), 7);
    const line = await openTcpLine(0);
    line.onBytes((bytes) => firmware.receive(bytes, 0).forEach((reply) => line.write(reply)));
    const transport = await openTcp(line.name);
    const description = await describePcm64();
    const driver = dialect.open(transport, { address: `tcp:${line.name}`, description, session: 99 });
    return { driver, dispose: () => line.close() };
  };
  chipDriverContract(`the ${dialect.name} driver over TCP`, overTcp, { declares });
}

function seeded(seed: number): () => number {
  const random = new Random(seed).fork("line");
  let draws = 0;
  return () => uniformOf(random.at(draws++, 0).word0);
}

describe("a pulse", () => {
  const block = { tile: 0, rowStart: 0, rowCount: 16 };

  it.each([1, 2, 3, 4])(
    "fires exactly once however the line loses, repeats and damages frames (seed %i)",
    async (seed) => {
      const { driver, firmware } = await openTestChip({
        line: spoiledLine(seeded(seed), 0.05),
        deadlineMilliseconds: 3,
      });
      await driver.identify();
      const turns = 6;
      for (let turn = 0; turn < turns; turn++) {
        const codes = new Uint16Array(16 * 256).fill(400);
        await driver.pulse(block, { codes, widthNanoseconds: 100, firstTicket: 1 + 16 * turn });
      }
      const felt = firmware.chip.pulsesFeltByTile(0);
      expect(new Set(felt.subarray(0, 16 * 256))).toEqual(new Set([turns]));
      expect(new Set(felt.subarray(16 * 256))).toEqual(new Set([0]));
    },
  );

  it("whose reply was lost is asked about, not fired again", async () => {
    let lose = true;
    const { driver, firmware } = await openTestChip({
      line: (peer) => ({
        receive: (bytes) => {
          const replies = peer.receive(bytes);
          const isPulse = kindOf(bytes) === kinds.pulse;
          if (isPulse && lose) {
            lose = false;
            return [];
          }
          return replies;
        },
      }),
    });
    await driver.identify();
    const order = { codes: new Uint16Array(256).fill(400), widthNanoseconds: 100, firstTicket: 5 };
    const { rowTimesMicroseconds } = await driver.pulse({ tile: 0, rowStart: 0, rowCount: 1 }, order);
    expect(rowTimesMicroseconds[0]).toBeGreaterThan(0);
    expect(new Set(firmware.chip.pulsesFeltByTile(0).subarray(0, 256))).toEqual(new Set([1]));
  });

  it("whose fate the chip no longer knows is reported as uncertain", async () => {
    const { driver } = await openTestChip();
    await driver.identify();
    const row = { tile: 0, rowStart: 0, rowCount: 1 };
    const order = { codes: new Uint16Array(256).fill(400), widthNanoseconds: 100 };
    await driver.pulse(row, { ...order, firstTicket: 5000 });
    await expect(driver.pulse(row, { ...order, firstTicket: 1 })).rejects.toMatchObject({
      code: "chip-refused",
    });
  });
});

describe("a row that gives nothing", () => {
  it("has no conductance, and says that it has none", async () => {
    const { driver, firmware } = await openTestChip();
    await driver.identify();
    firmware.chip.killRow(0, 1);
    const { conductanceMicrosiemens, flags } = await driver.read({ tile: 0, rowStart: 0, rowCount: 2 }, 1);
    expect(conductanceMicrosiemens.subarray(0, 256).every(Number.isFinite)).toBe(true);
    expect(conductanceMicrosiemens.subarray(256).every(Number.isNaN)).toBe(true);
    expect(flags.subarray(256).every((flag) => flag === readingFlags.invalid)).toBe(true);
    await driver.close();
  });
});

describe("a question about old tickets", () => {
  it("is answered row by row: fired and when, not fired, or unknown after a reset", async () => {
    const { driver, firmware } = await openTestChip();
    const { boot } = await driver.identify();
    const order = { codes: new Uint16Array(512).fill(400), widthNanoseconds: 100, firstTicket: 10 };
    const fired = await driver.pulse({ tile: 0, rowStart: 0, rowCount: 2 }, order);
    const known = await driver.fates(10, 3, boot);
    expect([...known.fates]).toEqual([1, 1, 2]);
    expect(known.rowTimesMicroseconds.slice(0, 2)).toEqual(fired.rowTimesMicroseconds);
    firmware.restart();
    await driver.identify();
    expect([...(await driver.fates(10, 3, boot)).fates]).toEqual([3, 3, 3]);
  });
});

describe("standby", () => {
  it("overtakes what has not left yet: rows still waiting for room never fire", async () => {
    let arrived: () => void = () => {};
    const pulseArrived = new Promise<void>((resolve) => (arrived = resolve));
    const { driver, firmware } = await openTestChip({
      deadlineMilliseconds: 2000,
      line: (peer) => ({
        receive(bytes) {
          if (kindOf(bytes) === kinds.pulse) arrived();
          return peer.receive(bytes).map((reply) => ({ bytes: reply as Uint8Array, lateMilliseconds: 5 }));
        },
      }),
    });
    await driver.identify();
    const whole = { tile: 0, rowStart: 0, rowCount: 64 };
    const codes = new Uint16Array(64 * 256).fill(400);
    const pulsing = driver.pulse(whole, { codes, widthNanoseconds: 100, firstTicket: 1 });
    const failed = expect(pulsing).rejects.toMatchObject({ code: "interrupted" });
    await pulseArrived;
    await driver.standby();
    await failed;
    const felt = firmware.chip.pulsesFeltByTile(0);
    const rowsFired = Array.from({ length: 64 }, (_, row) => felt[row * 256]!);
    expect(firmware.inStandby).toBe(true);
    expect(rowsFired.filter((pulses) => pulses === 1).length).toBeLessThan(40);
    expect(rowsFired.filter((pulses) => pulses === 0).length).toBeGreaterThan(20);
  });

  it("keeps an order that comes after the abort from firing, however late", async () => {
    const late: Uint8Array[] = [];
    const { driver, firmware } = await openTestChip({
      deadlineMilliseconds: 5,
      line: (peer) => ({
        receive(bytes) {
          // Pulses are held up on the line, everything else passes.
          if (kindOf(bytes) === kinds.pulse) {
            late.push(bytes.slice());
            return [];
          }
          const replies = peer.receive(bytes);
          if (kindOf(bytes) === kinds.abort) for (const held of late) peer.receive(held);
          return replies;
        },
      }),
    });
    await driver.identify();
    const order = { codes: new Uint16Array(256).fill(400), widthNanoseconds: 100, firstTicket: 1 };
    const pulsing = driver.pulse({ tile: 0, rowStart: 0, rowCount: 1 }, order);
    const failed = expect(pulsing).rejects.toBeInstanceOf(Error);
    await driver.standby();
    await failed;
    expect(firmware.chip.pulsesFeltByTile(0).every((pulses) => pulses === 0)).toBe(true);
  });
});

describe("a heartbeat", () => {
  it("notices within a second that the line fell silent", async () => {
    const { driver } = await openTestChip({ line: () => ({ receive: () => [] }) });
    await expect(driver.heartbeat()).rejects.toMatchObject({
      code: "link-lost",
      facts: { deadlineSeconds: 0.2, attempts: 4 },
    });
  });
});

describe("a mute chip", () => {
  it("ends every question at its deadline with an error that names chip, question, tag and deadline", async () => {
    const { driver } = await openTestChip({ line: () => ({ receive: () => [] }), deadlineMilliseconds: 5 });
    await expect(driver.identify()).rejects.toMatchObject({
      code: "link-lost",
      message: expect.stringMatching(
        /emulator:pcm-64 did not answer the hello .*tag 1\) within 0\.005 s, 8 times: nothing came back/,
      ) as string,
      facts: {
        port: "in process",
        dialect: "packet",
        tag: 1,
        attempts: 8,
        sent: expect.stringMatching(/^00[\da-f]+00$/) as string,
        heardBytes: 0,
      },
    });
  });

  it("that mutters is quoted: how much came back, and how it ended", async () => {
    const mutter = Uint8Array.of(0xde, 0xad, 0xbe, 0xef);
    const { driver } = await openTestChip({
      line: () => ({ receive: () => [mutter] }),
      deadlineMilliseconds: 5,
    });
    await expect(driver.identify()).rejects.toMatchObject({
      message: expect.stringContaining("32 bytes came back, the last deadbeef") as string,
      facts: { heardBytes: 32 },
    });
  });
});

describe("what answers", () => {
  it("is refused when it is another kind of chip", async () => {
    const firmware = new PacketFirmware({ ...pcm64(1), name: "other-1" }, 7);
    const transport = connectInProcess({ receive: (bytes) => firmware.receive(bytes, 0) });
    const driver = new PacketDriver(transport, {
      address: "x",
      description: await describePcm64(),
      session: 1,
    });
    await expect(driver.identify()).rejects.toMatchObject({
      code: "wrong-chip",
      message: expect.stringMatching(/calls itself other-1, and pcm-64 was meant/) as string,
    });
  });

  it("is refused when it has another number of tiles", async () => {
    const firmware = new PacketFirmware(pcm64(2), 7);
    const transport = connectInProcess({ receive: (bytes) => firmware.receive(bytes, 0) });
    const driver = new PacketDriver(transport, {
      address: "x",
      description: await describePcm64(3),
      session: 1,
    });
    await expect(driver.identify()).rejects.toMatchObject({ code: "wrong-chip" });
  });

  it("cannot put escape codes on a terminal through its name", async () => {
    const firmware = new PacketFirmware({ ...pcm64(1), name: "\x1b[2Jpcm" }, 7);
    const transport = connectInProcess({ receive: (bytes) => firmware.receive(bytes, 0) });
    const driver = new PacketDriver(transport, {
      address: "x",
      description: await describePcm64(),
      session: 1,
    });
    await expect(driver.identify()).rejects.toMatchObject({
      message: expect.not.stringContaining("\x1b") as string,
    });
  });

  it("under another session or tag is never taken for a reply", async () => {
    const { driver } = await openTestChip({
      deadlineMilliseconds: 5,
      line: () => ({
        receive: () => [
          encodeFrame({ kind: kinds.time | replyBit, session: 1234, tag: 77, body: new Uint8Array(8) }),
          encodeFrame({ kind: kinds.time | replyBit, session: 999, tag: 1, body: new Uint8Array(8) }),
        ],
      }),
    });
    await expect(driver.chipTime()).rejects.toMatchObject({ code: "link-lost" });
  });

  it("with a malformed body under the right tag is refused, not believed", async () => {
    const { driver } = await openTestChip({
      line: () => ({
        receive: () => [
          encodeFrame({ kind: kinds.time | replyBit, session: 1234, tag: 1, body: new Uint8Array(3) }),
        ],
      }),
    });
    await expect(driver.chipTime()).rejects.toMatchObject({ code: "chip-refused" });
  });
});

function kindOf(bytes: Uint8Array): number {
  let kind = -1;
  new FrameDecoder().push(
    bytes,
    (frame) => (kind = frame.kind),
    () => {},
  );
  return kind;
}

describe("a board that keeps few answers", () => {
  it("is asked for no more at once, so that whatever is lost on the line is asked for again and answered", async () => {
    const draws = new Random(5).fork("line");
    let drawn = 0;
    const random = (): number => draws.at(drawn++, 0).word0 / 2 ** 32;
    const chip = await openTestChip({ line: spoiledLine(random, 0.1) });
    chip.firmware.answersKept = 4;
    await chip.driver.identify();
    const block = { tile: 0, rowStart: 0, rowCount: 40 };
    const { flags } = await chip.driver.read(block, 1);
    expect(flags.length).toBe(40 * 256);
    const codes = new Uint16Array(40 * 256).fill(300);
    const { fates } = await chip.driver.pulse(block, { codes, widthNanoseconds: 100, firstTicket: 1 });
    expect(fates.every((fate) => fate === rowFates.fired)).toBe(true);
    expect(
      chip.firmware.chip
        .pulsesFeltByTile(0)
        .subarray(0, 40 * 256)
        .every((felt) => felt === 1),
    ).toBe(true);
  });
});
