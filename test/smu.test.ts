import { describe, expect, it } from "vitest";
import { smuCapabilities } from "../drivers/smu/answers.ts";
import { rowFates } from "../src/chip/driver.ts";
import { chipDriverContract } from "./contracts/chipDriver.ts";
import { smuBench } from "./support/smuBench.ts";

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
    const words = sent.join(";").split(";");
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
    await driver.pulse(device, one(2.4));
    const low = await g();
    await driver.pulse(device, one(2.4, "set"));
    const high = await g();
    expect(low).toBeLessThan(0.8 * before);
    expect(high).toBeGreaterThan(low + 10);
    expect(firmware.chip.pulsesFeltByTile(0)[0]).toBe(2);
    const lists = sent.flatMap((line) => /:SOUR:LIST:VOLT ([^;]*)/.exec(line)?.[1] ?? []);
    expect(lists).toEqual(["-2.4,0", "2.4,0"]);
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
    const { fates } = await driver.pulse(device, one(2));
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
    expect(sent.at(-1)).toMatch(/:OUTP OFF;.*:SOUR:VOLT 0;:OUTP\?$/);
    expect(firmware.inStandby).toBe(true);
    await driver.identify();
    await driver.read(device, 1);
    lose(() => true);
    await expect(driver.heartbeat()).rejects.toMatchObject({ code: "link-lost" });
    await expect(driver.standby()).rejects.toMatchObject({ code: "link-lost" });
    expect(firmware.inStandby).toBe(true);
  });
});
