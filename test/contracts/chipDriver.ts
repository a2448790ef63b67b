import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { codesOf, highestCode } from "../../src/chip/description.ts";
import { type ChipCapabilities, type ChipDriver, type Environment, rowFates } from "../../src/chip/driver.ts";
import { devicesOfBlock } from "../../src/chip/geometry.ts";
import { MhoError } from "../../src/errors.ts";

const refused = { code: "chip-refused" };

/** A board under test: what it says that it can is asked for, and what it lacks is refused. */
export interface BoardOnTrial {
  /** What it must declare, beside what every board has that says nothing else. */
  readonly declares?: Partial<ChipCapabilities>;
  /** A usual width, and what seven tenths of the highest amplitude move a device by at least, µS. */
  readonly widthNanoseconds?: number;
  readonly moves?: number;
  /** The share of the devices that it moves so far at least (0.9): less where the board's time, and chance with it, goes by the host's. */
  readonly movesShare?: number;
  /** What its sensors are to say. */
  readonly environment?: Environment;
  /** How a person named the chip, where the board says no serial number. */
  readonly named?: string;
  /** Its clock goes on by itself, though its time can be moved too: a processor that is emulated. */
  readonly clockRuns?: boolean;
}

/** As boards of mho's own firmware declare. */
const usual: ChipCapabilities = {
  virtualTime: true,
  multiply: true,
  onBoardVerify: true,
  environment: true,
  references: true,
  burst: true,
  tickets: true,
  clock: true,
  codes: true,
  serialNumber: true,
};

/** What every chip driver owes, on a healthy chip of which it may pulse the first rows of tile 0. */
export function chipDriverContract(
  name: string,
  open: () => Promise<{ driver: ChipDriver; dispose(): void }>,
  board: BoardOnTrial = {},
): void {
  const {
    declares = {},
    widthNanoseconds = 100,
    moves = 5,
    movesShare = 0.9,
    named,
    clockRuns = false,
  } = board;
  const sensed = board.environment ?? { celsius: 25, supplyVolts: 3.3 };
  describe(`${name} as a chip driver`, () => {
    let chip: { driver: ChipDriver; dispose(): void };
    const block = { tile: 0, rowStart: 2, rowCount: 3 };
    let devices: number;

    beforeEach(async () => {
      chip = await open();
      devices = devicesOfBlock(chip.driver.description.geometry, block);
    });
    afterEach(async () => {
      await chip.driver.close();
      chip.dispose();
    });

    /** @param share  of the highest amplitude within the limits. */
    const order = (share: number, firstTicket: number) => ({
      codes: new Uint16Array(devices).fill(Math.round(share * highestCode(chip.driver.description))),
      widthNanoseconds,
      firstTicket,
    });

    it("declares what it can and what it lacks", async () => {
      const { capabilities } = await chip.driver.identify();
      const told = {
        burst: false,
        tickets: true,
        clock: true,
        codes: true,
        serialNumber: true,
        ...capabilities,
      };
      expect(told).toEqual({ ...usual, ...declares });
    });

    it("names the chip that its description describes", async () => {
      const identity = await chip.driver.identify();
      expect(identity.name).toBe(chip.driver.description.name);
      expect(identity.geometry).toEqual(chip.driver.description.geometry);
      expect(identity.serialNumber).not.toBe("");
      if (identity.capabilities.serialNumber === false) expect(identity.serialNumber).toBe(named);
    });

    it("refuses to read or pulse before it has been identified", async () => {
      await expect(chip.driver.read(block, 1)).rejects.toMatchObject({ code: "chip-refused" });
      await expect(chip.driver.pulse(block, order(0.3, 1))).rejects.toMatchObject({ code: "chip-refused" });
    });

    it("reads a conductance and a flag a device, with row times that rise", async () => {
      await chip.driver.identify();
      const { conductanceMicrosiemens, flags, rowTimesMicroseconds } = await chip.driver.read(block, 1);
      expect(conductanceMicrosiemens).toHaveLength(devices);
      expect(flags).toHaveLength(devices);
      expect([...rowTimesMicroseconds]).toEqual([...rowTimesMicroseconds].sort((a, b) => a - b));
      expect(conductanceMicrosiemens.every(Number.isFinite)).toBe(true);
    });

    it("gives the codes that its conductances follow from, or none where the board reckons these itself", async () => {
      const { capabilities } = await chip.driver.identify();
      const { codes, conductanceMicrosiemens } = await chip.driver.read(block, 4);
      expect(codes !== undefined).toBe(capabilities.codes ?? true);
      if (codes === undefined) return;
      const { microsiemensPerCode, offsetCodes } = chip.driver.description.converter;
      expect(conductanceMicrosiemens).toEqual(
        Float32Array.from(codes, (code) => (code - offsetCodes) * microsiemensPerCode),
      );
    });

    it("says how warm it is and what feeds it, where it can", async () => {
      const { capabilities } = await chip.driver.identify();
      if (!capabilities.environment) return expect(chip.driver.environment()).rejects.toMatchObject(refused);
      const { celsius, supplyVolts } = await chip.driver.environment();
      expect(celsius).toBeCloseTo(sensed.celsius, 2);
      expect(supplyVolts).toBeCloseTo(sensed.supplyVolts, 3);
    });

    it("reads its known resistors through the converter of a tile, where it can", async () => {
      const { capabilities } = await chip.driver.identify();
      if (!capabilities.references)
        return expect(chip.driver.references(0, 1)).rejects.toMatchObject(refused);
      const { referencesMicrosiemens, converter } = chip.driver.description;
      const codes = await chip.driver.references(0, 64);
      const read = Array.from(
        codes,
        (code) => (code - converter.offsetCodes) * converter.microsiemensPerCode,
      );
      expect(read).toHaveLength(referencesMicrosiemens!.length);
      read.forEach((g, k) => expect(Math.abs(g - referencesMicrosiemens![k]!)).toBeLessThan(0.05));
    });

    it("pulses what has a code and nothing else", async () => {
      await chip.driver.identify();
      const { firstTicket, ...rest } = order(0, 1);
      rest.codes.fill(Math.round(0.7 * highestCode(chip.driver.description)), 0, devices / 3);
      const before = await chip.driver.read(block, 16);
      const report = await chip.driver.pulse(block, { ...rest, firstTicket });
      const after = await chip.driver.read(block, 16);
      expect([...report.rowTimesMicroseconds].map(Number.isFinite)).toEqual([true, false, false]);
      const moved = after.conductanceMicrosiemens.map((g, i) =>
        Math.abs(g - before.conductanceMicrosiemens[i]!),
      );
      expect(moved.subarray(0, devices / 3).filter((g) => g > moves).length).toBeGreaterThan(
        movesShare * (devices / 3),
      );
      expect(moved.subarray(devices / 3).filter((g) => g > moves)).toHaveLength(0);
    });

    it("gives cycles of two pulses in one command, where it can, and within the limits of both", async () => {
      const { capabilities } = await chip.driver.identify();
      if (capabilities.burst !== true) return;
      const { pulses, timing } = chip.driver.description;
      const burst = { cycles: 500, kind: "reset", code: 1, widthNanoseconds, gateCode: 0 } as const;
      const { firstTicket, ...rest } = order(0.5, 10);
      rest.codes.fill(0, devices / 3);
      const wrong = { ...burst, code: codesOf(pulses) - 1 };
      const refused = chip.driver.pulse(block, { ...rest, kind: "set", firstTicket, burst: wrong });
      await expect(refused).rejects.toMatchObject({ code: "limit-exceeded" });
      const before = await chip.driver.chipTime();
      const report = await chip.driver.pulse(block, { ...rest, kind: "set", firstTicket, burst });
      const after = await chip.driver.chipTime();
      expect([...report.fates]).toEqual([rowFates.fired, rowFates.nothingToFire, rowFates.nothingToFire]);
      const shortest = 2 * burst.cycles * timing.pulseRowMicroseconds;
      expect(after - before).toBeGreaterThanOrEqual(shortest);
      expect(report.rowTimesMicroseconds[0]).toBeGreaterThan(
        before + shortest - 2 * timing.pulseRowMicroseconds,
      );
      if (capabilities.virtualTime) expect(after - before).toBeLessThan(shortest + 100_000);
    });

    it("tells what became of the pulses of old tickets, or that it cannot tell", async () => {
      const { capabilities, boot, newestTicket } = await chip.driver.identify();
      const firstTicket = newestTicket + 100;
      await chip.driver.pulse(block, { ...order(0.3, firstTicket), firstTicket });
      const { fates } = await chip.driver.fates(firstTicket, block.rowCount + 1, boot);
      const { fired, notFired, uncertain } = rowFates;
      const keeps = capabilities.tickets ?? true;
      expect([...fates]).toEqual(
        keeps ? [fired, fired, fired, notFired] : [uncertain, uncertain, uncertain, uncertain],
      );
      if (!keeps) expect((await chip.driver.identify()).newestTicket).toBe(0);
    });

    it("dates reads and pulses between what its time was before and what it is after", async () => {
      await chip.driver.identify();
      const before = await chip.driver.chipTime();
      const { rowTimesMicroseconds: read } = await chip.driver.read(block, 1);
      const { rowTimesMicroseconds: fired } = await chip.driver.pulse(block, order(0.3, 50));
      const after = await chip.driver.heartbeat();
      expect([before, ...read, ...fired, after]).toEqual(
        [before, ...read, ...fired, after].toSorted((a, b) => a - b),
      );
    });

    it("refuses an order outside the limits and names the limit, and nothing fires", async () => {
      const { capabilities } = await chip.driver.identify();
      const { conductanceMicrosiemens: held } = await chip.driver.read(block, 16);
      const before = await chip.driver.chipTime();
      const { pulses, limits } = chip.driver.description;
      expect(codesOf(pulses) - 1).toBeGreaterThan(highestCode(chip.driver.description));
      const tooHigh = { ...order(0, 1), codes: new Uint16Array(devices).fill(codesOf(pulses) - 1) };
      await expect(chip.driver.pulse(block, tooHigh)).rejects.toMatchObject({
        code: "limit-exceeded",
        message: expect.stringContaining(
          `above ${limits.maxAmplitude} ${pulses.technology.amplitudeUnit}`,
        ) as string,
      });
      const tooLong = { ...order(0.3, 1), widthNanoseconds: 2 * limits.maxWidthNanoseconds };
      await expect(chip.driver.pulse(block, tooLong)).rejects.toMatchObject({ code: "limit-exceeded" });
      // Time that only moves by what the chip does has not moved.
      if (capabilities.virtualTime && !clockRuns) expect(await chip.driver.chipTime()).toBe(before);
      const { conductanceMicrosiemens: holds } = await chip.driver.read(block, 16);
      // A few may have relaxed by themselves; an order that fired would have moved nine of ten.
      const moved = holds.filter((g, i) => Math.abs(g - held[i]!) > moves);
      expect(moved.length).toBeLessThan(0.1 * devices);
    });

    it("refuses a kind of pulse that there is not, and numbers that are none, before anything is done", async () => {
      const { capabilities } = await chip.driver.identify();
      const { driver } = chip;
      const before = await driver.chipTime();
      const usualOrder = order(0.5, 1);
      const oddKinds = ["melt", "RESET", "", 1, null] as unknown as "set"[];
      const odd = [Number.NaN, -1, 1.5, Infinity, 1e30] as const;
      const pulseWith = (some: object, at: object = {}): Promise<unknown> =>
        driver.pulse({ ...block, ...at }, { ...usualOrder, ...some });
      const burst = { cycles: 2, kind: "reset", code: 1, widthNanoseconds, gateCode: 0 };
      const fields = ["widthNanoseconds", "trailingNanoseconds", "gateCode", "firstTicket"];
      const orders = [
        ...oddKinds.flatMap((kind) => [
          () => pulseWith({ kind }),
          () => pulseWith({ burst: { ...burst, kind } }),
        ]),
        ...odd.flatMap((value) => fields.map((field) => () => pulseWith({ [field]: value }))),
        ...odd.flatMap((value) =>
          ["cycles", "code", "widthNanoseconds", "gateCode"].map(
            (field) => () => pulseWith({ burst: { ...burst, [field]: value } }),
          ),
        ),
        ...odd.flatMap((value) =>
          ["tile", "rowStart", "rowCount"].map((field) => () => pulseWith({}, { [field]: value })),
        ),
        () => pulseWith({ codes: usualOrder.codes.subarray(1) }),
        () => pulseWith({ codes: Array.from(usualOrder.codes, () => Number.NaN) }),
      ];
      const reads = [
        ...odd.flatMap((value) => [
          () => driver.read({ ...block, tile: value }, 1),
          () => driver.read({ ...block, rowStart: value }, 1),
          () => driver.read({ ...block, rowCount: value }, 1),
          () => driver.read(block, value),
        ]),
        ...[Number.NaN, -0.1, 0, Infinity].map((volts) => () => driver.read(block, 1, undefined, volts)),
        () => driver.read(block, 1, new Uint8Array(block.rowCount + 1)),
      ];
      const others = odd.flatMap((value) => [
        () => driver.fates(value, 1, 1),
        () => driver.fates(1, value, 1),
        () => driver.advance(value),
        () => driver.references(value, 1),
        () => driver.references(0, value),
        () => driver.multiply(value, []),
      ]);
      const codes = ["bad-argument", "limit-exceeded"];
      for (const call of [...orders, ...reads])
        await expect(call()).rejects.toMatchObject({
          code: expect.stringMatching(codes.join("|")) as string,
        });
      // What a board cannot do it refuses whatever the numbers.
      for (const call of others)
        await expect(call()).rejects.toMatchObject({
          code: expect.stringMatching([...codes, "chip-refused"].join("|")) as string,
        });
      const inputs = [new Int8Array(1), new Int8Array(driver.description.geometry.rows).fill(-128)];
      for (const vector of inputs)
        await expect(driver.multiply(0, [vector])).rejects.toBeInstanceOf(MhoError);
      if (capabilities.virtualTime && !clockRuns) expect(await driver.chipTime()).toBe(before);
    });

    it("moves chip time by exactly what was asked, where it can", async () => {
      const { capabilities } = await chip.driver.identify();
      if (!capabilities.virtualTime) return expect(chip.driver.advance(1)).rejects.toMatchObject(refused);
      const before = await chip.driver.chipTime();
      const after = await chip.driver.advance(31_536_000_000_000);
      if (!clockRuns) return expect(after).toBe(before + 31_536_000_000_000);
      // Asking takes a running clock a few milliseconds at most.
      expect(after - before - 31_536_000_000_000).toBeGreaterThanOrEqual(0);
      expect(after - before - 31_536_000_000_000).toBeLessThan(5000);
    });

    it("fires nothing in standby until it is identified again", async () => {
      await chip.driver.identify();
      await chip.driver.standby();
      await expect(chip.driver.pulse(block, order(0.3, 1))).rejects.toMatchObject({ code: "chip-refused" });
      await chip.driver.identify();
      await chip.driver.pulse(block, order(0.3, 1));
    });
  });
}
