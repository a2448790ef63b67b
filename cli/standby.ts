import { holderOf } from "../drivers/holders.ts";
import { systemClock } from "../drivers/systemClock.ts";
import { parseAddress } from "../lab/address.ts";
import type { CommonOptions } from "./options.ts";
import { chipNamed, chipOptions, openChip } from "../lab/openChip.ts";
import type { Output } from "./output.ts";

/** How long a controller may take to finish its turn, put the chip in standby and let go of the port. */
const reliefMilliseconds = 8000;

/** A controller that holds the port is told to stop: it puts the chip in standby itself, and frees the port. */
async function relieveHolder(port: string, output: Output): Promise<void> {
  const holder = holderOf(port);
  if (holder === undefined || holder.processId === process.pid) return;
  output.say(`${holder.program} (process ${holder.processId}) holds ${port}; it is told to stop.`);
  process.kill(holder.processId, "SIGTERM");
  for (let waited = 0; waited < reliefMilliseconds && holderOf(port) !== undefined; waited += 100) {
    await systemClock.sleep(100_000);
  }
}

/** Puts a chip into its safe state, also while another controller is at work. */
export async function standby(
  options: CommonOptions & { chip?: string; transcript?: string },
  output: Output,
): Promise<void> {
  const address = parseAddress(chipNamed(options));
  if (address.scheme !== "emulator") await relieveHolder(address.target, output);
  const driver = await openChip(address, { ...chipOptions(address, options), workspace: undefined });
  try {
    const { name, serialNumber } = await driver.identify();
    await driver.standby();
    output.event({ type: "result", chip: name, serialNumber, standby: true });
    output.say(`${name} number ${serialNumber} is in standby.`);
  } finally {
    await driver.close();
  }
}
