import { describe, expect, it } from "vitest";
import { EmulatedChip } from "../emulator/chip.ts";
import { PacketFirmware } from "../emulator/packetFirmware.ts";
import { NoiseBank, type NoiseStep, oneRead } from "../emulator/noise.ts";
import { findPreset, noDefects, pcm64, type Preset } from "../emulator/presets.ts";
import type { RowPulse } from "../emulator/tile.ts";
import { TicketBook } from "../emulator/tickets.ts";
import { encodeFrame, type Frame, FrameDecoder } from "../protocols/packet/frame.ts";
import * as messages from "../protocols/packet/messages.ts";
import { crc32c } from "../protocols/crc32c.ts";
import { Random } from "../src/random.ts";

const { kinds } = messages;
const second = 1_000_000;

/** A chip without devices that are born wrong. */
const sound: Preset = { ...pcm64(1), defects: noDefects };

function reset(codes: Uint16Array, changes: Partial<RowPulse> = {}): Omit<RowPulse, "droop"> {
  return { kind: "reset", codes, widthNanoseconds: 100, trailingNanoseconds: 0, gateCode: 0, ...changes };
}

function pulseAll(chip: EmulatedChip, code: number, at = second): void {
  const codes = new Uint16Array(chip.devicesPerRow).fill(code);
  for (let row = 0; row < 64; row++) chip.pulseRow(0, row, reset(codes), at);
}

function readAll(chip: EmulatedChip, at: number, averages = 1): Float64Array {
  const codes = new Uint16Array(chip.devicesPerRow);
  const all = new Float64Array(64 * chip.devicesPerRow);
  for (let row = 0; row < 64; row++) {
    chip.readRow(0, row, averages, at, codes);
    codes.forEach((code, k) => (all[row * chip.devicesPerRow + k] = code * 0.04));
  }
  return all;
}

function statistics(values: ArrayLike<number>): { mean: number; std: number } {
  const list = Array.from(values);
  const mean = list.reduce((sum, v) => sum + v, 0) / list.length;
  const std = Math.sqrt(list.reduce((sum, v) => sum + (v - mean) * (v - mean), 0) / list.length);
  return { mean, std };
}

describe("an emulated device", () => {
  it("reads the same bytes for a seed, and others for another seed", () => {
    const digest = (seed: number): number => {
      const chip = new EmulatedChip(pcm64(1), seed);
      pulseAll(chip, 420);
      return crc32c(new Uint8Array(readAll(chip, 3 * second).buffer));
    };
    expect(digest(7)).toBe(digest(7));
    expect(digest(7)).not.toBe(digest(8));
    // The bytes themselves, so that another Node or machine that draws otherwise is found out.
    expect(digest(7)).toBe(993417816);
  });

  it.each([
    ["pcm-64", { births: "stranger" }, "8515f08e"],
    ["pcm-64", { births: "odd", temperatureCelsius: 60, converter: "worn" }, "2dabe5c0"],
    ["rram-128", { births: "telegraph" }, "282731d6"],
    ["ecram-64", {}, "2c63add0"],
  ] as const)("of %s %o reads the codes that it always has, byte for byte", (name, conditions, told) => {
    const chip = new EmulatedChip(findPreset(name, conditions)!, 11);
    const codes = new Uint16Array(chip.devicesPerRow);
    const most = chip.preset.firmware.maxAmplitudeCode;
    let at = second;
    let sum = 0;
    // Bursts that follow each other within the noise's fast, middle and slow times; a third of a row is pulsed now and then.
    for (const [n, pause] of [20, 90, 250, 1700, 6000, 50, 1e6, 5e7, 130, 8.64e10, 700, 3e13, 40].entries()) {
      for (let row = 0; row < 4; row++) {
        at += pause;
        const amplitudes = codes.map((_, k) =>
          (k + n + row) % 3 === 0 ? 1 + ((k * 37 + n * 101) % most) : 0,
        );
        const kind = n % 4 === 3 ? "set" : "reset";
        if (n % 2 === 1) chip.pulseRow(0, row, reset(amplitudes, { kind }), at);
        for (const averages of [1, 4]) {
          chip.readRow(0, row, averages, (at += 60), codes);
          const bytes = new Uint8Array(4 + 2 * codes.length);
          const view = new DataView(bytes.buffer);
          view.setUint32(0, sum);
          codes.forEach((code, k) => view.setUint16(4 + 2 * k, code));
          sum = crc32c(bytes);
        }
      }
    }
    expect(sum.toString(16)).toBe(told);
  });

  it("draws the same for a device whatever else is read before", () => {
    const [a, b] = [new EmulatedChip(pcm64(1), 7), new EmulatedChip(pcm64(1), 7)];
    const codes = [new Uint16Array(256), new Uint16Array(256)];
    a.readRow(0, 5, 4, second, codes[0]!);
    a.readRow(0, 9, 1, 2 * second, codes[0]!);
    b.readRow(0, 9, 1, 2 * second, codes[1]!);
    expect(codes[0]).toEqual(codes[1]);
  });

  it("comes from the factory SET, near the top of its range", () => {
    const { mean } = statistics(readAll(new EmulatedChip(pcm64(1), 7), 0));
    expect(mean).toBeGreaterThan(15);
  });

  it("follows the amplitude of its last pulse and not its past", () => {
    const fresh = new EmulatedChip(pcm64(1), 7);
    const used = new EmulatedChip(pcm64(1), 7);
    pulseAll(used, 900, second);
    pulseAll(used, 300, 2 * second);
    for (const chip of [fresh, used]) pulseAll(chip, 510, 3 * second);
    expect(fresh.truthOfTile(0, 4 * second)).toEqual(used.truthOfTile(0, 4 * second));
  });

  it("falls with amplitude from the top to the residual conductance (16,384 devices, medians within 4 %)", () => {
    const median = (code: number): number => {
      const chip = new EmulatedChip(pcm64(1), 7);
      pulseAll(chip, code, 0);
      return chip.truthOfTile(0, 20 * second).sort()[8192]!;
    };
    expect(median(1) / 30).toBeCloseTo(1, 1);
    expect(Math.abs(median(510) / 15.06 - 1)).toBeLessThan(0.04);
    expect(Math.abs(median(1000) / 0.12 - 1)).toBeLessThan(0.04);
  });

  it("drifts as a power law from 20 s with its exponent kept until the next pulse", () => {
    const chip = new EmulatedChip(sound, 7);
    pulseAll(chip, 480, 0);
    const at = (seconds: number): Float32Array => chip.truthOfTile(0, seconds * second);
    const [g20, gHour, gYear] = [at(20), at(3600), at(31_536_000)];
    const exponents = Float64Array.from(g20, (g, i) => Math.log(g / gHour[i]!) / Math.log(3601 / 21));
    const again = Float64Array.from(g20, (g, i) => Math.log(g / gYear[i]!) / Math.log(31_536_001 / 21));
    exponents.forEach((exponent, i) => expect(Math.abs(exponent - again[i]!)).toBeLessThan(1e-5));
  });

  it("draws drift exponents with the published mean (2 %) and spread (5 %) around 2.5 µS", () => {
    const chip = new EmulatedChip(sound, 7);
    const found: number[] = [];
    for (let n = 0; n < 8; n++) {
      const at = n * 1000 * second;
      pulseAll(chip, 610, at);
      const now = chip.truthOfTile(0, at + 20 * second);
      const later = chip.truthOfTile(0, at + 900 * second);
      now.forEach((g, i) => {
        if (g > 2.3 && g < 2.7) found.push(Math.log(g / later[i]!) / Math.log(901 / 21));
      });
    }
    // N(0.0601, 0.0229) folded at zero: the mean hardly moves. Over 3,000 draws the standard errors are 0.7 and 1.3 %.
    expect(found.length).toBeGreaterThan(3000);
    const { mean, std } = statistics(found);
    expect(Math.abs(mean / 0.0602 - 1)).toBeLessThan(0.02);
    expect(Math.abs(std / 0.0227 - 1)).toBeLessThan(0.05);
  });

  it("has the same noise whether its row is moved on at once or device by device, to the last digit", () => {
    const devices = 12;
    const [row, alone] = [new NoiseBank(devices), new NoiseBank(devices)];
    const stepOf = Uint32Array.from({ length: devices }, (_, device) => device % 3);
    const means = new Float64Array(devices);
    const fourReads = { reads: 4, spacingSeconds: 2e-5 };
    for (const [n, burst] of [oneRead, fourReads, oneRead, fourReads].entries()) {
      const random = new Random(3).fork(`read ${n}`);
      const steps = (bank: NoiseBank): NoiseStep[] => [
        bank.step(20 + n, 20 + n, 20 + n, burst),
        bank.step(1e-3, 1e-3, 0, burst),
        bank.step(5e-5, 0, 0, burst),
      ];
      row.move(0, 7, steps(row), stepOf, random, means);
      const each = steps(alone);
      const told = means.map((_, device) => alone.moveOne(device, 7 + device, each[device % 3]!, random));
      expect([...means]).toEqual([...told]);
      expect([...row.values]).toEqual([...alone.values]);
      expect(new Set(means).size).toBe(devices);
    }
  });

  it.each([[1e-3], [20], [86_400]])(
    "has 1/f noise whose variance %d s after a pulse is the published one within 5 %",
    (seconds) => {
      // 16,384 draws: one standard error of a variance is 1.1 %.
      const bank = new NoiseBank(16_384);
      const random = new Random(5).fork("noise");
      const sums = Float64Array.from({ length: 16_384 }, (_, device) =>
        bank.moveOne(device, device, bank.step(seconds), random),
      );
      const published = Math.log((seconds + 250e-9) / 500e-9);
      const { std } = statistics(sums);
      expect(Math.abs((std * std) / published - 1)).toBeLessThan(0.05);
    },
  );

  it.each([
    [1e-6, 0.96],
    [1e-2, 0.65],
    [1, 0.45],
  ])(
    "keeps its noise while it is read again: 16 reads %d s apart at an age of 20 s leave %d of σ (5 %)",
    (spacing, left) => {
      const devices = 16_384;
      const bank = new NoiseBank(devices);
      const means = new Float64Array(devices);
      const first = new Float64Array(devices);
      for (let n = 0; n < 16; n++) {
        const random = new Random(6).fork(`read ${n}`);
        for (let device = 0; device < devices; device++) {
          const noise = bank.moveOne(device, device, bank.step(n === 0 ? 20 : spacing), random);
          if (n === 0) first[device] = noise;
          means[device]! += noise / 16;
        }
      }
      expect(Math.abs(statistics(means).std / statistics(first).std / left - 1)).toBeLessThan(0.05);
    },
  );
});

describe("the emulated firmware", () => {
  const session = 42;
  const ask = (
    firmware: PacketFirmware,
    kind: number,
    tag: number,
    body: Uint8Array,
    from = session,
  ): Frame[] => {
    const replies: Frame[] = [];
    const decoder = new FrameDecoder();
    for (const bytes of firmware.receive(encodeFrame({ kind, session: from, tag, body }), 0)) {
      decoder.push(
        bytes,
        (frame) => replies.push(frame),
        () => {},
      );
    }
    return replies;
  };
  const awake = (): PacketFirmware => {
    const firmware = new PacketFirmware(pcm64(1), 7);
    ask(firmware, kinds.hello, 1, messages.encodeHello());
    return firmware;
  };
  const pulse = (ticket: number, code = 400): Uint8Array =>
    messages.encodePulseRow({
      ticket,
      tile: 0,
      row: 0,
      kind: "reset",
      widthNanoseconds: 100,
      trailingNanoseconds: 0,
      gateCode: 0,
      codes: new Uint16Array(256).fill(code),
    });

  it("answers a repeated tag from memory: nothing fires and no time passes", () => {
    const firmware = awake();
    const [first] = ask(firmware, kinds.pulse, 2, pulse(1));
    const [second] = ask(firmware, kinds.pulse, 2, pulse(1));
    expect(second).toEqual(first);
    const [before] = ask(firmware, kinds.advance, 3, messages.encodeNumber(1000));
    const [repeat] = ask(firmware, kinds.advance, 3, messages.encodeNumber(1000));
    expect(repeat).toEqual(before);
    expect(firmware.chip.pulsesFeltByTile(0)[0]).toBe(1);
  });

  it("fires a ticket once even under a new tag", () => {
    const firmware = awake();
    ask(firmware, kinds.pulse, 2, pulse(1));
    ask(firmware, kinds.pulse, 3, pulse(1));
    expect(firmware.chip.pulsesFeltByTile(0)[0]).toBe(1);
  });

  it("refuses what lies outside its limits, and devices that it does not have", () => {
    const firmware = awake();
    const [tooHigh] = ask(firmware, kinds.pulse, 2, pulse(1, 1001));
    expect(messages.decodeRefusal(tooHigh!.body)).toMatchObject({ code: messages.refusals.limit });
    const [nowhere] = ask(firmware, kinds.read, 3, messages.encodeReadRow({ tile: 9, row: 0, averages: 1 }));
    expect(messages.decodeRefusal(nowhere!.body)).toMatchObject({ code: messages.refusals.limit });
    expect(firmware.chip.pulsesFeltByTile(0)[0]).toBe(0);
  });

  it("runs a verify loop by itself: nearly all of a row comes within the margin, and a repeat fires nothing", () => {
    const firmware = new PacketFirmware(sound, 7);
    ask(firmware, kinds.hello, 1, messages.encodeHello());
    const targets = Uint16Array.from({ length: 256 }, (_, k) =>
      k === 0 ? messages.invalidCode : 100 + 2 * k,
    );
    const order = {
      ticket: 1,
      tile: 0,
      row: 3,
      marginCodes: 25,
      iterations: 30,
      widthNanoseconds: 100,
      targets,
    };
    const [done] = ask(firmware, kinds.verify, 2, messages.encodeVerifyRow(order));
    const felt = firmware.chip.pulsesFeltByTile(0).slice(768, 1024);
    const report = messages.decodeVerifyReport(done!.body);
    expect([report?.fate, [...report!.pulses]]).toEqual(["fired", [...felt]]);
    expect([felt[0], Math.max(...felt) <= 30]).toEqual([0, true]);
    const [row] = ask(firmware, kinds.read, 3, messages.encodeReadRow({ tile: 0, row: 3, averages: 1 }));
    const { codes } = messages.decodeRowCodes(row!.body)!;
    const near = codes.filter((code, k) => k > 0 && Math.abs(code - targets[k]!) <= 45).length;
    expect(near).toBeGreaterThan(230);
    ask(firmware, kinds.verify, 4, messages.encodeVerifyRow(order));
    expect(firmware.chip.pulsesFeltByTile(0).slice(768, 1024)).toEqual(felt);
  });

  it("multiplies, tells its temperature, and finds its own dead rows and converters that are off", () => {
    const firmware = awake();
    const inputs = new Int8Array(64).fill(50);
    const [product] = ask(firmware, kinds.multiply, 2, messages.encodeMultiply({ tile: 0, inputs }));
    expect(messages.decodeProducts(product!.body)!.codes).toHaveLength(256);
    const [air] = ask(firmware, kinds.environment, 3, messages.encodeNothing());
    expect(messages.decodeEnvironment(air!.body)).toMatchObject({
      milliCelsius: 25_000,
      supplyMillivolts: 3300,
    });
    const test = (tag: number): number | undefined =>
      messages.decodeNumber(ask(firmware, kinds.selfTest, tag, messages.encodeNothing())[0]!.body);
    expect(test(4)).toBe(0);
    firmware.chip.killRow(0, 1);
    firmware.chip.jumpConverter(0, 30, 1);
    expect(test(5)).toBe(3);
  });

  it("lets its time go with the host's where told to, and then refuses to have it moved", () => {
    const firmware = awake();
    firmware.follow(5 * second);
    const [time] = ask(firmware, kinds.time, 2, messages.encodeNothing());
    expect(messages.decodeNumber(time!.body)).toBe(5 * second);
    const [refused] = ask(firmware, kinds.advance, 3, messages.encodeNumber(1));
    expect(messages.decodeRefusal(refused!.body)?.code).toBe(messages.refusals.unsupported);
  });

  it("does not take a negative time for a long one: its time neither goes back nor leaps", () => {
    const firmware = awake();
    const [before] = ask(firmware, kinds.time, 2, messages.encodeNothing());
    const minusFiftySeconds = new Uint8Array(8);
    new DataView(minusFiftySeconds.buffer).setBigInt64(0, -50_000_000n, true);
    const [refused] = ask(firmware, kinds.advance, 3, minusFiftySeconds);
    expect(messages.decodeRefusal(refused!.body)?.code).toBe(messages.refusals.malformed);
    const [after] = ask(firmware, kinds.time, 4, messages.encodeNothing());
    expect(after!.body).toEqual(before!.body);
  });

  it("goes to standby by itself when the host is quiet for longer than its watchdog, and not before", () => {
    const firmware = awake();
    firmware.tick(10 * second);
    expect(firmware.inStandby).toBe(false);
    firmware.tick(10 * second + 1);
    expect(firmware.inStandby).toBe(true);
  });

  it("listens to the session that said hello last, and to no other", () => {
    const firmware = awake();
    const [refused] = ask(firmware, kinds.time, 5, messages.encodeNothing(), 41);
    expect(messages.decodeRefusal(refused!.body)).toMatchObject({ code: messages.refusals.noSession });
  });

  it("says nothing to damaged bytes and refuses unknown kinds", () => {
    const firmware = awake();
    expect(firmware.receive(Uint8Array.of(3, 1, 2, 0), 0)).toEqual([]);
    const [unknown] = ask(firmware, 0x55, 9, new Uint8Array(0));
    expect(messages.decodeRefusal(unknown!.body)).toMatchObject({ code: messages.refusals.unknownKind });
  });
});

describe("the chip's memory of tickets", () => {
  it("knows what fired among the newest, does not know older ones, and never forgets into firing", () => {
    const book = new TicketBook();
    for (const ticket of [1, 2, 5, 4]) book.fired(ticket, ticket * 10);
    expect([1, 2, 3, 4, 5, 6].map((ticket) => book.fate(ticket).fate)).toEqual([
      "fired",
      "fired",
      "not fired",
      "fired",
      "fired",
      "not fired",
    ]);
    book.fired(5 + messages.ticketsRemembered, 99);
    expect(book.fate(5).fate).toBe("unknown");
    expect(book.fate(6).fate).toBe("not fired");
    book.fired(1_000_000, 1);
    for (let ticket = 1_000_000 - messages.ticketsRemembered + 1; ticket < 1_000_000; ticket++) {
      expect(book.fate(ticket).fate).toBe("not fired");
    }
    expect(book.fate(1_000_000 - messages.ticketsRemembered).fate).toBe("unknown");
  });
});
