import { describe, expect, it } from "vitest";
import { connectInProcess } from "../drivers/inProcess.ts";
import { arcOne } from "../drivers/arcOne/dialect.ts";
import { ArcOneFirmware } from "../emulator/arcOneFirmware.ts";
import { findPreset } from "../emulator/presets.ts";
import { readChipDescription } from "../files/chipDescription.ts";
import { chipDriverContract } from "./contracts/chipDriver.ts";

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

/** An emulated board, and a driver of it whose waits are over at once. */
async function board() {
  const firmware = new ArcOneFirmware(findPreset("arc-one-32", { births: "sound" })!, 7);
  const description = await readChipDescription("chips/arc-one-32.json");
  const driver = arcOne.open(connectInProcess({ receive: (bytes) => firmware.receive(bytes, 0) }), {
    address: "x",
    description,
    session: ++sessions,
    serialNumber: "DIE-12",
    after: (milliseconds, then) => {
      if (milliseconds < 7000) setImmediate(then);
      return () => {};
    },
  });
  return { firmware, description, driver };
}

chipDriverContract(
  "the arc-one driver in process",
  async () => ({ driver: (await board()).driver, dispose() {} }),
  { declares: nothing, named: "DIE-12", widthNanoseconds: 1000, moves: 2 },
);
