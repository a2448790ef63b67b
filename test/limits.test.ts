import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { connectInProcess } from "../drivers/inProcess.ts";
import { PacketDriver } from "../drivers/packet/packetDriver.ts";
import { pcm64 } from "../emulator/presets.ts";
import { ScpiFirmware } from "../emulator/scpiFirmware.ts";
import { parseChipDescription } from "../files/chipDescription.ts";
import { builtInDialects, emulatedChip } from "../lab/dialects.ts";
import type { ConnectedDriver } from "../drivers/reconnectingDriver.ts";
import { MhoError } from "../src/errors.ts";
import { describePcm64 } from "./support/chips.ts";

const block = { tile: 0, rowStart: 0, rowCount: 1 };
const usual = { codes: new Uint16Array(256).fill(300), widthNanoseconds: 100, firstTicket: 1 };

/** Those whose boards hold any chip. */
const dialects = builtInDialects.filter(({ usualChip }) => usualChip === undefined);

describe.each(dialects.map((dialect) => [dialect.name, dialect] as const))(
  "an order in the %s dialect",
  (_, dialect) => {
    /** An identified chip, with a count of what was sent to it since. */
    async function chip(): Promise<{ driver: ConnectedDriver; sent: () => number }> {
      const firmware = emulatedChip(dialect, pcm64(1), 7);
      let writes = 0;
      const receive = (bytes: Uint8Array) => (writes++, firmware.receive(bytes, 0));
      const description = await describePcm64();
      const driver = dialect.open(connectInProcess({ receive }), { address: "x", description, session: 5 });
      await driver.identify();
      writes = 0;
      return { driver, sent: () => writes };
    }

    it.each([
      ["a width that 32 bits would cut to 5 ns", { widthNanoseconds: 2 ** 32 + 5 }, /width of 4294967301 ns/],
      [
        "a width between two nanoseconds",
        { widthNanoseconds: 99.5 },
        /width of 99.5 ns is not a whole number/,
      ],
      ["no width", { widthNanoseconds: Number.NaN }, /width of NaN ns/],
      [
        "an edge that 32 bits would cut to 7 ns",
        { trailingNanoseconds: 2 ** 32 + 7 },
        /edge of 4294967303 ns/,
      ],
      [
        "an edge beyond the description's",
        { trailingNanoseconds: 5001 },
        /edge of 5001 ns .* from 0 to 5000 ns/,
      ],
      ["an edge before its pulse", { trailingNanoseconds: -1 }, /edge of -1 ns/],
      ["a gate code that 16 bits would cut", { gateCode: 65_537 }, /gate code of 65537/],
      ["a place that is not on the chip", { tile: 65_536 }, /tile 65536, rows 0 to 0, is not on the chip/],
    ])("of %s is refused before anything is sent", async (__, { tile = 0, ...change }: Change, message) => {
      const { driver, sent } = await chip();
      await expect(driver.pulse({ ...block, tile }, { ...usual, ...change })).rejects.toMatchObject({
        code: "limit-exceeded",
        message: expect.stringMatching(message) as string,
      });
      expect(sent()).toBe(0);
    });

    it("at its limits is fired as it stands", async () => {
      const { driver } = await chip();
      const order = { ...usual, widthNanoseconds: 5000, trailingNanoseconds: 5000, gateCode: 65_535 };
      expect((await driver.pulse(block, order)).fates[0]).toBe(1);
    });

    it("to read with no averages, too many or a part of one is refused before anything is sent", async () => {
      const { driver, sent } = await chip();
      for (const averages of [0, -1, 1.5, 65_536, Number.NaN]) {
        await expect(driver.read(block, averages)).rejects.toMatchObject({ code: "limit-exceeded" });
        await expect(driver.references(0, averages)).rejects.toMatchObject({ code: "limit-exceeded" });
      }
      await expect(driver.read({ ...block, rowCount: 65 }, 1)).rejects.toThrow(/rows 0 to 64, is not/);
      expect(sent()).toBe(0);
    });

    it("of any numbers is fired, or refused by name, and never a mistake of ours", async () => {
      const { driver } = await chip();
      const number = fc.oneof(fc.nat(6000), fc.nat(), fc.double(), fc.constant(2 ** 32 + 5));
      const places = fc.record({ tile: fc.oneof(fc.constant(0), number), rowStart: fc.nat(70) });
      const settings = fc.record({
        widthNanoseconds: number,
        trailingNanoseconds: number,
        gateCode: number,
      });
      let firstTicket = 1;
      await fc.assert(
        fc.asyncProperty(places, settings, async (place, order) => {
          const tickets = { firstTicket: firstTicket++ };
          const done = await driver
            .pulse({ ...place, rowCount: 1 }, { ...usual, ...order, ...tickets })
            .catch((error: unknown) => error);
          if (done instanceof Error) expect(done).toBeInstanceOf(MhoError);
        }),
        { numRuns: 200, seed: 4 },
      );
    });
  },
);

interface Change {
  readonly tile?: number;
  readonly widthNanoseconds?: number;
  readonly trailingNanoseconds?: number;
  readonly gateCode?: number;
}

describe("a loop of the board's own", () => {
  const order = {
    targetsMicrosiemens: new Float32Array(256).fill(5),
    marginMicrosiemens: 1,
    iterations: 3,
    widthNanoseconds: 100,
    firstTicket: 1,
  };

  it.each([
    [{ iterations: 0 }, /0 iterations are not a whole number from 1 to 65535/],
    [{ iterations: 65_536 }, /65536 iterations/],
    [{ marginMicrosiemens: Number.NaN }, /margin of NaN µS/],
    [{ marginMicrosiemens: 50 }, /margin of 50 µS is outside 0 … 40.96 µS/],
    [
      { targetsMicrosiemens: new Float32Array(256).fill(Infinity) },
      /target of Infinity µS is not a conductance/,
    ],
    [{ widthNanoseconds: 2 ** 32 + 5 }, /width of 4294967301 ns/],
  ])("is refused %j before anything is sent", async (change, message) => {
    const silent = connectInProcess({ receive: () => expect.unreachable("something was sent") });
    const driver = new PacketDriver(silent, { address: "x", description: await describePcm64(), session: 1 });
    await expect(driver.verify(block, { ...order, ...change })).rejects.toMatchObject({
      code: "limit-exceeded",
      message: expect.stringMatching(message) as string,
    });
  });
});

describe("a chip's description", () => {
  const file = JSON.parse(readFileSync(new URL("../chips/pcm-64.json", import.meta.url), "utf8")) as {
    limits: object;
    set_pulse?: object;
  };
  const described = (change: object) =>
    parseChipDescription(Buffer.from(JSON.stringify({ ...file, ...change })), "a.json").limits;

  it("that names no limit of the trailing edge allows what its set pulse needs, else what a width may be", () => {
    const { max_trailing_nanoseconds: _none, ...limits } = file.limits as Record<string, number>;
    expect(described({}).maxTrailingNanoseconds).toBe(5000);
    expect(described({ limits }).maxTrailingNanoseconds).toBe(2400);
    expect(
      described({ limits: { ...limits, max_width_nanoseconds: 800 }, set_pulse: undefined }),
    ).toMatchObject({
      maxTrailingNanoseconds: 800,
    });
  });

  it("is refused when its set pulse falls for longer than its limit, or a width is no whole number", () => {
    const limits = { ...file.limits, max_trailing_nanoseconds: 2399 };
    expect(() => described({ limits })).toThrow(/trailing_nanoseconds is above limits/);
    expect(() => described({ set_pulse: { ...file.set_pulse, width_nanoseconds: 99.5 } })).toThrow(
      /set_pulse.width_nanoseconds/,
    );
  });
});

describe("an emulated board", () => {
  const board = new ScpiFirmware(pcm64(1), 7);
  const say = (line: string): string =>
    board
      .receive(Buffer.from(`${line}\n`), 0)
      .map((bytes) => Buffer.from(bytes).toString())
      .join("");

  it("does not let its time run backwards", () => {
    say("SYST:TIME:ADV 100 S");
    const before = say("SYST:TIME?");
    expect(say("SYST:TIME:ADV -50 S;:SYST:ERR?")).toMatch(/^-222,.*time does not run backwards/);
    expect(say("SYST:TIME?")).toBe(before);
  });

  it("refuses a trailing edge beyond its own limit", () => {
    expect(say("PULS:TRA 1.1 MS;:SYST:ERR?")).toMatch(/^-222/);
  });
});
