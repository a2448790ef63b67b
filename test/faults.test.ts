import { connect } from "node:net";
import { existsSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { connectInProcess } from "../drivers/inProcess.ts";
import { PacketDriver } from "../drivers/packet/packetDriver.ts";
import { openSerial } from "../drivers/serial.ts";
import { openTcp } from "../drivers/tcp.ts";
import { drawFaults, type FaultRecord, noFaults, type ScheduledFault } from "../emulator/faults.ts";
import { FaultyLine } from "../emulator/faultyLine.ts";
import { PacketFirmware } from "../emulator/packetFirmware.ts";
import { noDefects, pcm64, type Preset } from "../emulator/presets.ts";
import { openPty } from "../emulator/pty.ts";
import { TicketBook } from "../emulator/tickets.ts";
import { encodeFrame, type Frame, FrameDecoder } from "../protocols/packet/frame.ts";
import * as messages from "../protocols/packet/messages.ts";
import { mho } from "./support/commandHere.ts";
import { startMho } from "./support/commandLine.ts";
import { describePcm64, fivePercent } from "./support/chips.ts";
import { emulatorHere } from "./support/emulatorHere.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

const { kinds } = messages;
const sound: Preset = { ...pcm64(1), defects: noDefects };
const session = 9;

const framed = (kind: number, tag: number, body: Uint8Array): Uint8Array =>
  encodeFrame({ kind, session, tag, body });
const pulse = (ticket: number): Uint8Array =>
  messages.encodePulseRow({
    ticket,
    tile: 0,
    row: 0,
    kind: "reset",
    widthNanoseconds: 100,
    trailingNanoseconds: 0,
    gateCode: 0,
    codes: new Uint16Array(256).fill(400),
  });

function framesOf(parts: readonly Uint8Array[]): Frame[] {
  const frames: Frame[] = [];
  const decoder = new FrameDecoder();
  for (const bytes of parts) {
    decoder.push(
      bytes,
      (frame) => frames.push(frame),
      () => {},
    );
  }
  return frames;
}

/** A chip that has been greeted, in a world of the given faults. */
function world(record: Partial<FaultRecord>): { line: FaultyLine; ask: (bytes: Uint8Array) => Frame[] } {
  const line = new FaultyLine(new PacketFirmware(sound, 7), { ...noFaults, ...record });
  const ask = (bytes: Uint8Array): Frame[] =>
    framesOf(line.receive(bytes, 0).deliveries.map((delivery) => delivery.bytes));
  ask(framed(kinds.hello, 1, messages.encodeHello()));
  return { line, ask };
}

const fateOf = (frames: Frame[]): string | undefined => messages.decodeTicketFate(frames[0]!.body)?.fate;

describe("a world of faults", () => {
  it("is the same for a seed, and differs from seed to seed in which faults it has", () => {
    expect(drawFaults(3, sound.geometry)).toEqual(drawFaults(3, sound.geometry));
    const kindsSeen = Array.from({ length: 40 }, (_, seed) => {
      const { line, events } = drawFaults(seed, sound.geometry);
      return [...Object.entries(line), ...events.map(({ fault }) => [fault, 1] as const)]
        .filter(([, value]) => value > 0)
        .map(([name]) => name);
    });
    expect(new Set(kindsSeen.map((names) => [...new Set(names)].sort().join())).size).toBeGreaterThan(20);
    expect(new Set(kindsSeen.flat()).size).toBe(14);
  });

  it("without faults passes every byte on at once", () => {
    const { ask } = world({});
    expect(fateOf(ask(framed(kinds.pulse, 2, pulse(1))))).toBe("fired");
  });

  it.each([
    ["before", false, 0],
    ["after", true, 1],
  ])("a reset %s the pulse loses the reply, the session and the memory of tickets", (_, after, felt) => {
    const { line, ask } = world({
      events: [{ afterRequests: 2, fault: "reset", afterCarryingOut: after }],
    });
    expect(ask(framed(kinds.pulse, 2, pulse(1)))).toEqual([]);
    expect(line.firmware.chip.pulsesFeltByTile(0)[0]).toBe(felt);
    const [refused] = ask(framed(kinds.pulse, 2, pulse(1)));
    expect(messages.decodeRefusal(refused!.body)?.code).toBe(messages.refusals.noSession);
    const [hello] = ask(framed(kinds.hello, 3, messages.encodeHello()));
    expect(messages.decodeIdentity(hello!.body)?.boot).toBe(2);
    expect(fateOf(ask(framed(kinds.ticket, 4, messages.encodeNumber(1))))).toBe("unknown");
  });

  it("a brown-out leaves a row half pulsed", () => {
    const { line, ask } = world({ events: [{ afterRequests: 2, fault: "brown-out" }] });
    expect(ask(framed(kinds.pulse, 2, pulse(1)))).toEqual([]);
    const felt = line.firmware.chip.pulsesFeltByTile(0);
    expect([felt[0], felt[127], felt[128], felt[255]]).toEqual([1, 1, 0, 0]);
  });

  it("a line that hangs swallows all until its time is over", () => {
    const { line } = world({});
    line.inject({ fault: "hang", forMilliseconds: 100 }, 0);
    const time = framed(kinds.time, 2, messages.encodeNothing());
    expect(line.receive(time, 99_999).deliveries).toEqual([]);
    expect(line.receive(time, 100_000).deliveries).toHaveLength(1);
  });

  it("devices stick, rows die and converters jump in mid-run", () => {
    const { line, ask } = world({});
    const read = (tag: number, row = 0): Uint16Array => {
      const body = messages.encodeReadRow({ tile: 0, row, averages: 1 });
      return messages.decodeRowCodes(ask(framed(kinds.read, tag, body))[0]!.body)!.codes;
    };
    ask(framed(kinds.pulse, 2, pulse(1)));
    const before = read(3);
    const inject = (fault: ScheduledFault): void => line.inject(fault, 0);
    inject({ fault: "stick", tile: 0, row: 0, device: 5, high: false });
    inject({ fault: "dead-row", tile: 0, row: 1 });
    inject({ fault: "converter-jump", tile: 0, offsetCodes: 50, gain: 1 });
    const after = read(4);
    expect(after[5]).toBeLessThan(70);
    const mean = (codes: Uint16Array): number => codes.subarray(6).reduce((sum, code) => sum + code, 0) / 250;
    expect(Math.abs(mean(after) - mean(before) - 50)).toBeLessThan(10);
    expect(read(5, 1).every((code) => code === messages.invalidCode)).toBe(true);
    expect(line.log.map(({ fault }) => fault)).toEqual(["stick", "dead-row", "converter-jump"]);
  });

  it("in which lines spoil frames never fires a ticket twice, and every reply that arrives whole is right", () => {
    fc.assert(
      fc.property(fc.nat(1000), (seed) => {
        const chances = {
          damaged: 0.1,
          dropped: 0.1,
          duplicated: 0.2,
          late: 0,
          split: 0.3,
          glued: 0.3,
          lostReplies: 0.1,
        };
        const { line, ask } = world({ seed, line: chances });
        for (let tag = 2; tag < 40; tag++) {
          for (const frame of ask(framed(kinds.pulse, tag, pulse(tag - 1)))) {
            if (frame.kind !== (kinds.pulse | messages.replyBit)) continue;
            expect(messages.decodeTicketFate(frame.body)?.fate).toBe("fired");
          }
        }
        expect(line.firmware.chip.pulsesFeltByTile(0)[0]).toBeLessThanOrEqual(38);
      }),
      { numRuns: 40 },
    );
  });

  it("a chip whose clock is fast says so in its stamps", () => {
    const { ask } = world({ clockPartsPerMillion: 100 });
    const [reply] = ask(framed(kinds.advance, 2, messages.encodeNumber(1e9)));
    expect(messages.decodeNumber(reply!.body)).toBe(1_000_100_000);
  });
});

describe("a chip that lost its memory", () => {
  it("knows nothing of tickets before the first that it fires again, and all of those after it", () => {
    const book = new TicketBook(true);
    expect([book.fate(7).fate, book.mayFire(7)]).toEqual(["unknown", true]);
    book.fired(100, 5);
    expect([99, 100, 101].map((ticket) => book.fate(ticket).fate)).toEqual(["unknown", "fired", "not fired"]);
    expect(book.mayFire(99)).toBe(false);
  });
});

describe("mho emulate", () => {
  async function listening(...args: string[]) {
    const emulator = startMho(["emulate", ...args, "--json"]);
    const event = JSON.parse(await emulator.line(/listening/)) as { address: string; control?: string };
    return { emulator, ...event };
  }
  const target = (address: string): string => /^[a-z]+:([^?]+)/.exec(address)![1]!;

  it("serves TCP, where a driver programs and reads like anywhere", async () => {
    const { emulator, address } = await listening("pcm-64", "--tcp", "0", "--no-pace");
    expect(address).toMatch(/^tcp:127\.0\.0\.1:\d+\?dialect=packet&chip=pcm-64&tiles=1$/);
    const driver = new PacketDriver(await openTcp(target(address)), {
      address,
      description: await describePcm64(1),
      session: 5,
    });
    expect((await driver.identify()).serialNumber).toBe("EMU-7");
    const reading = await driver.read({ tile: 0, rowStart: 0, rowCount: 2 }, 1);
    expect(reading.conductanceMicrosiemens).toHaveLength(512);
    await driver.close();
    emulator.process.kill("SIGTERM");
    expect(await emulator.ended()).toMatchObject({ code: 0 });
  });

  it("keeps a link to its terminal, also when the cable comes back under another name, and takes it away", async () => {
    const link = join(emptyFolder(), "chip");
    const { emulator, address, control } = await listening("pcm-64", "--link", link, "--control");
    expect(target(address)).toBe(link);
    const first = readlinkSync(link);
    const transport = await openSerial(link, 3_000_000);
    const gone = new Promise((resolve) => transport.onClosed(resolve));
    const back = emulator.line(/replugged/);
    const said = await sideDoor(control!, { inject: { fault: "unplug", for_milliseconds: 20 } });
    expect(said).toEqual({ injected: "unplug" });
    await gone;
    await back;
    expect(existsSync(link)).toBe(true);
    expect(first).toMatch(/pts/);
    await transport.close();
    emulator.process.kill("SIGTERM");
    await emulator.ended();
    expect(existsSync(link)).toBe(false);
  });

  it("is found by mho ports, beside a port that is mute and one that does not exist", async () => {
    const mute = openPty();
    const { address } = await emulatorHere("pcm-64", { pty: true });
    const chip = target(address);
    const asked = await mho("ports", "--json", chip, mute.name);
    expect(asked.code).toBe(0);
    const { code, out } = await mho("ports", "--json", chip, mute.name, "/dev/ttyNoSuchPort");
    const { ports } = JSON.parse(out) as {
      ports: { path: string; answer: string; chip?: { serialNumber: string } }[];
    };
    const of = (path: string) => ports.find((port) => port.path === path);
    // A port that was named and cannot be asked is a failure.
    expect(code).toBe(3);
    expect(of(chip)).toMatchObject({ answer: "chip", chip: { dialect: "packet", serial_number: "EMU-7" } });
    expect(of(mute.name)).toMatchObject({ answer: "silent" });
    expect(of("/dev/ttyNoSuchPort")).toMatchObject({ answer: "not asked" });
    mute.close();
  });

  it("tells the truth at its side door only", async () => {
    const { control } = await emulatorHere("pcm-64", { pty: true, controlPort: 0 });
    const said = (await sideDoor(control!, { truth: { tile: 0, at_microseconds: 0 } })) as {
      truth: number[];
    };
    expect(said.truth).toHaveLength(16_384);
    expect(await sideDoor(control!, { inject: { fault: "dead-row", tile: 9, row: 0 } })).toEqual({
      error: expect.stringContaining("does not have") as string,
    });
    expect(await sideDoor(control!, "nonsense")).toHaveProperty("error");
    expect(await sideDoor(control!, { bake: { celsius: 85, seconds: 230_400 } })).toEqual({
      cool_at_microseconds: 230_400_000_000,
    });
    expect(await sideDoor(control!, { bake: { celsius: 850, seconds: 1 } })).toHaveProperty("error");
    expect(await sideDoor(control!, { inject: { fault: "dumb", to: "reads", for_requests: 3 } })).toEqual({
      injected: "dumb",
    });
    expect(await sideDoor(control!, { inject: { fault: "lie", about: "codes" } })).toEqual({
      injected: "lie",
    });
  });

  it.each([
    [["pcm-64", "--tcp", "70000"], /--tcp 70000: give a port/],
    [["pcm-64", "--time-scale", "0"], /--time-scale 0: give a number from 1e-9/],
    [["pcm-64", "--faults", "/nowhere.json"], /no such file/],
    [["pcm-65"], /There is no emulator pcm-65/],
  ])("%j ends with 2 and says why", async (args, message) => {
    const { code, err } = await mho("emulate", ...args);
    expect([code, err]).toEqual([2, expect.stringMatching(message)]);
  });

  it("refuses a record of faults that the chip has no place for, or that is damaged", async () => {
    const path = join(emptyFolder(), "faults.json");
    writeFileSync(
      path,
      '{"format":"mho-faults","version":1,"events":[{"fault":"dead-row","tile":3,"row":0,"after_requests":1}]}',
    );
    expect((await mho("emulate", "pcm-64", "--faults", path)).err).toContain("which this chip does not have");
    writeFileSync(
      path,
      '{"format":"mho-faults","version":1,"events":[{"fault":"lie","about":"weather","after_requests":1}]}',
    );
    expect((await mho("emulate", "pcm-64", "--faults", path)).err).toMatch(/events\.0\.about/);
    writeFileSync(path, '{"format":"mho-faults","version":1,"line":{"damaged":2}}');
    expect((await mho("emulate", "pcm-64", "--faults", path)).err).toMatch(/at line\.damaged/);
  });
});

describe("a driver over an in-process world of faults", () => {
  it("fires 100,000 pulses exactly as meant while 5 % of all frames are damaged, cut, doubled or late (2 seeds)", async () => {
    const description = await describePcm64(1);
    const oneWorld = async (seed: number): Promise<void> => {
      // Late frames come after the driver has given up on them.
      const record = { ...noFaults, seed, line: fivePercent, latestMilliseconds: 40 };
      const line = new FaultyLine(new PacketFirmware(sound, seed), record);
      const peer = { receive: (bytes: Uint8Array) => line.receive(bytes, 0).deliveries };
      const driver = new PacketDriver(connectInProcess(peer), {
        address: "emulator:pcm-64",
        description,
        session: seed + 1,
        deadlineMilliseconds: 15,
        attempts: 20,
      });
      await driver.identify();
      const meant = new Uint32Array(16_384);
      let ticket = 1;
      for (let round = 0; round < 7; round++) {
        const codes = Uint16Array.from({ length: 16_384 }, (_, i) =>
          (i * 7 + round * 13 + seed) % 10 === 0 ? 0 : 400,
        );
        codes.forEach((code, i) => code > 0 && meant[i]!++);
        const block = { tile: 0, rowStart: 0, rowCount: 64 };
        await driver.pulse(block, { codes, widthNanoseconds: 100, firstTicket: ticket });
        ticket += 64;
      }
      expect(line.firmware.chip.pulsesFeltByTile(0)).toEqual(meant);
      await driver.close();
    };
    await Promise.all(Array.from({ length: 2 }, (_, seed) => oneWorld(seed)));
  });

  it("reads right through damaged, split and glued frames", async () => {
    const chances = { ...noFaults.line, damaged: 0.02, split: 0.3, duplicated: 0.05 };
    const line = new FaultyLine(new PacketFirmware(sound, 7), { ...noFaults, seed: 4, line: chances });
    const peer = {
      receive: (bytes: Uint8Array) => line.receive(bytes, 0).deliveries.map((delivery) => delivery.bytes),
    };
    const driver = new PacketDriver(connectInProcess(peer), {
      address: "emulator:pcm-64",
      description: await describePcm64(1),
      session: 5,
      deadlineMilliseconds: 20,
    });
    await driver.identify();
    const reading = await driver.read({ tile: 0, rowStart: 0, rowCount: 64 }, 1);
    expect(reading.conductanceMicrosiemens.every((g) => g > 2 && g < 41)).toBe(true);
  });
});

/** Says one thing at a chip's side door and gives the answer. */
function sideDoor(address: string, wish: unknown): Promise<unknown> {
  const [host, port] = address.split(":");
  return new Promise((resolve, reject) => {
    const socket = connect({ host: host!, port: Number(port) });
    let text = "";
    socket.on("error", reject);
    socket.on("data", (chunk) => {
      text += chunk.toString();
      if (!text.endsWith("\n")) return;
      socket.destroy();
      resolve(JSON.parse(text));
    });
    socket.write(`${JSON.stringify(wish)}\n`);
  });
}
