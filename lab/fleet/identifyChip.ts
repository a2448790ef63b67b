import type { ChipDocument } from "../../src/chip/description.ts";
import type { ChipKey } from "../../src/chip/driver.ts";
import { MhoError } from "../../src/errors.ts";
import { jobChip, takePlace } from "../queue/jobPlaces.ts";
import { patience } from "../session.ts";
import type { Workplace } from "../workplace.ts";

export interface IdentifiedChip {
  readonly chip: ChipKey;
  readonly description: ChipDocument | undefined;
}

/**
 * Asks a chip who it is, and leaves it in standby. Undefined while a worker is at it.
 *
 * @throws MhoError for one that does not answer, is in use elsewhere, or has no serial number: it could not be told from others like it.
 */
export async function identifyChip(place: Workplace, address: string): Promise<IdentifiedChip | undefined> {
  const { lock } = takePlace(place.folder, jobChip(address, place.seed, place.registries).place);
  if (lock === undefined) return undefined;
  const { seed, acceptUnknownWear } = place;
  const own = place.forJob("j0", { chip: address, seed, acceptUnknownWear });
  try {
    const session = await own.session(await own.chipNamed(address));
    const identity = await session.work(patience.programMilliseconds, async ({ driver }, found) => {
      await driver.standby();
      return found;
    });
    const { name, serialNumber } = identity;
    if (serialNumber === "" || serialNumber === "unknown")
      throw new MhoError(
        "bad-argument",
        `The chip at ${address} says no serial number, so a server could not tell it from others. Give it one: ?serial=NAME in its address.`,
        { address },
      );
    return { chip: { name, serialNumber }, description: session.description.document };
  } finally {
    await place.closeJob(own);
    lock.release();
  }
}
