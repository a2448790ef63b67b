import { describe, expect, it } from "vitest";
import type { ConnectedDriver } from "../drivers/reconnectingDriver.ts";
import { parseAddress } from "../lab/address.ts";
import { checkByDriver } from "../lab/checkChip/driverCheck.ts";
import { openChip } from "../lab/openChip.ts";
import { blankReport } from "../src/chip/driver.ts";
import { MhoError } from "../src/errors.ts";

const address = parseAddress("emulator:openmena-8?dialect=openmena");

/** @param spoil  what is wrong of the driver or its board, at the first opening and the second. */
async function faultsOf(spoil: (driver: ConnectedDriver, opening: number) => void): Promise<string[]> {
  let [now, openings] = [0, 0];
  const { findings } = await checkByDriver({
    async open() {
      const driver = await openChip(address, { seed: 7 });
      driver.chipTime = () => Promise.resolve(now);
      spoil(driver, ++openings);
      return driver;
    },
    dialect: "openmena",
    mayPulse: false,
    sleep(duration) {
      now += duration;
      return Promise.resolve();
    },
    now: () => now,
  });
  return findings.filter(({ verdict }) => verdict === "fault").map(({ step, text }) => `${step}: ${text}`);
}

describe("a board that is tried by its driver", () => {
  it("has no fault where nothing is wrong", async () => {
    expect(await faultsOf(() => {})).toEqual([]);
  });

  it.each<[string, (driver: ConnectedDriver, opening: number) => void, RegExp]>([
    ["does not answer", (driver) => (driver.identify = refused), /^hello: It says nothing\.$/],
    ["cannot be read", (driver) => (driver.read = refused), /^read: It says nothing\.$/],
    [
      "is read in standby",
      (driver) => (driver.standby = () => Promise.resolve()),
      /^standby: After standby a read was carried out/,
    ],
    [
      "would be pulsed beyond its limits",
      (driver) => (driver.pulse = () => Promise.resolve(blankReport(1))),
      /^limits: The driver did not refuse a pulse of \d+ ns/,
    ],
    ["stands still", (driver) => (driver.chipTime = () => Promise.resolve(5)), /^time: Time moved by 0 µs/],
    [
      "does not answer when its port is opened again",
      (driver, opening) => opening === 2 && (driver.identify = refused),
      /^opening: After its port was closed and opened again: It says nothing\.$/,
    ],
  ])("is found out where it %s", async (_, spoil, text) => {
    expect(await faultsOf(spoil)).toEqual([expect.stringMatching(text)]);
  });
});

const refused = (): Promise<never> => Promise.reject(new MhoError("link-lost", "It says nothing."));
