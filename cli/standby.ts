import { MhoError } from "../src/errors.ts";
import { parseAddress } from "./address.ts";
import type { CommonOptions } from "./options.ts";
import { openChip } from "./openChip.ts";
import type { Output } from "./output.ts";

/** Puts a chip into its safe state. */
export async function standby(
  options: CommonOptions & { chip?: string; transcript?: string },
  output: Output,
): Promise<void> {
  const text = options.chip ?? process.env["MHO_CHIP"];
  if (text === undefined) {
    throw new MhoError("bad-argument", "Which chip? Give --chip, for instance --chip serial:/dev/ttyACM0.");
  }
  const driver = await openChip(parseAddress(text), options);
  try {
    const { name, serialNumber } = await driver.identify();
    await driver.standby();
    output.event({ type: "result", chip: name, serialNumber, standby: true });
    output.say(`${name} number ${serialNumber} is in standby.`);
  } finally {
    await driver.close();
  }
}
