import { type Holder, holderOf } from "../drivers/holders.ts";
import { systemClock } from "../drivers/systemClock.ts";
import type { ChipDescription } from "../src/chip/description.ts";
import type { Reading } from "../src/chip/driver.ts";
import type { Block } from "../src/chip/geometry.ts";
import { MhoError } from "../src/errors.ts";
import { parseAddress } from "./address.ts";
import { openChip, openRecorderFor } from "./openChip.ts";
import { patience } from "./session.ts";
import type { Workplace } from "./workplace.ts";

export interface ReadOptions {
  /** Reads that the chip averages (1). */
  readonly averages?: number | undefined;
}

/** Reads a block of devices; the chip is in standby again when this returns. */
export async function read(place: Workplace, block: Block, { averages = 1 }: ReadOptions): Promise<Reading> {
  const session = await place.session(place.chip);
  return session.work(patience.programMilliseconds, async ({ driver }) => {
    refuseBlock(driver.description, block);
    const reading = await driver.read(block, averages);
    await driver.standby();
    return reading;
  });
}

/** Throws `bad-argument` for a block that a chip does not have. */
export function refuseBlock({ geometry, name }: ChipDescription, { tile, rowStart, rowCount }: Block): void {
  const whole = [tile, rowStart, rowCount].every((value) => Number.isInteger(value) && value >= 0);
  if (whole && rowCount > 0 && tile < geometry.tiles && rowStart + rowCount <= geometry.rows) return;
  throw new MhoError(
    "bad-argument",
    `Tile ${tile}, rows ${rowStart} to ${rowStart + rowCount - 1}: ${name} has tiles 0 to ${geometry.tiles - 1} ` +
      `of ${geometry.rows} rows.`,
    { tile, rowStart, rowCount },
  );
}

export interface StandbyOptions {
  /** Told of a program that holds the port, before it is asked to stop. */
  readonly onHolder?: ((holder: Holder, port: string) => void) | undefined;
}

/** Puts the chip into its safe state, also while another controller is at work on it. It needs no workspace. */
export async function standby(
  place: Workplace,
  { onHolder }: StandbyOptions,
): Promise<{ readonly name: string; readonly serialNumber: string }> {
  const address = parseAddress(place.chip, place.registries.dialects);
  if (address.scheme !== "emulator") await relieveHolder(address.target, onHolder);
  const record = openRecorderFor(address, place.transcript);
  const { log } = await place.logsOf(address);
  const driver = await openChip(address, {
    log,
    seed: place.seed,
    technologies: place.registries.technologies,
    ...(record && { record }),
  });
  try {
    const { name, serialNumber } = await driver.identify();
    await driver.standby();
    return { name, serialNumber };
  } finally {
    await driver.close();
  }
}

/** How long a controller may take to finish its turn, put the chip in standby and let go of the port. */
const reliefMilliseconds = 8000;

/** A controller that holds the port is told to stop: it puts the chip in standby itself, and frees the port. */
async function relieveHolder(port: string, onHolder: StandbyOptions["onHolder"]): Promise<void> {
  const holder = holderOf(port);
  if (holder === undefined || holder.processId === process.pid) return;
  onHolder?.(holder, port);
  process.kill(holder.processId, "SIGTERM");
  for (let waited = 0; waited < reliefMilliseconds && holderOf(port) !== undefined; waited += 100) {
    await systemClock.sleep(100_000);
  }
}
